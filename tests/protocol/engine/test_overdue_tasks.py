"""Tasks never evaporate (rule 9), and a pattern becomes a review."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.protocol.engine.test_engine import CLIMB, SIX
from tests.protocol.rooms import Evening, evening
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import tasks
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.teams import Cover
from webapp.db import Database, Store
from webapp.protocol.engine.overdue_tasks import tend
from webapp.protocol.facts.steps import Step


@pytest.fixture
def called(database: Database, store: Store, world: Any) -> Evening:
    """Gus did not come; Carla is to call until two hours after the start."""
    night = evening(database, store, world, SIX, clients=[world.gus])
    night.walk(*CLIMB)
    return night


def told(night: Evening, *tags: Tag) -> list[tuple[str, Any]]:
    night.store.commit()
    found = select(Event).where(Event.tag.in_(tags)).order_by(Event.id)
    return [
        (event.tag, event.fields.get("owner", event.fields.get("supervisor")))
        for event in night.store.scalars(found)
    ]


NUDGES = (Tag.TASK_NUDGED, Tag.TASK_RAISED, Tag.TASK_HANDED_OVER)


def tending(night: Evening, *minutes: float) -> None:
    for minute in minutes:
        night.store.commit()
        tend(night.database, night.at(minute))
        night.store.expire_all()


def test_an_unacknowledged_task_nudges_its_owner_then_the_supervisor_each_once(
    called: Evening,
) -> None:
    world = called.world
    tending(called, 119)
    assert told(called, *NUDGES) == []
    tending(called, 120, 125, 149)
    assert told(called, *NUDGES) == [(Tag.TASK_NUDGED, world.carla.id)]
    tending(called, 150, 160, 500)
    assert told(called, *NUDGES)[1:] == [(Tag.TASK_RAISED, world.susan.id)]
    assert called.tasks(world.gus)["outreach"].is_open


def test_an_acknowledged_task_is_left_to_its_owner(called: Evening) -> None:
    task = called.tasks(called.world.gus)["outreach"]
    task.acknowledge(called.store, by=called.world.carla, now=called.at(70))
    tending(called, 120, 200)
    assert told(called, *NUDGES) == []


def test_the_next_attempt_is_due_again_and_nudged_again(called: Evening) -> None:
    world = called.world
    task = called.tasks(world.gus)["outreach"]
    tasks.attempt(called.store, task, "no_answer", by=world.carla, now=called.at(70))
    tending(called, 120, 189)
    assert told(called, *NUDGES) == []
    tending(called, 190, 220)
    assert told(called, *NUDGES) == [
        (Tag.TASK_NUDGED, world.carla.id),
        (Tag.TASK_RAISED, world.susan.id),
    ]


def test_when_the_owner_is_away_the_cover_has_the_task(called: Evening) -> None:
    world = called.world
    called.store.add(
        Cover(
            person_id=world.carla.id, covered_by_id=world.colin.id, starts_at=called.at(80),
            ends_at=called.at(2000),
        )
    )  # fmt: skip
    tending(called, 120)
    assert told(called, *NUDGES) == [
        (Tag.TASK_HANDED_OVER, world.colin.id),
        (Tag.TASK_NUDGED, world.colin.id),
    ]
    assert called.tasks(world.gus)["outreach"].owner_id == world.colin.id


def test_a_task_without_an_owner_finds_one(called: Evening) -> None:
    called.tasks(called.world.gus)["outreach"].owner_id = None
    tending(called, 120)
    assert called.tasks(called.world.gus)["outreach"].owner_id == called.world.carla.id


def test_a_task_that_is_done_is_over(called: Evening) -> None:
    task = called.tasks(called.world.gus)["outreach"]
    tasks.attempt(called.store, task, "reached", by=called.world.carla, now=called.at(70))
    tending(called, 120, 200)
    assert told(called, *NUDGES) == []


# --- patterns ---------------------------------------------------------------------------------------------------------


def three_misses(database: Database, store: Store, world: Any) -> list[Evening]:
    nights = [
        evening(database, store, world, SIX + timedelta(days=2 * n), clients=[world.gus])
        for n in range(3)
    ]
    for night in nights:
        night.walk(*CLIMB)
    return nights


def reviews(store: Store) -> list[Task]:
    store.expire_all()
    found = select(Task).where(Task.kind == TaskKind.PATTERN_REVIEW)
    return list(store.scalars(found.order_by(Task.id)))


def test_three_misses_become_one_review_with_evidence_and_proposals(
    database: Database, store: Store, world: Any
) -> None:
    nights = three_misses(database, store, world)
    tending(nights[-1], 185)
    tending(nights[-1], 205, 230)
    (review,) = reviews(store)
    assert (review.owner_id, review.client_id) == (world.carla.id, world.gus.id)
    misses = next(p for p in review.brief["patterns"] if p["name"] == "misses")
    assert misses["seats"] == [night.seat(world.gus).id for night in nights]
    assert "one_to_one" in misses["proposals"]
    step = store.scalars(select(Step).where(Step.rung == "pattern_review")).one()
    assert step.result == "taken"


def test_a_dismissed_review_comes_back_only_with_new_evidence(
    database: Database, store: Store, world: Any
) -> None:
    nights = three_misses(database, store, world)
    tending(nights[-1], 185)
    (review,) = reviews(store)
    tasks.attempt(
        store, review, "closed", by=world.carla, now=nights[-1].at(190), note="New shift, solved"
    )
    again = evening(
        database, store, world, SIX + timedelta(days=5), clients=[world.gus], ref="came"
    )
    again.sees(world.gus, 0)
    again.walk(*CLIMB)
    tending(again, 185)
    assert len(reviews(store)) == 1
    missed = evening(
        database, store, world, SIX + timedelta(days=6), clients=[world.gus], ref="missed"
    )
    missed.walk(*CLIMB)
    tending(missed, 185)
    assert len(reviews(store)) == 2


def test_both_partners_missing_twice_is_seen_for_each(
    database: Database, store: Store, world: Any
) -> None:
    for n in range(2):
        night = evening(
            database, store, world, SIX + timedelta(days=2 * n), clients=[world.maya, world.ben]
        )
        night.walk(*CLIMB)
    tending(night, 185)
    assert {review.client_id for review in reviews(store)} == {world.maya.id, world.ben.id}
    assert all(r.brief["patterns"][0]["proposals"] == ["family_support"] for r in reviews(store))
