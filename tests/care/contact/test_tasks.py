"""Rule 9: tasks never evaporate. They end when somebody was reached, declined, or a human closed them with a reason."""

from datetime import timedelta

import pytest

from tests.conftest import THAT_DAY
from webapp.care.contact import addresses, task_owners, tasks
from webapp.care.contact.contacts import Contact
from webapp.care.directory.people import RoleName, Status
from webapp.care.directory.teams import Cover
from webapp.demo import cast
from webapp.refusals import AlreadyDone, Invalid


@pytest.fixture
def task(store, world, clock):
    now = clock.now()
    room = cast.open_room(store, world.carla, [world.maya], now - timedelta(hours=1), now=now)
    return tasks.open_one(
        store, key="outreach:1", kind="outreach", program_id=world.harbor.id, client=world.maya,
        seat=room.seats[0], owner_id=world.carla.id, due_at=now + timedelta(hours=1), now=now,
    )  # fmt: skip


def test_the_same_key_is_the_same_task(store, world, clock, task):
    again = tasks.open_one(
        store, key="outreach:1", kind="outreach", program_id=world.harbor.id, due_at=clock.now(),
        now=clock.now(),
    )  # fmt: skip
    assert again is task


@pytest.mark.parametrize("outcome", ["reached", "declined"])
def test_reaching_the_client_ends_a_task_and_is_contact(store, world, clock, task, outcome):
    tasks.attempt(store, task, outcome, by=world.carla, now=clock.now())
    assert (task.is_open, task.outcome) == (False, outcome)
    assert store.query(Contact).one().two_way


@pytest.mark.parametrize("outcome", ["left_message", "no_answer", "wrong_number"])
def test_reaching_nobody_leaves_it_open_with_a_next_attempt(store, world, clock, task, outcome):
    now = clock.now()
    tasks.attempt(store, task, outcome, by=world.carla, now=now)
    assert task.is_open
    assert task.due_at == now + tasks.NEXT_ATTEMPT
    assert not store.query(Contact).one().two_way


def test_calling_back_needs_a_time_in_the_future(store, world, clock, task):
    for wrong in (None, clock.now() - timedelta(minutes=1)):
        with pytest.raises(Invalid) as refused:
            tasks.attempt(
                store, task, "call_back_at", by=world.carla, now=clock.now(), next_at=wrong
            )
        assert refused.value.field == "call_back_at"
    later = clock.now() + timedelta(hours=3)
    tasks.attempt(store, task, "call_back_at", by=world.carla, now=clock.now(), next_at=later)
    assert task.due_at == later


def test_an_unreachable_client_stays_on_the_list_until_a_human_closes_it_with_a_reason(
    store, world, clock, task
):
    for _ in range(5):
        tasks.attempt(store, task, "no_answer", by=world.carla, now=clock.now())
    assert task in store.scalars(tasks.visible_to(world.carla)).all()
    with pytest.raises(Invalid):
        tasks.attempt(store, task, "closed", by=world.carla, now=clock.now())
    tasks.attempt(store, task, "closed", by=world.carla, now=clock.now(), note="Moved away")
    assert not task.is_open


def test_a_finished_task_takes_no_further_outcome(store, world, clock, task):
    tasks.attempt(store, task, "reached", by=world.carla, now=clock.now())
    with pytest.raises(AlreadyDone):
        tasks.attempt(store, task, "reached", by=world.carla, now=clock.now())
    with pytest.raises(AlreadyDone):
        task.acknowledge(store, by=world.carla, now=clock.now())


def test_the_owner_is_the_one_in_the_care_team_or_their_cover(store, world, clock):
    now = clock.now()
    assert task_owners.owner_for(store, world.maya, RoleName.COUNSELOR, now) == world.carla.id
    assert (
        task_owners.owner_for(store, world.maya, RoleName.COUPLES_THERAPIST, now) == world.tessa.id
    )
    store.add(
        Cover(
            person_id=world.carla.id,
            covered_by_id=world.colin.id,
            starts_at=now - timedelta(days=1),
            ends_at=now + timedelta(days=1),
        )  # fmt: skip
    )
    store.flush()
    assert task_owners.owner_for(store, world.maya, RoleName.COUNSELOR, now) == world.colin.id


def unreachable(store, *people):
    for person in people:
        for address in store.scalars(addresses.of(person.id)):
            address.stop(store, "gone", by=None, now=THAT_DAY)
    store.flush()


def test_an_owner_who_cannot_be_told_counts_as_away(store, world, clock):
    """Rule 18: another with the role is asked; when nobody can be told, the one who is named."""
    now = clock.now()
    unreachable(store, world.carla)
    assert task_owners.owner_for(store, world.maya, RoleName.COUNSELOR, now) == world.colin.id
    unreachable(store, world.colin)
    assert task_owners.owner_for(store, world.maya, RoleName.COUNSELOR, now) == world.carla.id


def test_a_cover_who_cannot_be_told_covers_for_nobody(store, world, clock):
    """Rule 18."""
    now = clock.now()
    day = timedelta(days=1)
    store.add(
        Cover(
            person_id=world.carla.id,
            covered_by_id=world.theo.id,
            starts_at=now - day,
            ends_at=now + day,
        )
    )
    unreachable(store, world.theo)
    assert task_owners.owner_for(store, world.maya, RoleName.COUNSELOR, now) == world.colin.id


@pytest.mark.parametrize("why", ["stopped", "unsafe", "switched_off"])
def test_every_owner_and_client_without_a_working_way_is_listed(store, world, clock, why):
    """Rule 18: not who has left, and not partners who get nothing anyway."""
    for person in (world.carla, world.maya, world.henry, world.gus):
        for address in store.scalars(addresses.of(person.id)):
            if why == "stopped":
                address.stop(store, "gone", by=None, now=clock.now())
            elif why == "unsafe":
                address.unsafe_at = clock.now()
            else:
                address.opted_in_at = None
    world.gus.status = Status.DISCHARGED
    store.flush()
    found = store.scalars(addresses.unreachable(world.harbor.id)).all()
    assert found == [world.carla, world.maya]


def test_somebody_owns_it_even_when_the_care_team_names_nobody(store, world, clock):
    owner = task_owners.owner_for(store, world.charlie, RoleName.SUPERVISOR, clock.now())
    assert owner == world.susan.id


def test_who_sees_a_task(store, world, task):
    seen = {
        who: task in store.scalars(tasks.visible_to(getattr(world, who))).all()
        for who in ("carla", "susan", "cody", "colin", "theo", "nora", "greta", "maya", "charlie")
    }
    assert {who for who, yes in seen.items() if yes} == {"carla", "susan", "cody"}


@pytest.mark.parametrize("kind", ["mark_room", "match_guest"])
@pytest.mark.parametrize("outcome", ["closed", "reached", "declined"])
def test_a_question_about_a_room_is_not_closed_without_saying_who_was_there(
    store, world, clock, task, kind, outcome
):
    """Rule 7: its seats would stay unknown, and nobody would be asked any more."""
    asked = tasks.open_one(
        store, key=kind, kind=kind, program_id=world.harbor.id, session=task.session,
        owner_id=world.carla.id, due_at=clock.now(), now=clock.now(),
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        tasks.attempt(store, asked, outcome, by=world.carla, now=clock.now(), note="Never mind.")
    assert refused.value.field == "outcome"
    assert asked.is_open
