"""Closes or withdraws tasks that facts have made needless; they stay in the chart (rules 2 and 7)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from webapp.bulk import among
from webapp.care.attendance.presence import EvidenceType, Presence
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.schedule.sessions import Seat, look_again
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SEAT_COLUMNS, Picture, SeatRow
from webapp.protocol.ladder.ladder import stopping
from webapp.protocol.ladder.late_facts import TaskEnding
from webapp.protocol.ladder.rungs import Rung

ENDED = frozenset({"cancelled", "joined", "reported", "excused"})
"""Facts after which a partner is missed no more."""
MARKS = (EvidenceType.PRESENT, EvidenceType.ABSENT)


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
    """Whether a couple's task goes on for the other partner, who is still missing: it is then about that one's seat (rule 8)."""
    if task.kind != TaskKind.RELATIONAL:
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


def close_marked_rooms(store: Store, pictures: Sequence[Picture], now: datetime) -> None:
    """End the tasks *mark the room* of sessions for which evidence has come after all, or staff has marked every seat."""
    asked = {p.seat.session_id: p for p in pictures if Rung.MARK_ROOM in p.taken}
    if not asked:
        return
    open_ones = select(Task).where(
        among(store, Task.session_id, asked),
        Task.is_open,
        Task.kind == TaskKind.MARK_ROOM,
    )
    for task in store.scalars(open_ones.with_for_update(key_share=True)):
        if not asked[task.session_id or 0].facts.room.silent(now):
            close(store, task, TaskEnding(task.kind, "evidence", "evidence"), now)
        elif not _unmarked(store, task.session_id or 0):
            close(store, task, TaskEnding(task.kind, "marked", "marked"), now)


def _unmarked(store: Store, session_id: int) -> int:
    """How many seats of the session staff has not marked."""
    marked = select(Presence.person_id).where(
        Presence.session_id == session_id, Presence.type.in_(MARKS)
    )
    seats = select(func.count()).where(
        Seat.session_id == session_id, Seat.is_given, Seat.client_id.not_in(marked)
    )
    return store.scalar(seats) or 0
