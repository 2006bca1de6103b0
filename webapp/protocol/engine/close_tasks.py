"""Closes or withdraws tasks that facts have made needless; they stay in the chart (rules 2 and 7)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from webapp.bulk import among
from webapp.bulk import rows as rows_of
from webapp.care.attendance.standing import Standing, standing
from webapp.care.contact.tasks import ABOUT_ROOMS, Task, TaskKind
from webapp.care.schedule.sessions import Seat, look_again
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SEAT_COLUMNS, Picture, SeatRow
from webapp.protocol.ladder.ladder import stopping
from webapp.protocol.ladder.late_facts import TaskEnding

ENDED = frozenset({"cancelled", "joined", "reported", "excused"})
"""Facts after which a partner is missed no more."""


def close_all(store: Store, endings: Sequence[tuple[Picture, TaskEnding]], now: datetime) -> None:
    """End these open tasks, each of the seat it is named with."""
    if not endings:
        return
    ends = {(picture.seat.id, ending.kind): ending for picture, ending in endings}
    seats = {seat_id for seat_id, _ in ends}
    open_ones = select(Task).where(among(store, Task.seat_id, seats), Task.is_open)
    for task in store.scalars(open_ones.with_for_update(key_share=True)):
        ending = ends.get((task.seat_id or 0, task.kind))
        if ending is not None and not _goes_on(store, task, now):
            close(store, task, ending, now)


def _goes_on(store: Store, task: Task, now: datetime) -> bool:
    """Whether a couple's task goes on for the other partner, who is still missing, or a plan to rejoin for another session that was
    missed: it is then about that seat (rule 8)."""
    if task.kind not in (TaskKind.RELATIONAL, TaskKind.REENGAGEMENT):
        return False
    others = [each for each in task.brief.get("seats", []) if each != task.seat_id]
    columns = select(*SEAT_COLUMNS).where(among(store, Seat.id, others), Seat.is_given)
    rows = [SeatRow._make(row) for row in store.execute(columns)] if others else []
    missing = [
        picture.seat
        for picture in (facts.of_seats(store, rows, now) if rows else [])
        if not ENDED & stopping(picture.facts, now)
    ]
    if not missing:
        return False
    seat = missing[0]
    task.seat_id, task.client_id, task.session_id = seat.id, seat.client_id, seat.session_id
    task.brief = task.brief | {"seats": [each.id for each in missing]}
    look_again(store, now, id=seat.id)
    return True


def close(store: Store, task: Task, ending: TaskEnding, now: datetime) -> None:
    """Close the task as done with the outcome that came about by itself; withdraw it when there is none."""
    if ending.outcome:
        task.finish(store, ending.outcome, by=None, now=now)
    else:
        task.withdraw(store, ending.why, by=None, now=now)


def close_answered(store: Store, pictures: Sequence[Picture], now: datetime) -> None:
    """End the questions about rooms that somebody has looked at, whose evidence tells after all, whose guests are named or kept
    nobody waiting, or that were called off (rule 7)."""
    rooms = {p.seat.session_id: p.facts.room for p in pictures if now >= p.facts.room.starts_at}
    if not rooms:
        return
    open_ones = select(Task).where(
        among(store, Task.session_id, rooms), Task.is_open, Task.kind.in_(ABOUT_ROOMS)
    )
    for task in store.scalars(open_ones.with_for_update(key_share=True)):
        room = rooms[task.session_id or 0]
        if room.cancelled:
            close(store, task, TaskEnding(task.kind, "cancelled"), now)
            continue
        if task.kind == TaskKind.MATCH_GUEST:
            word = "" if room.has_guest(now) else "named"
            word = word or ("" if _waited_for(store, task.session_id or 0, now) else "evidence")
        else:
            word = "" if room.silent(now) else "marked" if room.looked_at else "evidence"
        if word:
            close(store, task, TaskEnding(task.kind, word, word), now)


def _waited_for(store: Store, session_id: int, now: datetime) -> bool:
    """Whether somebody of the session may be a guest of it."""
    seats = select(*SEAT_COLUMNS).where(Seat.session_id == session_id, Seat.is_given)
    found = facts.of_earlier(store, [SeatRow._make(row) for row in rows_of(store, seats)], now)
    return any(standing(picture.facts, now) is Standing.UNKNOWN for picture in found)
