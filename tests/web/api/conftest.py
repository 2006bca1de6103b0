"""Fixtures: an API caller of one program, a session, and a caller of another program."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.visiting import Caller
from webapp.care.attendance.guests import Guest
from webapp.care.audit.events import Event
from webapp.care.contact import tasks
from webapp.care.contact.tasks import TaskKind
from webapp.care.schedule.sessions import Session
from webapp.config import Settings
from webapp.db import Database
from webapp.demo import cast

SECRETS = ("new-secret", "old-secret")
LINK = "https://zoom.us/j/91234567890"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"zoom_secrets": {"harbor": SECRETS}})


@pytest.fixture
def room(database: Database, world: Any, clock: Any) -> datetime:
    """`evening`: Carla's session with Maya and Ben, begun half an hour ago; `theirs` is Sunrise's. Answers the start."""
    starts_at = clock.now() - timedelta(minutes=30)
    with database.writing() as store:
        people = cast.find(store)
        seated = [people.maya, people.ben]
        made = cast.open_room(store, people.carla, seated, starts_at, now=starts_at, ref="evening")
        made.join_url = LINK
        cast.open_room(store, people.nora, [people.aiko], starts_at, now=starts_at, ref="theirs")
        store.commit()
    return starts_at


@pytest.fixture
def call(caller: Callable[..., Caller], world: Any) -> Caller:
    """Harbor's program, with every scope."""
    return caller(world.harbor)


@pytest.fixture
def neighbour(caller: Callable[..., Caller], world: Any) -> Caller:
    """Sunrise's program, with every scope."""
    return caller(world.sunrise, name="neighbour")


@pytest.fixture
def task(database: Database, room: datetime, clock: Any) -> int:
    """Carla's outreach to Maya; answers its number."""
    with database.writing() as store:
        people = cast.find(store)
        made = tasks.open_one(
            store, key="outreach:1", kind=TaskKind.OUTREACH, program_id=people.harbor.id,
            due_at=clock.now() + timedelta(hours=1), now=clock.now(), client=people.maya,
            owner_id=people.carla.id,
        )  # fmt: skip
        session = store.scalars(select(Session).where(Session.ref == "evening")).one()
        guest = Guest(id=made.id, session=session, source="zoom", key="c1", named_at=clock.now())
        store.add(guest)  # of the same number, for calls that name one
        store.commit()
        return made.id


@pytest.fixture
def recorded(database: Database) -> Callable[[], int]:
    """How many facts there are: what changed nothing leaves it as it was."""

    def count() -> int:
        with database.reading() as store:
            return store.scalar(select(func.count()).select_from(Event)) or 0

    return count


def presence_event(at: datetime, id: str = "e1", **other: Any) -> dict[str, Any]:
    """One piece of evidence: Maya joined."""
    return {
        "id": id, "session": "evening", "person": "maya", "type": "joined", "at": at.isoformat(),
        "source": "zoom",
    } | other  # fmt: skip
