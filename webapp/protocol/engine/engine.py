"""The chore *look*: takes the due rungs of the seats whose time has come, and sets when to look at each again.

One batch is one transaction: steps, tasks, events and the next look commit together or not at all (R1). The seats are
claimed, so any number of workers share the work, and the keys of steps and tasks make a repeat harmless. Cost: a dozen
statements a batch and some ten microseconds a seat; flat in clients, seats and history.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from webapp import batches
from webapp.batches import Batch
from webapp.bulk import rows, sqlite_instant
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat
from webapp.db import Database, Store
from webapp.protocol.engine import close_tasks, open_tasks
from webapp.protocol.facts import facts, steps
from webapp.protocol.facts.picture import SEAT_COLUMNS, Picture, SeatRow
from webapp.protocol.ladder.ladder import next_look, survey
from webapp.protocol.ladder.late_facts import TaskEnding, task_endings
from webapp.protocol.ladder.rungs import TAKEN, WRITTEN, Rung, RungStatus, State

BATCH = 2000
"""Seats a transaction: on SQLite nobody else writes meanwhile, on PostgreSQL a report on one of them waits."""
BREATH = 0.02
"""Seconds between full batches on SQLite, where whoever waits to write asks again every few milliseconds: without it a long
sweep would starve people's own writes."""
WITH_TASK = frozenset({Rung.MARK_ROOM, Rung.OUTREACH, Rung.ESCALATION, Rung.REENGAGEMENT})


SEATS = Batch("look", "seat", Seat.id, sessions.program_of_seat, BATCH)


@dataclass(slots=True)
class Decisions:
    """What the ladder decides for one batch of seats."""

    written: list[tuple[Picture, RungStatus]] = field(default_factory=list)
    tasks: list[open_tasks.PlannedTask] = field(default_factory=list)
    endings: list[tuple[Picture, TaskEnding]] = field(default_factory=list)
    next_looks: list[tuple[datetime | None, int]] = field(default_factory=list)


def look(database: Database, now: datetime, limit: int = BATCH) -> int:
    """Chore: look at up to `limit` seats whose time has come by `now`; returns how many there were."""

    def act(store: Store, seats: Sequence[SeatRow]) -> int:
        pictures = facts.of_seats(store, seats, now)
        write(store, decide(pictures, now), now)
        open_tasks.ask_who_guests_are(store, pictures, now)
        close_tasks.close_answered(store, pictures, now)
        return len(seats)

    found = batches.run_batch(database, now, replace(SEATS, limit=limit), due(now), act, _seat_rows)
    if database.embedded and found >= limit:
        time.sleep(BREATH)
    return found


def _seat_rows(store: Store, query: Select[Any]) -> list[SeatRow]:
    return [SeatRow._make(row) for row in rows(store, query)]


def due(now: datetime):  # type: ignore[no-untyped-def]
    """Seats to be looked at, the longest-waiting first."""
    return (
        select(*SEAT_COLUMNS)
        .where(Seat.next_look_at <= now, Seat.is_given)
        .order_by(Seat.next_look_at)
    )


def decide(pictures: list[Picture], now: datetime) -> Decisions:
    """What the ladder decides for these seats; asked once for all seats with the same facts. Writes nothing."""
    decided = Decisions()
    answers: dict[tuple[int, int], tuple[list[RungStatus], datetime | None]] = {}
    for picture in pictures:
        key = (id(picture.facts), id(picture.taken))
        if key not in answers:
            answers[key] = ask(picture, now)
        rungs, following = answers[key]
        for status in rungs:
            decided.written.append((picture, status))
            if status.state is State.DUE and status.rung in WITH_TASK:
                decided.tasks.append(open_tasks.planned_task(picture, status.rung, now))
        if picture.facts.open_tasks:
            decided.endings += [(picture, ending) for ending in task_endings(picture.facts, now)]
        decided.next_looks.append((following, picture.seat.id))
    return decided


def ask(picture: Picture, now: datetime) -> tuple[list[RungStatus], datetime | None]:
    """The rungs of a seat to write down, and when to look at it next once they are written."""
    statuses = survey(picture.facts, picture.taken, now)
    rungs = [status for status in statuses if status.state in WRITTEN]
    if not rungs:
        return [], next_look(picture.facts, picture.taken, now, statuses)
    taken = {**picture.taken, **{status.rung.value: status.why or TAKEN for status in rungs}}
    return rungs, next_look(picture.facts, taken, now)


def write(store: Store, decided: Decisions, now: datetime) -> None:
    """Write the steps, tasks, events and next looks that were decided."""
    joined = open_tasks.open_all(store, decided.tasks, now)
    written: list[steps.StepRow] = []
    fields_of: dict[tuple[int, int, bool], dict[str, Any]] = {}
    for picture, status in decided.written:
        seat, joins = picture.seat, bool(joined) and (picture.seat.id, status.rung) in joined
        key = (id(status), picture.occurrence, joins)
        fields = fields_of.get(key) or fields_of.setdefault(
            key, _step_fields(status, picture.occurrence, joins)
        )
        result, why = fields["result"], fields["why"]
        at = now if result == TAKEN else None
        written.append(
            (seat.id, fields["rung"], fields["occurrence"], fields["due_at"], at, result, why)
        )
        events.record_shared(
            store, Tag.STEP_TAKEN, now, picture.facts.room.program_id, seat.client_id, seat.id,
            seat.session_id, fields,
        )  # fmt: skip
    steps.write(store, written)
    close_tasks.close_all(store, decided.endings, now)
    set_timers(store, decided.next_looks)


def _step_fields(status: RungStatus, occurrence: int, joins: bool) -> dict[str, Any]:
    """The fields of the event of a step, which its row has too."""
    why = "joined_review" if joins else status.why
    return {
        "rung": status.rung.value, "occurrence": occurrence, "due_at": status.due_at,
        "result": steps.result_of(why), "why": why or None,
    }  # fmt: skip


def set_timers(store: Store, looks: list[tuple[datetime | None, int]]) -> None:
    """Set each seat's next look: (instant, seat). One round trip for all."""
    connection = store.connection()
    if connection.dialect.name == "sqlite":
        rows = [(at and sqlite_instant(at), seat_id) for at, seat_id in looks]
        connection.exec_driver_sql("UPDATE seat SET next_look_at = ? WHERE id = ?", rows)
        return
    connection.exec_driver_sql(
        "UPDATE seat SET next_look_at = looks.at"
        " FROM unnest(%s::timestamptz[], %s::integer[]) AS looks (at, id) WHERE seat.id = looks.id",
        ([at for at, _ in looks], [seat_id for _, seat_id in looks]),
    )
