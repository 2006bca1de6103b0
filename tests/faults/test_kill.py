"""R2: SIGKILL at any instant, any number of times, of workers and web: nothing lost, nothing done twice.

`make test` kills a dozen times on each database; `make faults` kills 200 times. What is sent twice (a provider took it,
the worker died before writing that down) carries the same Topic, so a phone shows one.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from tests.faults.processes import DatabaseServer, Victim, Web, Zygote, free_port, killed_in_turn
from tests.faults.scene import Reporter, Scene, plant
from tests.postgres import DURABLE, Server
from tests.protocol.planted import of_ids as pictures_of
from tests.push_service import PushService
from webapp import clock, migrations, worker
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.audit import chain
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.tasks import Task, TaskKind
from webapp.config import Settings
from webapp.db import Database, Store
from webapp.notify.outbox import Notification, topic
from webapp.protocol.facts.steps import Step
from webapp.protocol.ladder import ladder
from webapp.protocol.ladder.rungs import Rung

KILLS = int(os.environ.get("FAULT_KILLS", "12"))
SECONDS_A_KILL = 3.0
"""Generously: for how long the scene must go on."""


@pytest.fixture
def pushes() -> Iterator[PushService]:
    with PushService() as service:
        yield service


@pytest.fixture
def durable(engine: str) -> Iterator[Server | None]:
    """A PostgreSQL of the test's own that keeps its promises, or None for the embedded database."""
    if engine == "sqlite":
        yield None
        return
    server = Server.start(DURABLE)
    yield server
    server.stop()


@pytest.fixture
def settings(durable: Server | None, tmp_path: Path, pushes: PushService) -> Settings:
    given = {"REJOIN_PUSH_HOSTS": pushes.allow_entry}
    if durable is not None:
        given["REJOIN_DATABASE_URL"] = durable.url()
    return Settings.load(given, tmp_path / "instance")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url, settings.database_key, settings.keyring)
    migrations.upgrade(database)
    yield database
    database.dispose()


def environ(settings: Settings) -> dict[str, str]:
    given = {name: text for name, text in os.environ.items() if not name.startswith("REJOIN_")}
    return given | {
        "REJOIN_INSTANCE": str(settings.instance),
        "REJOIN_DATABASE_URL": settings.database_url,
        "REJOIN_PUSH_HOSTS": ",".join(settings.push_hosts),
        "REJOIN_LOG_FORMAT": "json",
    }


@pytest.fixture
def victims(settings: Settings, tmp_path: Path) -> Iterator[list[Victim]]:
    """Two workers and the web."""
    zygote = Zygote(environ(settings))
    made = [
        Victim("worker-1", ["worker"], zygote, tmp_path),
        Victim("worker-2", ["worker"], zygote, tmp_path),
        Web(free_port(), zygote, tmp_path),
    ]
    yield made
    zygote.stop()


