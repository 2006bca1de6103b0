"""The engine: looks at the seats whose time has come, takes the rungs that are due, and says when to look again.

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
from webapp.bulk import sqlite_instant
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat
from webapp.db import Database, Store
from webapp.protocol.engine import close_tasks, open_tasks
from webapp.protocol.facts import facts, steps
from webapp.protocol.facts.among import rows
from webapp.protocol.facts.picture import SEAT_COLUMNS, Picture, SeatRow
from webapp.protocol.ladder.ladder import next_look, survey
from webapp.protocol.ladder.late_facts import Mend, mends
from webapp.protocol.ladder.rungs import TAKEN, WRITTEN, Look, Rung, State

BATCH = 2000
"""Seats a transaction: on SQLite nobody else writes meanwhile, on PostgreSQL a report on one of them waits."""
BREATH = 0.02
"""Seconds between full batches on SQLite, where whoever waits to write asks again every few milliseconds: without it a long
sweep would starve people's own writes."""
WITH_TASK = frozenset({Rung.MARK_ROOM, Rung.OUTREACH, Rung.ESCALATION, Rung.REENGAGEMENT})


SEATS = Batch("look", "seat", Seat.id, sessions.program_of_seat, BATCH)


@dataclass(slots=True)
class Decided:
    """What one batch comes to."""

    written: list[tuple[Picture, Look]] = field(default_factory=list)
    calls: list[open_tasks.Wanted] = field(default_factory=list)
    mended: list[tuple[Picture, Mend]] = field(default_factory=list)
    next_looks: list[tuple[datetime | None, int]] = field(default_factory=list)


def look(database: Database, now: datetime, limit: int = BATCH) -> int:
    """Chore: look at up to `limit` seats whose time has come by `now`; answers how many there were."""

    def act(store: Store, seats: Sequence[SeatRow]) -> int:
        pictures = facts.of_seats(store, seats, now)
        write(store, decide(pictures, now), now)
        close_tasks.close_marked_rooms(store, pictures, now)
        return len(seats)

    found = batches.walk(database, now, replace(SEATS, limit=limit), due(now), act, _seat_rows)
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


def decide(pictures: list[Picture], now: datetime) -> Decided:
    """Ask the ladder about every seat, once for all seats of which the same is known. Nothing is written here."""
    decided = Decided()
    asked: dict[tuple[int, int], tuple[list[Look], datetime | None]] = {}
    for picture in pictures:
        key = (id(picture.facts), id(picture.taken))
        if key not in asked:
            asked[key] = ask(picture, now)
        found, following = asked[key]
        for look in found:
            decided.written.append((picture, look))
            if look.state is State.DUE and look.rung in WITH_TASK:
                decided.calls.append(open_tasks.wanted(picture, look.rung, now))
        if picture.facts.open_tasks:
            decided.mended += [(picture, mend) for mend in mends(picture.facts, now)]
        decided.next_looks.append((following, picture.seat.id))
    return decided


def ask(picture: Picture, now: datetime) -> tuple[list[Look], datetime | None]:
    """What the ladder says of a seat: the looks to write down, and when to look next once they are."""
    looks = survey(picture.facts, picture.taken, now)
    found = [look for look in looks if look.state in WRITTEN]
    if not found:
        return [], next_look(picture.facts, picture.taken, now, looks)
    taken = {**picture.taken, **{look.rung.value: look.why or TAKEN for look in found}}
    return found, next_look(picture.facts, taken, now)


def write(store: Store, decided: Decided, now: datetime) -> None:
    """Write down what was decided."""
    joined = open_tasks.open_all(store, decided.calls, now)
    written: list[steps.Row] = []
    said: dict[tuple[int, int, bool], dict[str, Any]] = {}
    for picture, look in decided.written:
        seat, joins = picture.seat, bool(joined) and (picture.seat.id, look.rung) in joined
        key = (id(look), picture.occurrence, joins)
        fields = said.get(key) or said.setdefault(key, _said(look, picture.occurrence, joins))
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
    close_tasks.close_all(store, decided.mended, now)
    set_timers(store, decided.next_looks)


def _said(look: Look, occurrence: int, joins: bool) -> dict[str, Any]:
    """What the event of a step says."""
    why = "joined_review" if joins else look.why
    return {
        "rung": look.rung.value, "occurrence": occurrence, "due_at": look.due_at,
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
