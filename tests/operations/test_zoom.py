"""Zoom's events become presence: any order, any repetition, nobody guessed (R8)."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select

from tests.web.api import zoom
from webapp.care.attendance.presence import Presence
from webapp.care.attendance.standing import Standing, standing
from webapp.care.schedule.sessions import Seat, Session
from webapp.demo import cast
from webapp.operations import inbox
from webapp.operations.inbox import GIVE_UP_AFTER, TRY_AGAIN_AFTER, ReceivedWebhook
from webapp.operations.zoom import SOURCE, digest
from webapp.protocol.facts import facts

LINK = "https://zoom.us/j/91234567890?pwd=x"


@pytest.fixture
def starts_at(database, world, clock):
    """Carla's three rooms of 50 minutes, one after the other, in one meeting; Maya sits in all, Ben in the second."""
    begin = clock.now()
    with database.writing() as store:
        people = cast.find(store)
        for number in range(3):
            seated = [people.maya, people.ben] if number == 1 else [people.maya]
            at = begin + timedelta(minutes=60 * number)
            room = cast.open_room(
                store, people.carla, seated, at, now=begin, minutes=50, ref=f"room{number}"
            )
            room.join_url = LINK
        store.commit()
    return begin


class Post:
    """Letters into the inbox, and what is seen of them."""

    def __init__(self, database: Any, program_id: int, now: Any):
        self.database, self.program_id, self.now = database, program_id, now

    def bring(self, *bodies: Any) -> None:
        with self.database.writing() as store:
            for body in bodies:
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                inbox.keep(store, self.program_id, SOURCE, raw, "v0=x", now=self.now())
            store.commit()

    def open(self) -> int:
        return digest(self.database, self.now())

    def why(self) -> list[str | None]:
        with self.database.reading() as store:
            return list(store.scalars(select(ReceivedWebhook.why).order_by(ReceivedWebhook.id)))

    def evidence(self) -> set[tuple[Any, ...]]:
        with self.database.reading() as store:
            row = Presence
            columns = (row.session_id, row.person_id, row.type, row.at, row.connection)
            return {tuple(one) for one in store.execute(select(*columns))}

    def stands(self, ref: str, client_id: int, at: Any) -> str:
        with self.database.reading() as store:
            seat = store.scalar(
                select(Seat).join(Session, Session.id == Seat.session_id)
                .where(Session.ref == ref, Seat.client_id == client_id)
            )  # fmt: skip
            return standing(facts.of_seat(store, seat, at).facts, at)


@pytest.fixture
def post(database, world, clock, starts_at) -> Post:
    return Post(database, world.harbor.id, clock.now)


def test_a_stay_in_one_session_is_presence_in_that_session(post, starts_at, world) -> None:
    at = starts_at + zoom.minutes(61)
    post.bring(
        zoom.participant("joined", at, "ben"),
        zoom.participant("left", at + zoom.minutes(40), "ben"),
    )
    assert post.open() == 2
    after = starts_at + timedelta(hours=4)
    assert post.stands("room1", world.ben.id, after) == Standing.ATTENDED
    assert post.why() == [None, None]


def test_a_stay_over_three_sessions_counts_in_each(post, starts_at, world) -> None:
    post.bring(
        zoom.participant("joined", starts_at - zoom.minutes(5)),
        zoom.participant("left", starts_at + zoom.minutes(175)),
    )
    post.open()
    after = starts_at + timedelta(hours=4)
    for ref in ("room0", "room1", "room2"):
        assert post.stands(ref, world.maya.id, after) == Standing.ATTENDED


def test_leaving_after_the_first_session_is_missing_the_others(post, starts_at, world) -> None:
    post.bring(
        zoom.participant("joined", starts_at),
        zoom.participant("left", starts_at + zoom.minutes(50)),
    )
    post.open()
    after = starts_at + timedelta(hours=4)
    assert post.stands("room0", world.maya.id, after) == Standing.ATTENDED
    assert post.stands("room2", world.maya.id, after) == Standing.UNKNOWN


