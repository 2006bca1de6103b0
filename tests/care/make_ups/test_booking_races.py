"""Booking races, with as many threads as bookers: nothing is overbooked and nobody gets an error (R9)."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.care.evenings import DAY, HOUR, missed, room
from webapp import clock as webapp_clock
from webapp.care.directory import people
from webapp.care.directory.people import Kind
from webapp.care.make_ups import bookings, held_places, waitlist
from webapp.care.make_ups.busy_slots import BusySlot
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.demo import cast
from webapp.refusals import Clash, Full

BOOKERS, PLACES = 200, 50


def at_once(works):
    """Run all of these at the same time; returns what each returned or raised."""
    begin, came_to = threading.Barrier(len(works)), [None] * len(works)

    def run(index, work):
        begin.wait()
        try:
            came_to[index] = work()
        except BaseException as trouble:
            came_to[index] = trouble

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return came_to


def booking(database, seat_id, session_id):
    def work():
        with database.writing() as store:
            seat = store.get_one(Seat, seat_id)
            session = store.get_one(Session, session_id)
            made = bookings.book(store, seat, session, by=seat.client, now=webapp_clock.now())
            store.commit()
            return made.id

    return work


@pytest.fixture
def crowd(fresh_database, world, clock):
    """Two hundred clients of Harbor who were all not in one evening; fifty places tomorrow, and room on Friday."""
    now = clock.now()
    with fresh_database.writing() as store:
        cast_now = cast.find(store)
        clients = [
            people.put(
                store, cast_now.harbor, f"c{n}", kind=Kind.CLIENT, name=f"Client {n}",
                time_zone="America/New_York", by=None, now=now,
            )[0]
            for n in range(BOOKERS)
        ]  # fmt: skip
        evening = room(
            store, cast_now.carla, clients, now - DAY, now - 3 * DAY, capacity=BOOKERS, ref="gone"
        )
        wanted = room(
            store, cast_now.carla, [], now + DAY, now, title="Wanted", makes_up=("group",),
            capacity=PLACES,
        )  # fmt: skip
        other = room(
            store, cast_now.carla, [], now + 3 * DAY, now, title="Friday", makes_up=("group",),
            capacity=BOOKERS,
        )  # fmt: skip
        store.commit()
        return [seat.id for seat in evening.seats], wanted.id, other.id


def test_two_hundred_bookers_on_fifty_places(fresh_database, crowd):
    seats, wanted, other = crowd
    came_to = at_once([booking(fresh_database, seat, wanted) for seat in seats])
    assert Counter(type(each) for each in came_to) == {int: PLACES, Full: BOOKERS - PLACES}
    told = [each.next_best.session.id for each in came_to if isinstance(each, Full)]
    assert told == [other] * (BOOKERS - PLACES)
    with fresh_database.reading() as store:
        numbers = select(Seat.number).where(Seat.session_id == wanted, Seat.is_given)
        assert sorted(store.scalars(numbers)) == list(range(1, PLACES + 1))
        assert store.scalar(select(func.count()).select_from(MakeUp)) == PLACES


def test_one_client_on_two_phones_gets_one_of_two_sessions_at_that_time(
    fresh_database, world, clock
):
    now = clock.now()
    with fresh_database.writing() as store:
        cast_now = cast.find(store)
        seats = [
            missed(store, host, cast_now.maya, now, title=title, ref=title)
            for host, title in ((cast_now.carla, "One"), (cast_now.colin, "Two"))
        ]
        rooms = [
            room(
                store, cast_now.colin, [], now + DAY + n * HOUR, now, title=f"At {n}",
                makes_up=("group",),
            )
            for n in range(2)
        ]  # fmt: skip
        store.commit()
        pairs = [(seat.id, made.id) for seat, made in zip(seats, rooms, strict=True)]
    came_to = at_once([booking(fresh_database, *pair) for pair in pairs])
    assert Counter(type(each) for each in came_to) == {int: 1, Clash: 1}
    with fresh_database.reading() as store:
        assert len(set(store.scalars(select(BusySlot.seat_id)))) == 1


def test_the_same_tap_twice_at_once_is_one_booking(fresh_database, world, clock):
    now = clock.now()
    with fresh_database.writing() as store:
        cast_now = cast.find(store)
        seat = missed(store, cast_now.carla, cast_now.maya, now)
        wanted = room(store, cast_now.colin, [], now + DAY, now, title="x", makes_up=("group",))
        store.commit()
    came_to = at_once([booking(fresh_database, seat.id, wanted.id) for _ in range(6)])
    assert len(set(came_to)) == 1
    assert isinstance(came_to[0], int)


def test_chores_and_bookers_together_hold_and_book_no_more_than_there_is(fresh_database, crowd):
    """Everybody waits; then all places come free at once, while three workers walk and fifty newcomers try."""
    seats, wanted, _ = crowd
    now = webapp_clock.now()
    with fresh_database.writing() as store:
        session = store.get_one(Session, wanted)
        for seat_id in seats[:150]:
            seat = store.get_one(Seat, seat_id)
            waitlist.join(
                store, seat, session, by=seat.client, now=now + timedelta(seconds=seat_id)
            )
        store.commit()
    walks = [lambda: held_places.offer_freed(fresh_database, webapp_clock.now()) for _ in range(3)]
    came_to = at_once(walks + [booking(fresh_database, seat, wanted) for seat in seats[150:]])
    assert {type(each) for each in came_to} <= {int, Full}
    while held_places.offer_freed(fresh_database, webapp_clock.now()):
        pass
    with fresh_database.reading() as store:
        held = [place.entry.seat_id for place in store.scalars(waitlist.live())]
        taken = select(func.count()).select_from(Seat).where(Seat.session_id == wanted)
        assert store.scalar(taken) == PLACES
        assert sorted(held) == sorted(seats[:PLACES])
