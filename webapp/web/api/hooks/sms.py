"""`POST /api/v1/hooks/sms`: what people write back to a text message, as Twilio passes it on (P9).

Set it as the number's "a message comes in" address. Only what is signed with the auth token of `REJOIN_SMS_URL` is let in; without
Twilio there is nothing here. A stop word ends texts to that phone, whoever it belongs to; of any other words nothing is kept.
START is not heeded: who wants texts again switches them on in the app. The same text twice is the same once, so none is counted.
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
"""Texts that Twilio did not sign, from one address."""
NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML that writes nothing back: Twilio itself answers a stop word."""

root = Blueprint("sms", __name__)


@root.post("/api/v1/hooks/sms")
def take() -> ResponseReturnValue:
    """Heed a stop word. Unsigned or altered: 401; nothing of it is told or kept."""
    settings: Settings = current_app.extensions["settings"]
    if settings.twilio_token is None:
        abort(404)
    form = list(request.form.items(multi=True))
    if not signed(settings.twilio_token, _address(settings), form):
        return _turned_away()
    told, phone = dict(form), request.form.get("From", "")
    words = "stop" if told.get("OptOutType") == "STOP" else told.get("Body", "")
    if PHONE.fullmatch(phone) and stop_words.heed(store, phone, words, clock.now()):
        store.commit()
    return Response(NO_ANSWER, mimetype="text/xml")


def signed(token: str, address: str, form: list[tuple[str, str]]) -> bool:
    """Whether Twilio signed this: HMAC-SHA1 over the address it calls and the fields in order of their names, name and value
    without anything between (Twilio's security page). It may sign the address without its port."""
    parts = urlsplit(address)
    plain = parts._replace(netloc=parts.hostname or "").geturl()
    said = "".join(name + value for name, value in sorted(set(form)))
    claimed = request.headers.get(SIGNATURE, "").encode()
    matching = [
        hmac.compare_digest(claimed, base64.b64encode(hmac.digest(token.encode(), each, "sha1")))
        for each in ((address + said).encode(), (plain + said).encode())
    ]
    return any(matching)


def _address(settings: Settings) -> str:
    """As it is set at Twilio: our public address, whatever a proxy made of it."""
    query = request.query_string.decode("latin-1")
    return settings.base_url.rstrip("/") + request.path + ("?" + query if query else "")


def _turned_away() -> ResponseReturnValue:
    """Counted (S12); who goes on regardless costs no write."""
    with database.reading() as reading:
        wait = rate_limits.wait(reading, NOT_TWILIO, attempts.caller_address(), clock.now())
    try:
        if wait:
            raise TooMany(wait)
        attempts.count(NOT_TWILIO, attempts.caller_address())
    except TooMany as refusal:
        return "", 429, {"Retry-After": str(refusal.retry_after)}
    return "", 401, {"WWW-Authenticate": "Signature"}
