"""Secure messages: seen by the client and their care team, and by nobody else."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.counting import statements
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import messages
from webapp.care.contact.contacts import Contact
from webapp.care.contact.messages import Message
from webapp.care.contact.thread_members import clients_of, may_see, readers
from webapp.care.directory.teams import Cover
from webapp.refusals import Forbidden, Invalid, Refusal


def write(store, client, by, clock, body="Can we talk on Friday?", **more):
    return messages.send(store, client, body, by=by, now=clock.forward(minutes=1), **more)


def seen(store, person, clock):
    """What the conditions of the thread's pages let this person see, oldest first."""
    theirs = select(Message).where(may_see(person, Message.client_id, clock.now()))
    return [each.body for each in store.scalars(theirs.order_by(Message.id))]


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
        assert world.maya not in store.scalars(clients_of(person, clock.now())).all()
        for verb in (messages.mark_read, messages.record_view):
            with pytest.raises(Forbidden):
                verb(store, world.maya, by=person, now=clock.now())


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
            ends_at=now + timedelta(days=2),
        )
    )  # fmt: skip
    store.flush()
    assert seen(store, world.colin, clock)
    clock.forward(days=2)
    assert seen(store, world.colin, clock) == []


def test_unread_messages_are_counted_until_they_are_read(store, world, clock):
    write(store, world.maya, world.maya, clock)
    write(store, world.maya, world.maya, clock, "And one more thing.")
    assert messages.unread(store, world.carla, clock.now()) == 2
    assert messages.unread(store, world.maya, clock.now()) == 0
    messages.mark_read(store, world.maya, by=world.carla, now=clock.now())
    assert messages.unread(store, world.carla, clock.now()) == 0
    assert messages.unread(store, world.susan, clock.now()) == 2


def test_the_writer_sees_that_it_was_read(store, world, clock):
    made = write(store, world.maya, world.maya, clock)
    assert messages.read_by_others(store, world.maya, world.maya) == 0
    messages.mark_read(store, world.maya, by=world.carla, now=clock.now())
    assert messages.read_by_others(store, world.maya, world.maya) == made.id
    answer = write(store, world.maya, world.carla, clock)
    assert messages.read_by_others(store, world.maya, world.carla) == 0
    messages.mark_read(store, world.maya, by=world.maya, now=clock.now())
    assert messages.read_by_others(store, world.maya, world.carla) == answer.id


def test_every_view_by_staff_is_recorded_and_ones_own_is_not(store, world, clock):
    """P7."""
    write(store, world.maya, world.maya, clock)
    for reader in (world.carla, world.maya, world.tessa, world.carla):
        messages.record_view(store, world.maya, by=reader, now=clock.now())
    store.commit()
    told = store.scalars(select(Event).where(Event.tag == Tag.CHART_READ).order_by(Event.id)).all()
    assert [event.by_id for event in told] == [world.carla.id, world.tessa.id, world.carla.id]
    assert {(event.client_id, event.fields["what"]) for event in told} == {
        (world.maya.id, "messages")
    }


def test_the_mark_goes_as_far_as_was_read_and_never_back(store, world, clock):
    first, second = (write(store, world.maya, world.maya, clock, body) for body in ("One", "Two"))
    assert messages.mark_read(store, world.maya, by=world.carla, now=clock.now(), up_to=first.id)
    assert messages.unread(store, world.carla, clock.now()) == 1
    assert messages.mark_read(store, world.maya, by=world.carla, now=clock.now())
    assert not messages.mark_read(
        store, world.maya, by=world.carla, now=clock.now(), up_to=first.id
    )
    assert messages.last_read(store, world.maya.id, world.carla) == second.id


def test_an_answer_does_not_mark_what_came_in_meanwhile_as_read(store, world, clock):
    write(store, world.maya, world.maya, clock, "I'm not doing well")
    write(store, world.maya, world.carla, clock, "See you on Friday")
    assert messages.unread(store, world.carla, clock.now()) == 1


def test_a_clients_message_is_contact_and_staffs_is_an_attempt(store, world, clock):
    write(store, world.maya, world.maya, clock)
    write(store, world.maya, world.carla, clock)
    two_way = store.scalars(select(Contact.two_way).order_by(Contact.id)).all()
    assert two_way == [True, False]


def test_a_repeated_request_makes_no_second_message(store, world, clock):
    same = str(uuid.uuid4())
    first = write(store, world.maya, world.maya, clock, request_id=same)
    assert write(store, world.maya, world.maya, clock, request_id=same).id == first.id
    assert len(seen(store, world.maya, clock)) == 1


def test_another_text_with_the_same_id_is_another_message(store, world, clock):
    same = str(uuid.uuid4())
    write(store, world.maya, world.maya, clock, "Hi", request_id=same)
    write(store, world.maya, world.maya, clock, "Hi Carla", request_id=same)
    assert seen(store, world.maya, clock) == ["Hi", "Hi Carla"]


def test_an_id_that_is_no_uuid_is_refused(store, world, clock):
    with pytest.raises(Invalid) as refused:
        write(store, world.maya, world.maya, clock, request_id="one")
    assert refused.value.field == "request_id"


def test_a_client_without_a_care_team_cannot_write(store, world, clock):
    with pytest.raises(Refusal, match="Nobody is named yet"):
        write(store, world.charlie, world.charlie, clock)


def test_readers_are_listed_with_their_roles(store, world):
    named = [(role, person.ref) for role, person in readers(store, world.maya.id)]
    assert named == [
        ("counselor", "carla"), ("couples_therapist", "tessa"), ("supervisor", "susan"),
        ("coordinator", "cody"),
    ]  # fmt: skip
    assert readers(store, world.charlie.id) == []


@pytest.mark.parametrize("body", ["", "  ", "x" * (messages.LONGEST + 1)])
def test_an_empty_or_too_long_text_is_refused(store, world, clock, body):
    with pytest.raises(Invalid) as refused:
        write(store, world.maya, world.maya, clock, body)
    assert refused.value.field == "body"


def test_events_hold_no_text_of_a_message(store, world, clock):
    write(store, world.maya, world.maya, clock, "zebra crossing")
    store.commit()
    assert not [e for e in store.scalars(select(Event.canonical)) if "zebra" in e]


def test_the_thread_that_moved_last_comes_first(store, world, clock):
    write(store, world.maya, world.maya, clock)
    write(store, world.gus, world.gus, clock)
    write(store, world.maya, world.susan, clock)
    found = messages.threads(store, world.carla, clock.now())
    told = [(each.client.ref, each.unread, each.unanswered) for each in found]
    assert told == [("maya", 2, False), ("gus", 1, True)]
    messages.mark_read(store, world.maya, by=world.carla, now=clock.now())
    found = messages.threads(store, world.carla, clock.now())
    assert [each.client.ref for each in found] == ["gus", "maya"], "what is unread stands first"


def test_counting_unread_messages_takes_one_statement_however_many_there_are(
    store, world, clock, database
):
    for body in map(str, range(30)):
        write(store, world.maya, world.maya, clock, body)
    with statements(database) as asked:
        assert messages.unread(store, world.carla, clock.now()) == 30
        messages.threads(store, world.carla, clock.now())
    assert len(asked) == 2
