"""The demo's live sessions show every rung within three minutes."""

from datetime import datetime, timedelta

from sqlalchemy import select

from tests.care.evenings import looked_into
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.demo import cast, live_sessions
from webapp.demo.cast import World
from webapp.protocol.engine.engine import look
from webapp.protocol.facts.steps import Step


def miss_one(store: Store, world: World, now: datetime) -> None:
    """Gus is not heard of once, the day before."""
    store.expire_all()
    gone = cast.open_room(
        store, world.carla, [world.gus], now - timedelta(days=1), now=now - timedelta(days=3),
        presence_from="staff",
    )  # fmt: skip
    looked_into(store, gone)


def climb(database: Database, now: datetime) -> dict[str, set[str]]:
    """Let three minutes pass, second by second: rung → who had it taken."""
    for second in range(0, 181, 5):
        while look(database, now + timedelta(seconds=second)):
            pass
    taken = (
        select(Step.rung, Person.ref)
        .join(Seat, Seat.id == Step.seat_id)
        .join(Person, Person.id == Seat.client_id)
        .join(Session, Session.id == Seat.session_id)
        .where(Step.result == "taken", Session.ref.startswith("tonight-"))
    )
    found: dict[str, set[str]] = {}
    with database.reading() as store:
        for rung, ref in store.execute(taken):
            found.setdefault(rung, set()).add(ref)
    return found


def test_the_whole_ladder_climbs_within_three_minutes(
    store: Store, database: Database, world: World
) -> None:
    now = world.harbor.created_at + timedelta(days=5)
    miss_one(store, world, now)
    store.commit()
    look(database, now - timedelta(hours=20))
    live_sessions.open_all(store, now)
    store.commit()
    found = climb(database, now)
    assert {"rosa", "leo"} <= found["heads_up"] & found["soon"] & found["doors_open"]
    assert found["first_check"] == {"maya", "gus", "rosa", "leo"}
    assert found["second_check"] == {"maya", "gus", "rosa", "leo"}
    assert found["outreach"] == {"maya", "gus", "rosa", "leo"}
    assert found["escalation"] == {"gus"}
    assert found["mark_room"] == {"june", "zoe"}


def test_who_joined_or_reported_an_absence_gets_no_checks(
    store: Store, database: Database, world: World
) -> None:
    now = world.harbor.created_at + timedelta(days=5)
    live_sessions.open_all(store, now)
    store.commit()
    found = climb(database, now)
    assert not {"ivy", "ben"} & (found["first_check"] | found["second_check"] | found["outreach"])


def test_the_couples_therapist_is_called_too(
    store: Store, database: Database, world: World
) -> None:
    now = world.harbor.created_at + timedelta(days=5)
    live_sessions.open_all(store, now)
    store.commit()
    climb(database, now)
    with database.reading() as reader:
        relational = reader.scalars(select(Task).where(Task.kind == "relational")).all()
        assert {task.owner_id for task in relational} == {world.tessa.id}


def test_sessions_are_opened_once_and_again_when_they_are_over(store: Store, world: World) -> None:
    now = world.harbor.created_at + timedelta(days=5)
    assert live_sessions.open_all(store, now) == len(live_sessions.LIVE_SESSIONS)
    assert live_sessions.open_all(store, now + timedelta(seconds=30)) == 0
    assert live_sessions.open_all(store, now + timedelta(hours=3)) == len(
        live_sessions.LIVE_SESSIONS
    )


def test_only_harbor_runs_on_seconds(store: Store, world: World) -> None:
    live_sessions.open_all(store, world.harbor.created_at + timedelta(days=5))
    assert world.harbor.policies[-1].body["first_check"] == "PT20S"
    assert world.sunrise.policies[-1].body["first_check"] == "PT5M"
