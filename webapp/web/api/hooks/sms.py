"""`POST /api/v1/hooks/sms`: text messages that come in, forwarded by Twilio (rule 16, P9).

Set it as the number's "a message comes in" address. Only requests signed with the auth token of `REJOIN_SMS_URL` are accepted; without
Twilio the address is 404. A text is stored first, under Twilio's id, so that a repeat acts once (R8); then it is acted on
(notify/replies.py), and the response is TwiML with the automatic answer, if there is one. If acting fails, the worker does it
later; words of crisis are answered all the same.
"""

import base64
import hashlib
import hmac
import re
from datetime import timedelta
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import structlog
from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp import clock
from webapp.care.contact import crisis_words
from webapp.config import Settings
from webapp.notify import replies, text_answers
from webapp.notify.text_answers import Answer
from webapp.operations import rate_limits, received_texts
from webapp.operations.rate_limits import Rate, TooMany
from webapp.operations.received_texts import ReceivedText
from webapp.web.page import attempts
from webapp.web.page.unit_of_work import database

SIGNATURE = "X-Twilio-Signature"
PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
NOT_TWILIO = Rate("sms-hook", 30, timedelta(seconds=10))
"""Requests that Twilio did not sign, from one address."""
LONGEST = 1600
"""Characters of a text that Twilio passes on."""
PICTURE = "(A picture came with this text. Pictures are not kept.)"

log = structlog.get_logger()
root = Blueprint("sms", __name__)


@root.post("/api/v1/hooks/sms")
def take() -> ResponseReturnValue:
    """Store a text, act on it, and respond with the automatic answer. Unsigned or altered: 401; nothing of it is shown or kept. What
    does not come from a telephone number was sent by a machine, and is left alone."""
    settings: Settings = current_app.extensions["settings"]
    if settings.twilio_token is None:
        abort(404)
    form = list(request.form.items(multi=True))
    if not signed(settings.twilio_token, _address(settings), form):
        return _unsigned()
    fields, phone = dict(form), request.form.get("From", "")
    if not PHONE.fullmatch(phone):
        return _twiml(None)
    with database.writing() as writing:
        text = received_texts.keep(
            writing, _sid(fields), phone, _words(fields), fields.get("OptOutType"), now=clock.now()
        )
        writing.commit()
    return _twiml(_answer(text.id, text.body, settings))


def _answer(text_id: int, words: str, settings: Settings) -> str | None:
    """Act on the stored text; returns the words of the automatic answer."""
    try:
        with database.writing() as writing:
            text = writing.scalars(
                select(ReceivedText)
                .where(ReceivedText.id == text_id)
                .with_for_update(key_share=True)
            ).one()
            answer, language = replies.act(writing, text, clock.now()), text.language or "en"
            writing.commit()
    except Exception as error:
        log.exception("text not acted on yet", exc_info=error)
        answer, language = Answer.CRISIS if crisis_words.found(words) else None, "en"
    if answer is None:
        return None
    return text_answers.words(answer, language, settings.app_name, settings.base_url)


def _words(fields: dict[str, str]) -> str:
    """What was written, as far as a database can hold it."""
    body = fields.get("Body", "").replace("\0", "")[:LONGEST].encode("utf-8", "replace").decode()
    pictures = fields.get("NumMedia", "0") not in ("", "0")
    return f"{body}\n{PICTURE}".strip() if pictures else body


def _sid(fields: dict[str, str]) -> str:
    """Twilio's id of the text; without one, what tells this request from others."""
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    if re.fullmatch(r"[A-Za-z0-9]{1,64}", sid, re.ASCII):
        return sid
    return hashlib.sha256(repr(sorted(fields.items())).encode("utf-8", "replace")).hexdigest()


def _twiml(words: str | None) -> ResponseReturnValue:
    """TwiML: a message to send back, or none."""
    said = f"<Message>{escape(words)}</Message>" if words else ""
    answer = f"<Response>{said}</Response>" if said else "<Response/>"
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{answer}', mimetype="text/xml")


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
