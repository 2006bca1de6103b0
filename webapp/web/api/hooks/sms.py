"""`POST /api/v1/hooks/sms`: replies to text messages, forwarded by Twilio (P9).

Set it as the number's "a message comes in" address. Only requests signed with the auth token of `REJOIN_SMS_URL` are accepted; without
Twilio the address is 404. A stop word ends texts to that phone, whoever it belongs to; other words are not kept. START does
nothing: texts are switched on again in the app. A text received twice has no further effect, so repeats need not be detected.
"""

import base64
import hmac
import re
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.contact import stop_words
from webapp.config import Settings
from webapp.operations import rate_limits
from webapp.operations.rate_limits import Rate, TooMany
from webapp.web.page import attempts
from webapp.web.page.unit_of_work import database, store

SIGNATURE = "X-Twilio-Signature"
PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
NOT_TWILIO = Rate("sms-hook", 30, timedelta(seconds=10))
"""Requests that Twilio did not sign, from one address."""
NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML for no reply: Twilio itself replies to a stop word."""

root = Blueprint("sms", __name__)


@root.post("/api/v1/hooks/sms")
def take() -> ResponseReturnValue:
    """Act on a stop word. Unsigned or altered: 401; nothing of it is shown or kept."""
    settings: Settings = current_app.extensions["settings"]
    if settings.twilio_token is None:
        abort(404)
    form = list(request.form.items(multi=True))
    if not signed(settings.twilio_token, _address(settings), form):
        return _unsigned()
    fields, phone = dict(form), request.form.get("From", "")
    words = "stop" if fields.get("OptOutType") == "STOP" else fields.get("Body", "")
    if PHONE.fullmatch(phone) and stop_words.heed(store, phone, words, clock.now()):
        store.commit()
    return Response(NO_ANSWER, mimetype="text/xml")


def signed(token: str, address: str, form: list[tuple[str, str]]) -> bool:
    """Whether Twilio signed this: HMAC-SHA1 over the address it calls and the fields sorted by name, name and value with nothing
    between (Twilio's security page). It may sign the address without its port."""
    parts = urlsplit(address)
    without_port = parts._replace(netloc=parts.hostname or "").geturl()
    fields = "".join(name + value for name, value in sorted(set(form)))
    claimed = request.headers.get(SIGNATURE, "").encode()
    matching = [
        hmac.compare_digest(claimed, base64.b64encode(hmac.digest(token.encode(), each, "sha1")))
        for each in ((address + fields).encode(), (without_port + fields).encode())
    ]
    return any(matching)


def _address(settings: Settings) -> str:
    """The address as set at Twilio: our public one, whatever a proxy made of it."""
    query = request.query_string.decode("latin-1")
    return settings.base_url.rstrip("/") + request.path + ("?" + query if query else "")


def _unsigned() -> ResponseReturnValue:
    """401, counted (S12), or 429 after too many; further attempts cost no write."""
    with database.reading() as reading:
        wait = rate_limits.wait(reading, NOT_TWILIO, attempts.caller_address(), clock.now())
    try:
        if wait:
            raise TooMany(wait)
        attempts.count(NOT_TWILIO, attempts.caller_address())
    except TooMany as refusal:
        return "", 429, {"Retry-After": str(refusal.retry_after)}
    return "", 401, {"WWW-Authenticate": "Signature"}
