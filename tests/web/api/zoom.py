"""Sends Zoom's events to the hook: bodies and signatures as Zoom documents them."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from webapp import clock

MEETING, UUID = "91234567890", "4444AAAiAAAAAiAiAiiAii=="
EMAIL = {"maya": "maya@example.org", "ben": "ben@example.org", "carla": "carla@example.org"}


def participant(kind: str, at: datetime, who: str = "maya", **other: Any) -> dict[str, Any]:
    """`meeting.participant_joined` or `…_left` of someone, as one stay `user_id`."""
    instant = "join_time" if kind == "joined" else "leave_time"
    person = {
        "user_id": "16778240", "user_name": "A name", "participant_uuid": "55555AAAiAAAAAiAiAiiAii",
        "id": "", "email": EMAIL.get(who, ""), instant: stamp(at),
    } | other  # fmt: skip
    return event(f"meeting.participant_{kind}", at, participant=person)


def breakout(kind: str, at: datetime, room: str, **other: Any) -> dict[str, Any]:
    """The same of a breakout room, which gives its own `user_id` and names the one in the meeting as `parent_user_id`."""
    made = participant(kind, at, "", **other)
    made["event"] += "_breakout_room"
    made["payload"]["object"]["breakout_room_uuid"] = room
    return made


def waiting(at: datetime, who: str = "maya", **other: Any) -> dict[str, Any]:
    """Somebody came into the waiting room."""
    made = participant("joined", at, who, date_time=stamp(at), **other)
    made["event"] += "_waiting_room"
    del made["payload"]["object"]["participant"]["join_time"]
    return made


def meeting(kind: str, at: datetime, **parts: Any) -> dict[str, Any]:
    """`meeting.started` or `meeting.ended`."""
    instant = "start_time" if kind == "started" else "end_time"
    return event(f"meeting.{kind}", at, **{instant: stamp(at)}, **parts)


def in_run(uuid: str, body: dict[str, Any]) -> dict[str, Any]:
    """The same event, of another run of the meeting."""
    body["payload"]["object"]["uuid"] = uuid
    return body


def event(name: str, at: datetime, **parts: Any) -> dict[str, Any]:
    return {
        "event": name,
        "event_ts": int(at.timestamp() * 1000),
        "payload": {
            "account_id": "AAAAAABBBB",
            "object": {
                "id": MEETING, "uuid": UUID, "host_id": "x7jk", "topic": "My Meeting", "type": 8,
                "start_time": stamp(at), "duration": 180, "timezone": "America/New_York",
            } | parts,
        },
    }  # fmt: skip


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def sign(raw: bytes, secret: str, at: datetime | None = None) -> dict[str, str]:
    """The two headers of a message sent `at` (now)."""
    when = str(int((at or clock.now()).timestamp()))
    digest = hmac.new(secret.encode(), b"v0:" + when.encode() + b":" + raw, hashlib.sha256)
    return {"x-zm-request-timestamp": when, "x-zm-signature": f"v0={digest.hexdigest()}"}


def send(
    app: Flask,
    body: Any,
    secret: str | None = "new-secret",
    *,
    feed: str = "harbor",
    at: datetime | None = None,
    headers: dict[str, str] | None = None,
) -> TestResponse:
    """What Zoom would send; unsigned without a `secret`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = sign(raw, secret, at) if secret else {}
    return app.test_client().post(
        f"/api/v1/hooks/zoom/{feed}", data=raw, content_type="application/json",
        headers=signature | (headers or {}),
    )  # fmt: skip


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)
