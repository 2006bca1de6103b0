"""Presence is evidence: any order and repetition is the same; staff's word appends; a tap on Join is weak."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from webapp.care.attendance import presence
from webapp.care.attendance.presence import Presence, Sighting
from webapp.demo import cast
from webapp.refusals import Invalid


@pytest.fixture
def room(store, world, clock):
    return cast.open_room(
        store, world.carla, [world.maya, world.gus], clock.now() - timedelta(minutes=30),
        now=clock.now() - timedelta(hours=1),
    )  # fmt: skip


def seen(room, person, type, minute, id=None):
    at = room.starts_at + timedelta(minutes=minute)
    return Sighting(id or f"{person.ref}:{type}:{minute}", room, person, type, at, "zoom")


def test_a_repeat_is_recognized_in_the_same_batch_and_later(store, world, clock, room):
    joined = seen(room, world.maya, "joined", 2)
    assert presence.record(store, [joined, joined], by=None, now=clock.now()) == [True, False]
    assert presence.record(store, [joined], by=None, now=clock.now()) == [False]
    assert len(store.scalars(select(Presence)).all()) == 1


def test_evidence_has_the_engine_look_at_the_seat(store, world, clock, room):
    maya, gus = room.seats
    maya.next_look_at = gus.next_look_at = clock.now() + timedelta(hours=1)
    presence.record(store, [seen(room, world.maya, "joined", 2)], by=None, now=clock.now())
    store.refresh(maya), store.refresh(gus)
    assert maya.next_look_at <= clock.now() < gus.next_look_at


def test_the_first_mark_needs_no_reason_and_a_correction_does(store, world, clock, room):
    seat = room.seats[0]
    presence.mark(store, seat, "absent", by=world.carla, now=clock.now(), id="m1")
    with pytest.raises(Invalid) as refused:
        presence.mark(store, seat, "present", by=world.carla, now=clock.now(), id="m2")
    assert refused.value.field == "reason"
    presence.mark(
        store, seat, "present", by=world.carla, now=clock.now(), id="m2", reason="Was on the phone"
    )
    assert [p.type for p in store.scalars(select(Presence).order_by(Presence.id))] == [
        "absent", "present",
    ]  # fmt: skip


def test_corrections_end_after_ninety_days_and_cannot_be_made_ahead(store, world, clock, room):
    seat = room.seats[0]
    for when in (room.ends_at + timedelta(days=90), room.starts_at - timedelta(minutes=1)):
        with pytest.raises(Invalid):
            presence.mark(store, seat, "present", by=world.carla, now=when, id="m1")


def test_a_tap_on_join_is_kept_as_a_tap(store, world, clock, room):
    presence.tap_join(store, room.seats[0], by=world.maya, now=clock.now())
    assert store.scalars(select(Presence.type)).all() == ["tapped"]
