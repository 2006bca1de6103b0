"""Several workers at once: nothing is taken twice, nothing is left, one review a client."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from tests.protocol.engine.test_engine import SIX
from webapp.care.attendance.presence import Presence
from webapp.care.audit import chain
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.tasks import Task
from webapp.care.schedule.sessions import Seat
from webapp.db import Database
from webapp.demo import cast
from webapp.protocol.engine import engine
from webapp.protocol.facts.steps import Step

NIGHTS = 6


def plant(database: Database, *, host_comes: bool = True) -> None:
    """Six evenings which nobody but the host attends; all seats are long overdue."""
    with database.writing() as store:
        world = cast.find(store)
        clients = [world.maya, world.ben, world.ivy, world.gus, world.zoe, world.june]
        for n in range(NIGHTS):
            at = SIX + timedelta(days=n)
            room = cast.open_room(store, world.carla, clients, at, now=SIX - timedelta(days=2))
            if host_comes:
                store.add(
                    Presence(
                        session_id=room.id, person_id=world.carla.id, type="joined", at=at,
                        source="platform", source_id="host", recorded_at=at,
                    )
                )  # fmt: skip
        store.commit()


def together(work: Callable[[], Any], hands: int = 4) -> list[Any]:
    """Run `work` in several threads that start at the same moment; what each answered or raised."""
    answers: list[Any] = []
    start = threading.Barrier(hands)

    def one() -> None:
        start.wait()
        try:
            answers.append(work())
        except Exception as error:
            answers.append(error)

    threads = [threading.Thread(target=one) for _ in range(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def count(database: Database, query: Any) -> int:
    with database.reading() as store:
        return store.scalar(query) or 0


def walk(database: Database) -> int:
    now, found = SIX + timedelta(days=NIGHTS), 0
    while more := engine.look(database, now, limit=3):
        found += more
    return found


def test_workers_share_the_seats_and_double_nothing(world: Any, fresh_database: Database) -> None:
    plant(fresh_database)
    answers = together(lambda: walk(fresh_database))
    assert sum(answers) >= NIGHTS * 6
    steps = count(fresh_database, select(func.count()).select_from(Step))
    told = select(func.count()).select_from(Event).where(Event.tag == Tag.STEP_TAKEN)
    assert steps == count(fresh_database, told)
    calls = select(func.count()).select_from(Task).where(Task.kind == "outreach")
    assert count(fresh_database, calls) == NIGHTS * 6
    opened = select(func.count()).select_from(Event).where(Event.tag == Tag.TASK_OPENED)
    assert count(fresh_database, opened) == count(
        fresh_database, select(func.count()).select_from(Task)
    )
    with fresh_database.reading() as store:
        assert list(chain.verify(store)) == []


def test_workers_open_one_review_a_client(world: Any, fresh_database: Database) -> None:
    plant(fresh_database)
    together(lambda: walk(fresh_database))
    reviews = (
        select(Task.client_id, func.count())
        .where(Task.kind == "escalation", Task.is_open)
        .group_by(Task.client_id)
    )
    with fresh_database.reading() as store:
        assert {n for _, n in store.execute(reviews)} == {1}
        briefs = store.scalars(select(Task.brief).where(Task.kind == "escalation")).all()
    assert all(len(brief["seats"]) == NIGHTS - 1 for brief in briefs)


def test_workers_ask_once_to_mark_a_silent_room(world: Any, fresh_database: Database) -> None:
    plant(fresh_database, host_comes=False)
    together(lambda: walk(fresh_database))
    asked = select(func.count()).select_from(Task).where(Task.kind == "mark_room")
    unknown = select(func.count()).select_from(Event).where(Event.tag == Tag.SESSION_UNKNOWN)
    assert count(fresh_database, asked) == count(fresh_database, unknown) == NIGHTS


def test_a_fact_written_while_the_engine_holds_the_seat_is_looked_at_again(
    world: Any, fresh_database: Database
) -> None:
    plant(fresh_database)
    now = SIX + timedelta(minutes=5)
    with fresh_database.writing() as store:
        store.execute(update(Seat).values(next_look_at=now))
        store.commit()
    walk_at = now + timedelta(seconds=1)
    together(
        lambda: [engine.look(fresh_database, walk_at, limit=2), wake(fresh_database, walk_at)], 4
    )
    overdue = select(func.count()).select_from(Seat).where(Seat.next_look_at <= walk_at)
    while engine.look(fresh_database, walk_at):
        pass
    assert count(fresh_database, overdue) == 0


def wake(database: Database, now: Any) -> int:
    from webapp.care.schedule.sessions import look_again

    with database.writing() as store:
        seat_id = store.scalar(select(func.min(Seat.id)))
        look_again(store, now, id=seat_id)
        store.commit()
    return seat_id or 0
