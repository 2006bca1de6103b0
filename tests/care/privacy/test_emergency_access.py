"""P8: emergency access is one client, a reason, two hours, a supervisor told at once, a review within a day."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from webapp.care import leaving
from webapp.care.audit.events import Event
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory import people, teams
from webapp.care.directory.people import Person, Status
from webapp.care.directory.teams import Cover
from webapp.care.privacy import emergency_access
from webapp.refusals import AlreadyDone, Forbidden, Invalid, Unknown

WHY = "Her sister called: she may harm herself tonight."


def begun(store, world, now, **changes):
    asked = {"client": world.maya, "reason": WHY, "by": world.colin} | changes
    return emergency_access.begin(store, asked["client"], asked["reason"], by=asked["by"], now=now)


def reached(store, staff, now):
    staff.reaching = frozenset(store.scalars(emergency_access.reached_by(staff.id, now)))
    return set(store.scalars(teams.visible_to(staff).with_only_columns(Person.name)))


def test_it_reaches_one_client_and_nobody_else(store, world, clock):
    before = reached(store, world.colin, clock.now())
    begun(store, world, clock.now())
    assert world.maya.name not in before
    assert reached(store, world.colin, clock.now()) == before | {world.maya.name}


def test_it_ends_by_itself_after_two_hours(store, world, clock):
    before = reached(store, world.colin, clock.now())
    began_at = clock.now()
    begun(store, world, began_at)
    just_before = began_at + timedelta(hours=2) - timedelta(seconds=1)
    assert world.maya.name in reached(store, world.colin, just_before)
    assert reached(store, world.colin, began_at + timedelta(hours=2)) == before


def test_whoever_has_it_can_end_it_before(store, world, clock):
    access = begun(store, world, clock.now())
    access.end(store, by=world.colin, now=clock.now())
    assert world.maya.name not in reached(store, world.colin, clock.now())


def test_another_counselor_cannot_end_it_but_a_supervisor_can(store, world, clock):
    access = begun(store, world, clock.now())
    with pytest.raises(Forbidden):
        access.end(store, by=world.carla, now=clock.now())
    access.end(store, by=world.susan, now=clock.now())
    assert access.ended_by_id == world.susan.id


def test_the_supervisor_has_a_review_to_do_within_a_day(store, world, clock):
    now = clock.now()
    access = begun(store, world, now)
    task = store.scalar(select(Task).where(Task.kind == TaskKind.EMERGENCY_REVIEW))
    assert (task.owner_id, task.client_id) == (world.susan.id, world.maya.id)
    assert task.due_at == now + timedelta(hours=24)
    assert task.brief == {"emergency_access": access.id}


@pytest.mark.parametrize("left", ["the supervisor", "who covers for her"])
def test_the_review_is_somebody_elses_once_the_named_supervisor_has_left(store, world, clock, left):
    now = clock.now()
    sam, kim = (
        people.put(
            store, world.harbor, ref, kind="staff", name=ref, time_zone="America/New_York",
            roles=["supervisor"], by=None, now=now,
        )[0]
        for ref in ("sam", "kim")
    )  # fmt: skip
    if left == "who covers for her":
        away = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1)}
        store.add(Cover(person_id=world.susan.id, covered_by_id=kim.id, **away))
        leaving.change_status(store, kim, Status.DISCHARGED, by=None, now=now)
        leaving.change_status(store, world.susan, Status.PAUSED, by=None, now=now)
    else:
        leaving.change_status(store, world.susan, Status.DISCHARGED, by=None, now=now)
    begun(store, world, now)
    task = store.scalar(select(Task).where(Task.kind == TaskKind.EMERGENCY_REVIEW))
    assert task.owner_id == sam.id


def test_it_is_in_the_audit_chain_without_the_reason(store, world, clock):
    begun(store, world, clock.now())
    store.commit()
    told = store.scalar(select(Event).where(Event.tag == "client:emergency_access:began"))
    assert (told.by_id, told.client_id) == (world.colin.id, world.maya.id)
    assert "sister" not in told.canonical


@pytest.mark.parametrize("reason", ["", "   ", "urgent", "x" * 14])
def test_it_needs_a_reason_of_a_whole_sentence(store, world, clock, reason):
    with pytest.raises(Invalid) as refusal:
        begun(store, world, clock.now(), reason=reason)
    assert refusal.value.field == "reason"


@pytest.mark.parametrize("who", ["maya", "ben", "henry"])
def test_clients_and_supporters_cannot(store, world, clock, who):
    with pytest.raises(Forbidden):
        begun(store, world, clock.now(), by=getattr(world, who), client=world.june)


def test_who_may_see_the_client_anyway_needs_none(store, world, clock):
    with pytest.raises(AlreadyDone):
        begun(store, world, clock.now(), by=world.carla)


def test_another_programs_client_does_not_exist(store, world, clock):
    with pytest.raises(Unknown):
        begun(store, world, clock.now(), client=world.aiko)


@pytest.mark.parametrize("said", ["maya torres", "maya@example.org"])
def test_one_is_found_by_the_whole_name_or_address_only(store, world, said):
    assert emergency_access.sought(store, world.colin, said) == [world.maya]


@pytest.mark.parametrize("said", ["torres", "Maya", "m%", "", "%"])
def test_a_part_of_a_name_finds_nobody(store, world, said):
    assert emergency_access.sought(store, world.colin, said) == []
