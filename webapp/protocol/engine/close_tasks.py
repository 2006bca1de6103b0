"""Tasks that facts have ended: closed or withdrawn by the system, and left in the chart (rules 2 and 7)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from webapp.care.attendance.presence import Evidence, Presence
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.schedule.sessions import Seat
from webapp.db import Store
from webapp.protocol.facts.among import among
from webapp.protocol.facts.picture import Picture
from webapp.protocol.ladder.late_facts import TaskEnding
from webapp.protocol.ladder.rungs import Rung

WORDS = (Evidence.PRESENT, Evidence.ABSENT)


def close_all(store: Store, mended: Sequence[tuple[Picture, TaskEnding]], now: datetime) -> None:
    """End the tasks that late facts have mended."""
    if not mended:
        return
    ends = {(picture.seat.id, mend.kind): mend for picture, mend in mended}
    seats = {seat_id for seat_id, _ in ends}
    open_ones = select(Task).where(among(store, Task.seat_id, seats), Task.is_open)
    for task in store.scalars(open_ones.with_for_update(key_share=True)):
        mend = ends.get((task.seat_id or 0, task.kind))
        if mend is not None:
            close(store, task, mend, now)


def close(store: Store, task: Task, mend: TaskEnding, now: datetime) -> None:
    """Done with the outcome that came about by itself; without one it is withdrawn."""
    if not mend.outcome:
        task.withdraw(store, mend.why, now=now)
        return
    task.done_at, task.outcome = now, mend.outcome
    events.record(
        store, Tag.TASK_DONE, by=None, now=now, program_id=task.program_id, client=task.client_id,
        seat=task.seat_id, session=task.session_id, task=task, kind=task.kind, outcome=mend.outcome,
    )  # fmt: skip


def close_marked_rooms(store: Store, pictures: Sequence[Picture], now: datetime) -> None:
    """End *mark the room* where evidence has come after all, or staff has said a word about every seat."""
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
    """How many seats of the room staff has said nothing about."""
    said = select(Presence.person_id).where(
        Presence.session_id == session_id, Presence.type.in_(WORDS)
    )
    seats = select(func.count()).where(
        Seat.session_id == session_id, Seat.is_given, Seat.client_id.not_in(said)
    )
    return store.scalar(seats) or 0
