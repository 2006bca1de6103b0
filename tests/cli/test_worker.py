"""The worker: chores one after another, in two lanes; a chore that raises stops nobody."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.care.evenings import looked_into
from tests.cli.conftest import Run
from webapp import clock, worker
from webapp.db import Database
from webapp.demo import cast
from webapp.demo.cast import World
from webapp.operations import heartbeats
from webapp.protocol.facts.steps import Step
from webapp.worker import DELIVERY, Chore, Worker


class Pile:
    """A chore with so much work."""

    def __init__(self, work: int):
        self.work, self.walks = work, 0

    def __call__(self, database: Database, now: datetime) -> int:
        self.walks += 1
        self.work, found = max(0, self.work - 1), min(1, self.work)
        return found


def stumble(database: Database, now: datetime) -> int:
    raise RuntimeError("an unforeseen thing")


def test_once_walks_until_nothing_is_due(database: Database) -> None:
    few, many = Pile(1), Pile(5)
    assert worker.run_until_idle(database, [Chore("few", few), Chore("many", many)])
    assert (few.work, many.work) == (0, 0)
    assert few.walks == many.walks == 6


def test_a_chore_that_raises_does_not_stop_the_others(database: Database) -> None:
    pile = Pile(3)
    assert not worker.run_until_idle(database, [Chore("stumble", stumble), Chore("pile", pile)])
    assert pile.work == 0


def test_a_chore_that_raised_is_left_alone_for_a_while(database: Database) -> None:
    chore = Chore("stumble", stumble)
    for _ in range(3):
        assert chore.run_if_due(database) == 0
    assert chore.troubles == 1


def test_a_periodic_chore_rests_between(database: Database) -> None:
    pile = Pile(9)
    chore = Chore("pile", pile, every=3600)
    assert [chore.run_if_due(database) for _ in range(3)] == [0, 0, 0]
    assert pile.walks == 1


def test_working_is_seen_by_the_heartbeat(database: Database) -> None:
    worker.run_until_idle(database, [])
    with database.reading() as store:
        assert not heartbeats.silent(store, "worker", clock.now())


def test_a_stuck_lane_does_not_hold_up_the_other(fresh_database: Database) -> None:
    stuck, done, stopping = threading.Event(), threading.Event(), threading.Event()

    def wait_for_a_provider(database: Database, now: datetime) -> int:
        stuck.wait(30)
        return 0

    def climb(database: Database, now: datetime) -> int:
        done.set()
        return 0

    todo = [Chore("deliver", wait_for_a_provider, lane=DELIVERY), Chore("look", climb)]
    running = threading.Thread(target=Worker(fresh_database, todo, stopping).run)
    running.start()
    assert done.wait(30)
    stopping.set()
    stuck.set()
    running.join(30)
    assert not running.is_alive()


def test_what_is_due_is_done_and_told(
    run: Run, fresh_database: Database, world: World, instance: Path
) -> None:
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        room = cast.open_room(
            store, here.carla, [here.gus], now - timedelta(minutes=6), now=now - timedelta(minutes=30),
            presence_from="staff",
        )  # fmt: skip
        looked_into(store, room)
        store.commit()
    fresh_database.dispose()
    done = run("worker", "--once")
    assert done.exit_code == 0, done.output
    with fresh_database.reading() as store:
        taken = store.scalars(select(Step.rung).where(Step.result == "taken")).all()
    assert taken == ["first_check"]
    mails = list((instance / "outbox").glob("*.eml"))
    assert len(mails) == 1
    assert "gus@example.org" in mails[0].read_text()


def test_once_says_that_something_raised(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "look", stumble)
    done = run("worker", "--once")
    assert (done.exit_code, "Some chores raised" in done.stderr) == (1, True)


def test_two_workers_at_once_take_every_step_once(
    run: Run, fresh_database: Database, world: World, instance: Path
) -> None:
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        clients = [here.maya, here.ben, here.june, here.ivy, here.gus, here.zoe]
        for minutes in range(6, 12):
            room = cast.open_room(
                store, here.carla, clients, now - timedelta(minutes=minutes),
                now=now - timedelta(minutes=30), presence_from="staff", ref=f"room-{minutes}",
            )  # fmt: skip
            looked_into(store, room)
        store.commit()
    settings_of_two = [threading.Thread(target=work_once, args=(fresh_database,)) for _ in range(2)]
    for thread in settings_of_two:
        thread.start()
    for thread in settings_of_two:
        thread.join(60)
    with fresh_database.reading() as store:
        taken = store.scalars(select(Step).where(Step.result == "taken")).all()
    assert [step.rung for step in taken] == ["first_check"] * 36


def work_once(database: Database) -> None:
    from webapp.notify.announcing.announce import announce
    from webapp.protocol.engine.engine import look

    worker.run_until_idle(database, [Chore("look", look), Chore("announce", announce)])
