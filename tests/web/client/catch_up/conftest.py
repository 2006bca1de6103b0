"""Maya was not in yesterday's group; what there is of it is written by Carla."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.care.evenings import missed
from webapp.care.materials import homework, resources, summaries
from webapp.care.materials.homework import Homework
from webapp.care.materials.resources import Resource
from webapp.care.schedule.sessions import Seat


@pytest.fixture
def seat(store, world, clock) -> Seat:
    """Maya's seat in the evening group of yesterday, in which nobody saw her."""
    made = missed(store, world.carla, world.maya, clock.now())
    store.commit()
    return made


@pytest.fixture
def summary(store, world, clock) -> Callable[..., None]:
    """`summary(seat, "words")`: published for everyone, or with `client=` for one."""

    def written(seat: Seat, words: str, **more) -> None:
        summaries.write(store, seat.session, words, by=world.carla, now=clock.now(), **more)
        store.commit()

    return written


@pytest.fixture
def task(store, world, clock, seat) -> Homework:
    """Homework for everyone in that session, due in three days."""
    made, _ = homework.put(
        store, world.harbor, "list", title="A list for the night table", body="Write *three things*.",
        session=seat.session, due_at=clock.now() + timedelta(days=3), by=world.carla, now=clock.now(),
    )  # fmt: skip
    store.commit()
    return made


@pytest.fixture
def shelf(store, world, clock, seat) -> Callable[..., Resource]:
    """`shelf("recording", url=…)`: something of that session to read or watch."""

    def put(kind: str = "reading", **more) -> Resource:
        given = {"title": "Sleep and light", "session": seat.session, "body": "Light *matters*."}
        made, _ = resources.put(
            store, world.harbor, more.pop("ref", kind), kind=kind, by=world.carla,
            now=clock.now(), **(given | more),
        )  # fmt: skip
        store.commit()
        return made

    return put
