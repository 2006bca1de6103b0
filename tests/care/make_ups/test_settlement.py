"""Settlement: booked make-ups are completed, lapse or are cancelled by who was there."""

import pytest

from tests.care.evenings import DAY, HOUR, looked_into, missed, room, seat_of, was_there
from webapp.care.attendance import absences, presence
from webapp.care.attendance.presence import EvidenceType, Sighting
from webapp.care.attendance.standing import standing
from webapp.care.make_ups import bookings, settlement
from webapp.demo import cast
from webapp.protocol.facts import facts


@pytest.fixture
def made(store, world, clock):
    seat = missed(store, world.carla, world.maya, clock.now())
    other = room(
        store, world.colin, [], clock.now() + DAY, clock.now(), title="Skills", makes_up=("group",),
        presence_from="platform",
    )  # fmt: skip
    booked = bookings.book(store, seat, other, by=world.maya, now=clock.now())
    store.commit()
    return booked


def settle(database, clock, store):
    settlement.settle(database, clock.now())
    store.expire_all()


def sit_in(store, made, minutes, clock):
    session = made.by_seat.session
    clock.set(session.starts_at + minutes * HOUR / 60)
    person = made.by_seat.client
    presence.record(
        store,
        [
            Sighting("a", session, person, EvidenceType.JOINED, session.starts_at, "zoom"),
            Sighting("b", session, person, EvidenceType.LEFT, clock.now(), "zoom"),
        ],
        by=None,
        now=clock.now(),
    )
    store.commit()


def test_attending_the_other_session_makes_the_missed_one_up(store, database, world, clock, made):
    sit_in(store, made, 150, clock)
    clock.set(made.by_seat.session.ends_at)
    settle(database, clock, store)
    assert made.completed_at is not None
    picture = facts.of_seat(store, made.seat, clock.now())
    assert standing(picture.facts, clock.now()) == "made_up"


def test_before_its_end_nothing_is_settled(store, database, clock, made):
    clock.set(made.by_seat.session.starts_at + HOUR)
    assert settlement.settle(database, clock.now()) == 0


def test_a_short_visit_is_not_attendance(store, database, clock, made):
    sit_in(store, made, 20, clock)
    clock.set(made.by_seat.session.ends_at + DAY)
    settle(database, clock, store)
    assert made.completed_at is None
    assert made.lapsed_at is not None


def test_nothing_lapses_before_attendance_is_certain(store, database, clock, made):
    clock.set(made.by_seat.session.ends_at + HOUR)
    settle(database, clock, store)
    assert made.is_open


def test_after_a_lapsed_make_up_another_may_be_booked(store, database, world, clock, made):
    clock.set(made.by_seat.session.ends_at + DAY)
    settle(database, clock, store)
    other = room(
        store, world.colin, [], clock.now() + DAY, clock.now(), title="Later", makes_up=("group",)
    )
    assert bookings.book(store, made.seat, other, by=world.maya, now=clock.now()).is_open


def test_a_late_correction_completes_a_lapsed_one(store, database, world, clock, made):
    clock.set(made.by_seat.session.ends_at + DAY)
    settle(database, clock, store)
    was_there(store, made.by_seat, world.colin, clock.forward(hours=2))
    store.commit()
    clock.forward(days=1)
    settle(database, clock, store)
    assert made.completed_at is not None
    assert made.lapsed_at is None


def test_a_correction_that_comes_after_another_was_booked_changes_nothing(
    store, database, world, clock, made
):
    clock.set(made.by_seat.session.ends_at + DAY)
    settle(database, clock, store)
    other = room(
        store, world.colin, [], clock.now() + DAY, clock.now(), title="Later", makes_up=("group",)
    )
    again = bookings.book(store, made.seat, other, by=world.maya, now=clock.now())
    was_there(store, made.by_seat, world.colin, clock.now())
    store.commit()
    clock.forward(hours=1)
    settle(database, clock, store)
    assert again.is_open
    assert made.completed_at is None


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda made, store, world, now: made.by_seat.session.cancel(store, "ill", by=None, now=now), "session_cancelled"),
        (lambda made, store, world, now: made.by_seat.release(store, by=world.cody, now=now), "place_taken_back"),
    ],
)  # fmt: skip
def test_a_make_up_that_cannot_take_place_is_cancelled(
    store, database, world, clock, made, spoil, why
):
    spoil(made, store, world, clock.now())
    store.commit()
    settle(database, clock, store)
    assert made.cancel_why == why


def test_a_session_that_moved_is_settled_after_its_new_end(store, database, world, clock, made):
    session = made.by_seat.session
    was = session.ends_at
    session.move(store, session.starts_at + DAY, was + DAY, by=world.cody, now=clock.now())
    store.commit()
    clock.set(was + HOUR)
    settle(database, clock, store)
    assert made.is_open
    assert made.next_look_at == session.ends_at


def test_seats_of_others_are_not_touched(store, database, world, clock, made):
    clock.set(made.by_seat.session.ends_at + DAY)
    settle(database, clock, store)
    assert seat_of(store, made.seat.session, world.maya).released_at is None


def test_in_a_room_of_which_nobody_can_tell_a_make_up_does_not_lapse(store, database, world, clock):
    """Rule 7: staff mark it, and nobody did; once somebody says that nobody else was there, it does."""
    seat = missed(store, world.carla, world.maya, clock.now())
    other = cast.open_room(
        store, world.colin, [], clock.now() + DAY, now=clock.now(), ref="unmarked",
        presence_from="staff",
    )  # fmt: skip
    other.makes_up = ["group"]
    made = bookings.book(store, seat, other, by=world.maya, now=clock.now())
    store.commit()
    clock.set(other.ends_at + 2 * DAY)
    settle(database, clock, store)
    assert made.is_open
    picture = facts.of_seat(store, made.by_seat, clock.now())
    assert standing(picture.facts, clock.now()) == "unknown"
    looked_into(store, other)
    store.commit()
    clock.forward(days=1)
    settle(database, clock, store)
    assert made.lapsed_at is not None


def test_a_make_up_that_its_client_had_called_off_late_lapses_in_any_room(
    store, database, world, clock
):
    seat = missed(store, world.carla, world.maya, clock.now())
    other = cast.open_room(
        store, world.colin, [], clock.now() + DAY, now=clock.now(), ref="unmarked",
        presence_from="staff",
    )  # fmt: skip
    other.makes_up = ["group"]
    made = bookings.book(store, seat, other, by=world.maya, now=clock.now())
    clock.set(other.starts_at + HOUR / 4)
    absences.report(store, made.by_seat, by=world.maya, now=clock.now())
    store.commit()
    clock.set(other.ends_at + 2 * DAY)
    settle(database, clock, store)
    assert made.lapsed_at is not None