def test_a_started_meeting_says_nothing_about_its_planned_host(post, starts_at, world) -> None:
    """Another may have started it."""
    post.bring(
        zoom.meeting("started", starts_at), zoom.meeting("ended", starts_at + zoom.minutes(50))
    )
    post.open()
    assert post.evidence() == set()
    assert post.why() == [None, None]


BUSY = (
    ("joined", 1, "maya", "1"), ("left", 10, "maya", "1"), ("joined", 12, "maya", "2"),
    ("left", 70, "maya", "2"), ("joined", 62, "ben", "3"), ("left", 100, "ben", "3"),
)  # fmt: skip


def told(starts_at: Any, order: Any) -> list[dict[str, Any]]:
    return [
        zoom.participant(kind, starts_at + zoom.minutes(at), who, user_id=stay)
        for kind, at, who, stay in (BUSY[number] for number in order)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(
    order=some.permutations(range(len(BUSY))),
    repeated=some.lists(some.integers(0, len(BUSY) - 1), max_size=6),
    pause=some.integers(0, len(BUSY)),
)
def test_any_order_and_repetition_gives_the_same_presence(
    post, starts_at, database, order, repeated, pause
) -> None:
    def presence(bodies: list[dict[str, Any]], pause: int) -> set[tuple[Any, ...]]:
        with database.writing() as store:
            store.query(Presence).delete()
            store.query(ReceivedWebhook).delete()
            store.commit()
        for part in (bodies[:pause], bodies[pause:]):
            post.bring(*part)
            post.open()
        return post.evidence()

    in_order = presence(told(starts_at, range(len(BUSY))), 0)
    mixed = [*told(starts_at, order), *told(starts_at, repeated)]
    for number, body in enumerate(mixed):
        body["event_ts"] += number  # a repeat is another message
    assert presence(mixed, pause) == in_order


def test_every_order_of_a_rejoin_is_the_same(post, starts_at, database) -> None:
    seen = set()
    for order in permutations(range(4)):
        with database.writing() as store:
            store.query(Presence).delete()
            store.query(ReceivedWebhook).delete()
            store.commit()
        post.bring(*told(starts_at, order))
        post.open()
        seen.add(frozenset(post.evidence()))
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ({"email": ""}, None),
        ({"email": "nobody@example.org"}, "unknown_person"),
        ({"email": "aiko@example.org"}, "unknown_person"),
        ({"email": "ivy@example.org"}, "no_seat"),
        ({"email": "", "customer_key": "maya"}, None),
        ({"email": "", "registrant_id": "maya"}, None),
        ({"email": "nobody@example.org", "customer_key": "maya"}, None),
        ({"email": "MAYA@example.org "}, None),
    ],
)
def test_a_participant_is_one_person_or_nobody_until_named(
    post, starts_at, world, who, why
) -> None:
    """Tried again while the roster may still name them."""
    post.bring(zoom.participant("joined", starts_at, **who))
    post.open()
    assert post.why() == [why]
    known = {"maya", "MAYA@example.org "} & {*who.values()}
    assert {person for _, person, *_ in post.evidence()} == (
        {world.maya.id} if known else set() if why == "no_seat" else {None}
    )


def test_two_who_share_an_address_are_not_guessed(post, starts_at, database) -> None:
    with database.writing() as store:
        people = cast.find(store)
        people.ben.email = people.maya.email
        store.commit()
    at = starts_at + zoom.minutes(61)
    post.bring(
        zoom.participant("joined", at),
        zoom.participant("joined", at, customer_key="ben", user_id="2"),
    )
    post.open()
    assert post.why() == ["ambiguous_person", None]


def test_a_shared_address_is_enough_where_only_one_has_a_place(
    post, starts_at, database, world
) -> None:
    with database.writing() as store:
        people = cast.find(store)
        people.ivy.email = people.maya.email
        store.commit()
    post.bring(zoom.participant("joined", starts_at + zoom.minutes(130)))
    post.open()
    assert {person for _, person, *_ in post.evidence()} == {world.maya.id}


