"""Secure messages: seen by the client and their care team, and by nobody else."""

import uuid

import pytest
from sqlalchemy import select

from webapp.care import messages
from webapp.care.contacts import Contact
from webapp.care.events import Event
from webapp.care.tags import Tag
from webapp.care.teams import Cover
from webapp.refusals import Forbidden, Invalid


def write(store, client, by, clock, body="Can we talk on Friday?", **more):
    return messages.send(store, client, body, by=by, now=clock.forward(minutes=1), **more)


def seen(store, person, clock):
    return [each.body for each in store.scalars(messages.visible_to(person, clock.now()))]


def test_the_two_sides_see_what_they_wrote_to_each_other(store, world, clock):
    write(store, world.maya, world.maya, clock)
    write(store, world.maya, world.carla, clock, "Yes.")
    for person in (world.maya, world.carla, world.susan, world.cody, world.tessa):
        assert seen(store, person, clock) == ["Can we talk on Friday?", "Yes."], person.ref


def test_nobody_else_sees_them(store, world, clock):
    write(store, world.maya, world.maya, clock)
    others = (
        world.ben, world.gus, world.charlie, world.colin, world.theo, world.ada, world.henry,
        world.nora, world.greta, world.aiko,
    )  # fmt: skip
    for person in others:
        assert seen(store, person, clock) == [], person.ref
        assert messages.threads(store, person, clock.now()) == []
        with pytest.raises(Forbidden):
            messages.mark_read(store, world.maya, by=person, now=clock.now())


@pytest.mark.parametrize("who", ["ben", "colin", "ada", "nora", "charlie"])
def test_strangers_do_not_write_into_a_thread(store, world, clock, who):
    with pytest.raises(Forbidden):
        write(store, world.maya, getattr(world, who), clock)


def test_who_covers_for_the_counselor_sees_them_for_that_time(store, world, clock):
    write(store, world.maya, world.maya, clock)
    now = clock.now()
    store.add(
        Cover(
            person_id=world.carla.id, covered_by_id=world.colin.id, starts_at=now,
            ends_at=clock.forward(days=2),
        )
    )  # fmt: skip
    store.flush()
    assert [each.body for each in store.scalars(messages.visible_to(world.colin, now))]
    assert seen(store, world.colin, clock) == []


def test_what_waits_is_counted_until_it_is_read(store, world, clock):
    write(store, world.maya, world.maya, clock)
    write(store, world.maya, world.maya, clock, "And one more thing.")
    assert messages.unread(store, world.carla, clock.now()) == 2
    assert messages.unread(store, world.maya, clock.now()) == 0
    messages.mark_read(store, world.maya, by=world.carla, now=clock.now())
    assert messages.unread(store, world.carla, clock.now()) == 0
    assert messages.unread(store, world.susan, clock.now()) == 2


def test_the_writer_learns_that_it_was_read(store, world, clock):
    made = write(store, world.maya, world.maya, clock)
    assert messages.read_by_others(store, world.maya, world.maya) == 0
    messages.mark_read(store, world.maya, by=world.carla, now=clock.now())
    assert messages.read_by_others(store, world.maya, world.maya) == made.id
    assert messages.read_by_others(store, world.maya, world.carla) == made.id


def test_staffs_reading_is_written_down_once_for_what_is_new(store, world, clock):
    write(store, world.maya, world.maya, clock)
    for _ in range(2):
        messages.mark_read(store, world.maya, by=world.carla, now=clock.now())
    messages.mark_read(store, world.maya, by=world.maya, now=clock.now())
    store.commit()
    told = select(Event).where(Event.tag == Tag.CHART_READ)
    assert [event.by_id for event in store.scalars(told)] == [world.carla.id]


def test_a_clients_message_is_a_sign_of_life_and_staffs_is_an_attempt(store, world, clock):
    write(store, world.maya, world.maya, clock)
    write(store, world.maya, world.carla, clock)
    two_way = store.scalars(select(Contact.two_way).order_by(Contact.id)).all()
    assert two_way == [True, False]


def test_a_lost_answer_makes_no_second_message(store, world, clock):
    same = str(uuid.uuid4())
    first = write(store, world.maya, world.maya, clock, request_id=same)
    assert write(store, world.maya, world.maya, clock, request_id=same).id == first.id
    assert len(seen(store, world.maya, clock)) == 1


@pytest.mark.parametrize("body", ["", "  ", "x" * (messages.LONGEST + 1)])
def test_nothing_and_too_much_are_refused(store, world, clock, body):
    with pytest.raises(Invalid) as refused:
        write(store, world.maya, world.maya, clock, body)
    assert refused.value.field == "body"


def test_events_hold_no_words(store, world, clock):
    write(store, world.maya, world.maya, clock, "zebra crossing")
    store.commit()
    assert not [e for e in store.scalars(select(Event.canonical)) if "zebra" in e]


def test_the_thread_that_moved_last_comes_first(store, world, clock):
    write(store, world.maya, world.maya, clock)
    write(store, world.gus, world.gus, clock)
    write(store, world.maya, world.susan, clock)
    found = messages.threads(store, world.carla, clock.now())
    assert [(each.client.ref, each.unread) for each in found] == [("maya", 2), ("gus", 1)]
