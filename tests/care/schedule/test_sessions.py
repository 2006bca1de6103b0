"""Seats and sessions: the database itself cannot overbook; moves and cancellations are seen by everyone."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.schedule import planning, sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.demo import cast
from webapp.refusals import Cancelled, Full, Invalid


@pytest.fixture
def room(store, world, clock):
    starts = clock.now() + timedelta(hours=5)
    return cast.open_room(
        store, world.carla, [world.maya, world.gus], starts, now=clock.now(), capacity=3
    )


def tags(store, **which):
    store.commit()
    return store.scalars(select(Event.tag).filter_by(**which).order_by(Event.id)).all()


def test_a_client_gets_the_lowest_free_place(store, world, clock, room):
    planning.taken(store, room)[0].release(store, by=world.cody, now=clock.now())
    seat = planning.give_seat(store, room, world.zoe, by=world.cody, now=clock.now())
    assert seat.number == 1


def test_a_full_session_says_so(store, world, clock, room):
    planning.give_seat(store, room, world.zoe, by=None, now=clock.now())
    with pytest.raises(Full):
        planning.give_seat(store, room, world.june, by=None, now=clock.now())


def test_asking_twice_gives_the_same_place(store, world, clock, room):
    first = planning.give_seat(store, room, world.maya, by=None, now=clock.now())
    assert first is planning.give_seat(store, room, world.maya, by=None, now=clock.now())


@pytest.mark.parametrize("number", [0, 4, 1])
def test_the_database_refuses_a_place_that_is_not_there_or_taken(store, world, room, number):
    store.flush()
    statement = text(
        "INSERT INTO seat (session_id, capacity, client_id, number, given_at) "
        "VALUES (:session, 3, :client, :number, :now)"
    )
    values = {"session": room.id, "client": world.june.id, "number": number}
    with pytest.raises(IntegrityError):
        store.execute(statement, values | {"now": "2026-03-04 18:00:00"})


def test_fewer_places_than_are_taken_is_refused(store, world, clock, room):
    with pytest.raises(Invalid) as refused:
        planning.resize(store, room, 1)
    assert refused.value.field == "capacity"


def test_moving_a_session_has_the_engine_look_at_every_seat_and_raises_the_sequence(
    store, world, clock, room
):
    store.execute(text("UPDATE seat SET next_look_at = NULL"))
    later = room.starts_at + timedelta(hours=1)
    room.move(store, later, later + timedelta(hours=3), by=world.cody, now=clock.now())
    assert room.sequence == 1
    assert store.scalars(select(Seat.id).where(Seat.next_look_at.is_(None))).all() == []
    assert Tag.SESSION_MOVED in tags(store, session_id=room.id)


def test_a_cancelled_session_takes_no_one_and_cannot_move(store, world, clock, room):
    room.cancel(store, "The host is ill.", by=world.cody, now=clock.now())
    with pytest.raises(Cancelled):
        planning.give_seat(store, room, world.zoe, by=None, now=clock.now())
    with pytest.raises(Cancelled):
        room.move(store, room.ends_at, room.ends_at + timedelta(hours=1), by=None, now=clock.now())


def test_cancelling_needs_a_reason_and_a_second_time_changes_nothing(store, world, clock, room):
    with pytest.raises(Invalid):
        room.cancel(store, " ", by=world.cody, now=clock.now())
    for _ in range(2):
        room.cancel(store, "The host is ill.", by=world.cody, now=clock.now())
    assert tags(store, session_id=room.id).count(Tag.SESSION_CANCELLED) == 1


def test_everyone_sees_their_own_seats_and_the_stranger_sees_none(store, world, room):
    def seen(who):
        return {s.client_id for s in store.scalars(sessions.seats_visible_to(who))}

    assert seen(world.maya) == {world.maya.id}
    assert seen(world.carla) == {world.maya.id, world.gus.id}
    assert seen(world.colin) == seen(world.charlie) == seen(world.nora) == set()
    assert seen(world.tessa) == {world.maya.id}
    assert seen(world.susan) == {world.maya.id, world.gus.id}


def test_two_hundred_bookers_and_fifty_places_never_overbook(fresh_database, world, clock):
    """R9, with threads here; tests/bench has processes."""
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        room = cast.open_room(store, here.carla, [], now + timedelta(hours=5), now=now, capacity=5)
        people = [
            Person(
                program_id=here.harbor.id, ref=f"b{n}", kind="client", name="B", status="active",
                time_zone="UTC", status_at=now, created_at=now, language="en", preferences={},
            )
            for n in range(20)
        ]  # fmt: skip
        store.add_all(people)
        store.commit()
        room_id, ids = room.id, [p.id for p in people]
    answers = []

    def book(person_id: int) -> None:
        with fresh_database.writing() as store:
            try:
                asked = store.get_one(Session, room_id, with_for_update=True)
                planning.give_seat(store, asked, store.get_one(Person, person_id), by=None, now=now)
                store.commit()
                answers.append("booked")
            except (Full, IntegrityError):
                answers.append("full")

    threads = [threading.Thread(target=book, args=(i,)) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["booked"] * 5 + ["full"] * 15
