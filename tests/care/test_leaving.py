"""A couple ends: what was planned for both is given up, and each is free to go on."""

import pytest
from sqlalchemy import select

from tests.care.evenings import COUPLES, DAY, room, seat_of
from webapp.care import leaving
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import tasks
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.make_ups import bookings, held_places, offers, waitlist
from webapp.care.make_ups.busy_slots import BusySlot
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule import planning


@pytest.fixture
def hour(store, world, clock):
    """A couples hour that neither came to."""
    return room(
        store, world.tessa, [world.maya, world.ben], clock.now() - DAY, clock.now() - 3 * DAY,
        title="Couples hour", kind=COUPLES,
    )  # fmt: skip


@pytest.fixture
def joint(store, world, clock):
    return room(
        store, world.tessa, [], clock.now() + 2 * DAY, clock.now(), title="Joint",
        makes_up=("couples",), capacity=2,
    )  # fmt: skip


@pytest.fixture
def end(store, world, clock):
    return lambda: leaving.end_couple(
        store, world.maya_and_ben, by=world.susan, now=clock.now()
    )  # fmt: skip


def test_both_are_free_for_another_and_their_therapist_looks_after_them_no_more(
    store, world, clock, end
):
    end()
    end()
    store.commit()
    ended = store.scalars(select(Event).where(Event.tag == Tag.COUPLE_ENDED)).all()
    assert [each.fields for each in ended] == [{"couple": world.maya_and_ben.id}]
    seen = set(store.scalars(teams.visible_to(world.tessa).with_only_columns(Person.ref)))
    assert not seen & {"maya", "ben"}
    for ref, one, other in (("a", world.maya, world.zoe), ("b", world.ben, world.ivy)):
        again, new = teams.form_couple(
            store, world.harbor, ref, one, other, therapist=None, by=None, now=clock.now()
        )
        assert (again.ended_at, new) == (None, True)


def test_joint_make_ups_ahead_are_given_up_and_each_may_make_up_alone(
    store, world, clock, hour, joint, end
):
    maya, ben = (seat_of(store, hour, who) for who in (world.maya, world.ben))
    bookings.book(store, maya, joint, by=world.maya, now=clock.now())
    roster = room(
        store, world.tessa, [world.maya, world.ben], clock.now() + 5 * DAY, clock.now(),
        title="Couples hour", kind=COUPLES,
    )  # fmt: skip
    end()
    rows = store.scalars(select(MakeUp)).all()
    assert [row.cancel_why for row in rows] == ["couple_ended"] * 2
    assert planning.taken(store, joint) == []
    assert store.scalars(select(BusySlot)).all() == []
    assert len(planning.taken(store, roster)) == 2
    for seat in (maya, ben):
        [offer] = offers.find(store, seat, clock.now())
        assert (offer.session, offer.partner) == (joint, None)


def test_what_took_place_together_stays(store, world, clock, hour, joint, end):
    made = bookings.book(
        store, seat_of(store, hour, world.maya), joint, by=world.maya, now=clock.now()
    )
    clock.set(joint.starts_at)
    end()
    assert made.is_open


def test_places_waited_for_and_held_for_both_go_to_the_next_on_the_waitlist(
    store, database, world, clock, hour, joint, end
):
    entry = waitlist.join(
        store, seat_of(store, hour, world.ben), joint, by=world.ben, now=clock.now()
    )
    store.commit()
    assert held_places.offer_freed(database, clock.now()) == 1
    store.expire_all()
    end()
    store.commit()
    assert entry.left_why == "couple_ended"
    assert [seat.held_until for seat in joint.seats] == [None, None]
    assert held_places.offer_freed(database, clock.now()) == 0


def test_relational_tasks_are_withdrawn_and_each_ones_counselor_goes_on(store, world, clock, end):
    talk, call = (
        tasks.open_one(
            store, key=kind, kind=kind, program_id=world.harbor.id, client=world.maya,
            owner_id=owner.id, due_at=clock.now() + DAY, now=clock.now(),
        )
        for kind, owner in (("relational", world.tessa), ("outreach", world.carla))
    )  # fmt: skip
    end()
    assert (talk.is_open, call.is_open) == (False, True)


@pytest.fixture
def with_zoe(store, world, clock):
    return lambda: leaving.put_couple(
        store, world.harbor, "maya_and_ben", world.maya, world.zoe, therapist=world.tessa,
        by=world.ada, now=clock.now(),
    )  # fmt: skip


def test_another_partner_under_the_same_reference_parts_the_two_before(
    store, world, clock, hour, joint, with_zoe
):
    """All that an end means: joint make-ups, waitlists, relational tasks, the event, and that each knows whom they parted from."""
    maya, ben = (seat_of(store, hour, who) for who in (world.maya, world.ben))
    bookings.book(store, maya, joint, by=world.maya, now=clock.now())
    full = room(store, world.tessa, [world.gus, world.june], clock.now() + 3 * DAY, clock.now(), title="Full", makes_up=("couples",), capacity=2)  # fmt: skip
    entry = waitlist.join(store, ben, full, by=world.ben, now=clock.now())
    talk = tasks.open_one(
        store, key="talk", kind="relational", program_id=world.harbor.id, client=world.ben,
        owner_id=world.tessa.id, due_at=clock.now() + DAY, now=clock.now(),
    )  # fmt: skip
    before, now_two = world.maya_and_ben, with_zoe()
    store.commit()
    rows = store.scalars(select(MakeUp)).all()
    assert [row.cancel_why for row in rows] == ["couple_ended"] * 2
    assert (entry.left_why, talk.outcome) == ("couple_ended", "couple_ended")
    assert (before.is_current, {before.a_id, before.b_id}) == (False, {world.maya.id, world.ben.id})
    ended = store.scalars(select(Event).where(Event.tag == Tag.COUPLE_ENDED)).all()
    assert [each.fields for each in ended] == [{"couple": before.id}]
    assert teams.former_partners(store, world.ben.id) == {world.maya.id}
    couple, new = now_two
    assert (couple.ref, couple.partner_of(world.maya.id), new) == ("maya_and_ben", world.zoe, False)
    seen = set(store.scalars(teams.visible_to(world.tessa).with_only_columns(Person.ref)))
    assert {"maya", "zoe"} <= seen
    assert "ben" not in seen
    assert with_zoe()[0].id == couple.id


def test_the_same_two_in_another_order_stay_a_couple(store, world, clock):
    couple, new = leaving.put_couple(
        store, world.harbor, "maya_and_ben", world.ben, world.maya, therapist=world.tessa, by=None,
        now=clock.now(),
    )  # fmt: skip
    assert (couple.id, couple.ended_at, new) == (world.maya_and_ben.id, None, False)
