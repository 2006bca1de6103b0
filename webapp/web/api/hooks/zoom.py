"""`POST /hooks/zoom/{feed}`: Zoom's signed events. `feed` is the program's reference (S10).

Only messages signed with a live secret of the feed, within the time window, are accepted. They are stored raw and responded to at
once; `operations/zoom.py` turns them into evidence later. Five minutes are Zoom's own advice against replays. Zoom repeats what gets no
response; whether it signs a repeat anew is not documented, so nothing slow may come before the response.
"""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, request

from webapp import clock
from webapp.care.directory import programs
from webapp.config import Settings
from webapp.operations import inbox
from webapp.operations.inbox import Arrival
from webapp.operations.zoom import SOURCE
from webapp.refusals import N_, Unknown
from webapp.web.api.contract.calls import PUBLIC, call
from webapp.web.api.contract.problems import RequestRefused
from webapp.web.api.contract.shapes import Path, Ref, ResponseBody
from webapp.web.page.unit_of_work import store

WINDOW = timedelta(minutes=5)
PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""No colon, so that validating an address can never sign a message (`v0:…`)."""
SIGNATURE, TIMESTAMP = "x-zm-signature", "x-zm-request-timestamp"


class FeedPath(Path):
    feed: Ref


class Received(ResponseBody):
    """`result` for an event; the two tokens for Zoom's validation of the address."""

    result: str | None = None
    plainToken: str | None = None  # noqa: N815 - Zoom's spelling
    encryptedToken: str | None = None  # noqa: N815


@call(
    "POST", "/hooks/zoom/<feed>", scope=PUBLIC, responses={200: Received}, tag="Hooks", raw=True,
    headers={
        SIGNATURE: "v0= and the HMAC-SHA256 of v0:{timestamp}:{raw body} with the feed's secret",
        TIMESTAMP: "Seconds since 1970, at most five minutes from now",
    },
    example={
        "event": "meeting.participant_joined", "event_ts": 1772665331000,
        "payload": {
            "account_id": "A1", "object": {
                "id": "91234567890", "uuid": "4444AAAiAAAAAiAiAiiAii==", "host_id": "H1",
                "topic": "Evening", "type": 8, "duration": 180, "participant": {
                    "user_id": "16778240", "user_name": "M", "email": "maya@example.org",
                    "join_time": "2026-03-04T23:02:11Z",
                },
            },
        },
    },
)  # fmt: skip
def post_zoom(path: FeedPath):  # type: ignore[no-untyped-def]
    """Receive Zoom's events of who joined and left, and its validation of this address. Unsigned, altered or old messages: 401; the
    very same message again: 409."""
    settings: Settings = current_app.extensions["settings"]
    secrets = settings.zoom_secrets_for(path.feed)
    raw = request.get_data(cache=True)
    secret = _signed_with(secrets, raw)
    message = _read(raw, secret is not None)
    if message.get("event") == "endpoint.url_validation":
        return _validation(
            message, secret or (secrets[0] if secrets and not _claims_signature() else None)
        )
    if secret is None:
        raise _not_from_zoom()
    program = store.scalar(programs.by_ref(path.feed))
    if program is None:
        raise Unknown(N_("There is no feed by that name."))
    arrival = inbox.keep(
        store, program.id, SOURCE, raw, request.headers[SIGNATURE], now=clock.now()
    )
    if arrival is Arrival.REPLAYED:
        raise RequestRefused(409, "replayed", "This very message has come before.")
    return {"result": "stored" if arrival is Arrival.NEW else "duplicate"}


def _claims_signature() -> bool:
    """Whether the request has a signature, valid or not."""
    return SIGNATURE in request.headers


def _signed_with(secrets: tuple[str, ...], raw: bytes) -> str | None:
    """The live secret that signed this message within the time window, or None. Every secret is tried, each in constant time."""
    stamp = request.headers.get(TIMESTAMP, "")
    if not re.fullmatch(r"[0-9]{1,11}", stamp):
        return None
    if abs(clock.now() - datetime.fromtimestamp(int(stamp), UTC)) > WINDOW:
        return None
    claimed = request.headers.get(SIGNATURE, "").encode()
    signed = b"v0:" + stamp.encode() + b":" + raw
    matching = [one for one in secrets if hmac.compare_digest(claimed, b"v0=" + _hmac(one, signed))]
    return matching[0] if matching else None


def _hmac(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode()


def _read(raw: bytes, signed: bool) -> dict[str, Any]:
    """The message as JSON. Raises RequestRefused: 400, or 401 for an unsigned one, which learns nothing about what is wrong."""
    try:
        message = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict):
        return message
    raise (
        RequestRefused(400, "malformed", "The body isn't a JSON object.", at="#")
        if signed
        else _not_from_zoom()
    )


def _validation(message: dict[str, Any], secret: str | None) -> dict[str, str]:
    """The response to Zoom's check that we hold the secret. Only a token that could never be a message is signed."""
    payload = message.get("payload")
    token = payload.get("plainToken") if isinstance(payload, dict) else None
    if secret is None or not isinstance(token, str) or not PLAIN_TOKEN.fullmatch(token):
        raise _not_from_zoom()
    return {"plainToken": token, "encryptedToken": _hmac(secret, token.encode()).decode()}


def _not_from_zoom() -> RequestRefused:
    return RequestRefused(
        401,
        "bad-signature",
        "This isn't signed as it should be.",
        headers={"WWW-Authenticate": "Signature"},
    )
