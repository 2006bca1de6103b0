"""The Zoom hook: only messages signed by Zoom, recent and new, are accepted (S10)."""

import hashlib
import hmac
import json

import pytest
from sqlalchemy import func, select

from tests.web.api import zoom
from tests.web.api.conftest import SECRETS
from webapp.operations.inbox import ReceivedWebhook


@pytest.fixture
def kept(database):
    """How many letters are in the inbox."""

    def count() -> int:
        with database.reading() as store:
            return store.scalar(select(func.count()).select_from(ReceivedWebhook)) or 0

    return count


@pytest.mark.parametrize("secret", SECRETS)
def test_either_live_secret_is_accepted(app, room, kept, secret) -> None:
    answer = zoom.send(app, zoom.participant("joined", room), secret)
    assert (answer.status_code, answer.json["result"]) == (200, "stored")
    assert kept() == 1


def test_unsigned_or_wrongly_signed_messages_are_refused(app, room, kept) -> None:
    body = zoom.participant("joined", room)
    for answer in (
        zoom.send(app, body, None),
        zoom.send(app, body, "someone-elses"),
        zoom.send(app, body, feed="sunrise"),
        zoom.send(app, body, feed="nowhere"),
        zoom.send(app, body, headers={"x-zm-signature": "v0=é"}),
        zoom.send(app, body, headers={"x-zm-request-timestamp": "soon"}),
    ):
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert kept() == 0


def test_one_changed_byte_is_refused(app, room, kept) -> None:
    raw = json.dumps(zoom.participant("joined", room)).encode()
    headers = zoom.sign(raw, SECRETS[0])
    for place in range(0, len(raw), 37):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert zoom.send(app, changed, None, headers=headers).status_code == 401
    assert kept() == 0


@pytest.mark.parametrize("late", [-6, 6, 24 * 60])
def test_messages_from_another_time_are_refused(app, room, kept, clock, late) -> None:
    at = clock.now() - zoom.minutes(late)
    assert zoom.send(app, zoom.participant("joined", room), at=at).status_code == 401
    assert kept() == 0


def test_the_very_same_message_again_is_a_replay(app, room, kept, clock) -> None:
    body, at = zoom.participant("joined", room), clock.now()
    zoom.send(app, body, at=at)
    assert zoom.send(app, body, at=at).status_code == 409
    assert kept() == 1


def test_an_event_that_zoom_sends_again_is_stored_once(app, room, kept, clock) -> None:
    body = zoom.participant("joined", room)
    zoom.send(app, body)
    clock.forward(minutes=20)
    again = zoom.send(app, body)
    assert (again.status_code, again.json["result"]) == (200, "duplicate")
    assert kept() == 1


def test_a_signed_message_that_is_not_json_is_malformed(app, room, kept) -> None:
    for raw in (b"", b"[]", b"{", b"\xff"):
        assert zoom.send(app, raw).status_code == 400
    assert kept() == 0


def validation(token: object) -> dict[str, object]:
    return {"event": "endpoint.url_validation", "payload": {"plainToken": token}, "event_ts": 1}


@pytest.mark.parametrize("secret", [*SECRETS, None])
def test_the_address_is_validated(app, room, kept, secret) -> None:
    answer = zoom.send(app, validation("qgg8vlvZRS6UYooatFL8Aw"), secret)
    signing = (secret or SECRETS[0]).encode()
    expected = hmac.new(signing, b"qgg8vlvZRS6UYooatFL8Aw", hashlib.sha256).hexdigest()
    assert answer.status_code == 200
    assert answer.json == {"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": expected}
    assert kept() == 0


@pytest.mark.parametrize(
    "token", ["v0:1772665331:{}", "v0:1772665331:1", "", "x" * 65, "a b", "é", "a\n", 7, None, {}]
)
@pytest.mark.parametrize("secret", [SECRETS[0], None])
def test_validation_signs_nothing_that_could_be_a_message(app, room, token, secret) -> None:
    answer = zoom.send(app, validation(token), secret)
    assert answer.status_code == 401
    assert "encryptedToken" not in answer.text


def test_validation_with_a_false_signature_signs_nothing(app, room) -> None:
    assert zoom.send(app, validation("abc"), "someone-elses").status_code == 401