def test_another_meeting_is_no_session_of_ours(post, starts_at) -> None:
    other = zoom.participant("joined", starts_at)
    other["payload"]["object"]["id"] = "1234567890"  # within our number, but not our number
    post.bring(other)
    post.open()
    assert post.why() == ["unknown_session"]


def test_a_session_may_carry_the_meetings_number_as_its_reference(
    post, starts_at, database, clock
) -> None:
    with database.writing() as store:
        people = cast.find(store)
        at = starts_at + timedelta(days=3)
        cast.open_room(store, people.carla, [people.maya], at, now=at, ref=zoom.MEETING)
        store.commit()
    post.bring(zoom.participant("joined", starts_at + timedelta(days=3)))
    post.open()
    assert post.why() == [None]


def test_an_event_that_says_nothing_about_presence_is_settled(post, starts_at, database) -> None:
    post.bring(zoom.event("meeting.updated", starts_at))
    post.open()
    with database.reading() as store:
        letter = store.scalar(select(ReceivedWebhook))
        assert (letter.why, letter.body) == (None, "")
        assert letter.settled_at


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b'{"event": "meeting.started"}', b'{"event": ["x"]}', b'{"event": "meeting.ended", "payload": 3}',
        b'{"event":"meeting.started","payload":{"object":{"id":1,"uuid":"u","start_time":"soon"}}}',
        b'{"event":"meeting.started","payload":{"object":{"id":1,"uuid":"u","start_time":"2026-03-04T18:00:00"}}}',
        b'{"event":"meeting.started","payload":{"object":{"id":1,"uuid":"u","start_time":"0001-01-01T00:00:00Z"}}}',
        b'{"event":"meeting.started","payload":{"object":{"id":"\\u0000","uuid":"u","start_time":"2026-03-04T18:00:00Z"}}}',
        b'{"event":"meeting.started","payload":{"object":{"id":"\\ud800","uuid":"u","start_time":"2026-03-04T18:00:00Z"}}}',
    ],
)  # fmt: skip
def test_a_malformed_webhook_stays_visible_and_stops_nothing(post, starts_at, body) -> None:
    post.bring(body, zoom.participant("joined", starts_at))
    post.open()
    assert post.why() == ["malformed", None]


def test_an_unmatched_webhook_is_tried_again_for_a_day(post, starts_at, clock, database) -> None:
    post.bring(zoom.participant("joined", starts_at, email="sam@example.org"))
    post.open()
    assert post.open() == 0
    clock.set(starts_at + TRY_AGAIN_AFTER + zoom.minutes(1))
    with database.writing() as store:
        cast.find(store).maya.email = "sam@example.org"
        store.commit()
    assert post.open() == 1
    assert post.why() == [None]


def test_after_a_day_an_unmatched_webhook_is_settled_and_stays_visible(
    post, starts_at, clock, database, world
) -> None:
    post.bring(zoom.participant("joined", starts_at, email="sam@example.org"))
    clock.set(starts_at + GIVE_UP_AFTER + zoom.minutes(1))
    assert post.open() == 1
    clock.forward(hours=1)
    assert post.open() == 0
    with database.reading() as store:
        (letter,) = store.scalars(select(ReceivedWebhook).where(ReceivedWebhook.why.is_not(None)))
        assert letter.why == "unknown_person"


def test_evidence_wakes_the_ladder(post, starts_at, database, world) -> None:
    with database.writing() as store:
        for seat in store.scalars(select(Seat)):
            seat.next_look_at = None
        store.commit()
    post.bring(zoom.participant("joined", starts_at))
    post.open()
    with database.reading() as store:
        looked = store.scalars(select(Seat.client_id).where(Seat.next_look_at.is_not(None)))
        assert set(looked) == {world.maya.id}