def test_nothing_is_lost_or_doubled_however_often_processes_are_killed(
    database: Database, settings: Settings, pushes: PushService, victims: list[Victim]
) -> None:
    survive(database, settings, pushes, victims, KILLS)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_nothing_is_lost_or_doubled_when_the_database_server_is_killed_too(
    database: Database,
    settings: Settings,
    pushes: PushService,
    victims: list[Victim],
    durable: Server,
) -> None:
    survive(database, settings, pushes, [DatabaseServer(durable), *victims], KILLS // 3)


def survive(
    database: Database, settings: Settings, pushes: PushService, victims: list[Victim], kills: int
) -> None:
    """Play the scene, kill, let what is left run to its end, and look whether everything is there, once."""
    lasts = timedelta(seconds=30 + kills * SECONDS_A_KILL)
    scene = plant(database, pushes, clock.now(), lasts)
    port = next(victim.port for victim in victims if isinstance(victim, Web))
    reporter = Reporter(scene, port, sorted(scene.seats)[::4])
    reporter.start()
    try:
        killed_in_turn(victims, kills, random.Random(kills))
    finally:
        reporter.stop()
        killed = {victim.name: victim.kills for victim in victims}
        for victim in victims:
            if not isinstance(victim, DatabaseServer):
                victim.kill()
    assert reporter.accepted, f"no report got through; {reporter.refused[:3]}"
    database.dispose()  # its connections may be to a server that is no more
    with database.reading() as store:
        before = store.scalar(select(func.count()).select_from(Step)) or 0
    assert before > kills, "the workers did next to nothing between the kills: this proves nothing"

    finish(database, settings, clock.now() + lasts + timedelta(minutes=5))

    with database.reading() as store:
        assert list(chain.verify(store)) == []
        every_report_accepted_is_there_once(store, reporter)
        every_step_is_taken_once(store, scene, reporter)
        sent = every_notification_is_sent(store)
        twice = every_push_arrived_and_repeats_share_a_topic(store, scene, settings, pushes)
        whole(store, database)
    print(
        f"\n{database.url.get_backend_name()}: {sum(killed.values())} SIGKILLs {killed}; {len(scene.seats)} seats, {before} steps taken meanwhile,"
        f" {len(reporter.accepted)} reports accepted in {reporter.tries} tries, {sent} notifications sent,"
        f" {twice} pushes repeated under the same Topic"
    )


def finish(database: Database, settings: Settings, then: datetime) -> None:
    """Everything that is left, at instants when all has fallen due and every lease of the dead has run out.

    A send that a busy machine made too slow is tried again later, so there are several such instants.
    """
    for later in range(6):
        with clock.running_from(then + later * timedelta(minutes=10)):
            with database.writing() as store:
                store.execute(update(Notification).values(leased_until=None))
                store.commit()
            with worker.chores(settings, patient=True) as todo:
                assert worker.once(database, todo), "a chore raised"
        with database.reading() as store:
            if store.scalar(select(func.count()).where(Notification.is_open)) == 0:
                return


def every_report_accepted_is_there_once(store: Store, reporter: Reporter) -> None:
    found = Counter(
        {
            (seat_id, request_id): count
            for seat_id, request_id, count in store.execute(
                select(AbsenceReport.seat_id, AbsenceReport.request_id, func.count()).group_by(
                    AbsenceReport.seat_id, AbsenceReport.request_id
                )
            )
        }
    )
    lost = [pair for pair in reporter.accepted.items() if found[pair] != 1]
    assert lost == []
    reported = store.scalar(select(func.count()).where(Event.tag == Tag.ABSENCE_REPORTED))
    assert reported == sum(found.values()), "each report is in the chart once"


def every_step_is_taken_once(store: Store, scene: Scene, reporter: Reporter) -> None:
    at = clock.now() + timedelta(days=1)
    pictures = pictures_of(store, list(scene.seats), at)
    assert pictures.keys() == scene.seats.keys()
    overdue = {
        seat: due
        for seat, picture in pictures.items()
        if (due := ladder.due_rungs(picture.facts, picture.taken, at))
    }
    assert overdue == {}, "steps were lost"
    taken = store.execute(
        select(Event.seat_id, Event.canonical).where(Event.tag == Tag.STEP_TAKEN)
    ).all()
    assert len(taken) == len(set(taken))
    written = store.scalar(select(func.count()).select_from(Step))
    assert len(taken) == written, "each step is in the chart exactly once"
    silent = scene.seats.keys() - reporter.accepted.keys() - set(reporter.unsure)
    reached = set(
        store.scalars(
            select(Step.seat_id).where(Step.rung == Rung.OUTREACH, Step.result == "taken")
        )
    )
    assert silent <= reached, "a silent client was not handed to a human"
    calls = Counter(store.scalars(select(Task.seat_id).where(Task.kind == TaskKind.OUTREACH)))
    assert {seat for seat, count in calls.items() if count != 1} == set()
    assert silent <= calls.keys()


def every_notification_is_sent(store: Store) -> int:
    rows = list(store.scalars(select(Notification)))
    left = [
        (row.id, row.due_at, row.leased_until, row.attempts, row.why) for row in rows if row.is_open
    ]
    assert left == [], "notifications were lost"
    assert {row.why for row in rows if row.failed_at} == set()
    reminders = {rung.value for rung in Rung} & {row.kind for row in rows}
    steps = store.execute(select(Event.id, Event.canonical).where(Event.tag == Tag.STEP_TAKEN))
    told = {row.event_id for row in rows}
    untold = [
        id for id, canonical in steps
        if '"result":"taken"' in canonical
        and any(f'"rung":"{rung}"' in canonical for rung in reminders)
        and id not in told
    ]  # fmt: skip
    assert untold == [], "a step was taken and nobody was told"
    return len([row for row in rows if row.sent_at])


def every_push_arrived_and_repeats_share_a_topic(
    store: Store, scene: Scene, settings: Settings, pushes: PushService
) -> int:
    assert pushes.objections == []
    sent = Counter(
        (
            scene.subscriptions[row.person_id],
            topic(settings.secret_keys[0], f"seat {row.seat_id}", row.person_id),
        )
        for row in store.scalars(select(Notification).where(Notification.sent_at.is_not(None)))
    )
    arrived = Counter((message.subscription, message.topic) for message in pushes.received)
    assert sent - arrived == Counter(), "marked as sent, but it never arrived"
    strangers = arrived.keys() - sent.keys()
    assert {name for name, about in strangers if about is None} == set(), "a push without a Topic"
    return sum((arrived - sent).values())


def whole(store: Store, database: Database) -> None:
    """The database itself is sound."""
    if database.embedded:
        assert store.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert store.execute(text("PRAGMA foreign_key_check")).all() == []
        assert store.execute(text("PRAGMA cipher_integrity_check")).all() == []
    doubled = (
        select(Notification.event_id)
        .where(Notification.event_id.is_not(None))
        .group_by(
            Notification.event_id,
            Notification.person_id,
            Notification.channel,
            Notification.address_id,
        )
        .having(func.count() > 1)
    )
    assert store.execute(doubled).all() == []
