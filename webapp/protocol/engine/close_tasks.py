"""Closes or withdraws tasks that facts have made needless; they stay in the chart (rules 2 and 7)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from webapp.bulk import among
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact.tasks import Task, TaskKind
from webapp.db import Store
from webapp.protocol.facts.picture import Picture
from webapp.protocol.ladder.late_facts import TaskEnding
from webapp.protocol.ladder.rungs import Rung


def close_all(store: Store, endings: Sequence[tuple[Picture, TaskEnding]], now: datetime) -> None:
    """End these open tasks, each of the seat it is named with."""
    if not endings:
        return
    ends = {(picture.seat.id, ending.kind): ending for picture, ending in endings}
    seats = {seat_id for seat_id, _ in ends}
    open_ones = select(Task).where(among(store, Task.seat_id, seats), Task.is_open)
    for task in store.scalars(open_ones.with_for_update(key_share=True)):
        ending = ends.get((task.seat_id or 0, task.kind))
        if ending is not None:
            close(store, task, ending, now)


def close(store: Store, task: Task, ending: TaskEnding, now: datetime) -> None:
    """Close the task as done with the outcome that came about by itself; withdraw it when there is none."""
    if not ending.outcome:
        task.withdraw(store, ending.why, by=None, now=now)
        return
    task.done_at, task.outcome = now, ending.outcome
    events.record(store, Tag.TASK_DONE, task=task, by=None, now=now, outcome=ending.outcome)


def close_marked_rooms(store: Store, pictures: Sequence[Picture], now: datetime) -> None:
    """End the tasks *mark the room* of sessions that somebody has looked at, or for which evidence has come after all."""
    asked = {p.seat.session_id: p for p in pictures if Rung.MARK_ROOM in p.taken}
    if not asked:
        return
    open_ones = select(Task).where(
        among(store, Task.session_id, asked),
        Task.is_open,
        Task.kind == TaskKind.MARK_ROOM,
    )
    for task in store.scalars(open_ones.with_for_update(key_share=True)):
        room = asked[task.session_id or 0].facts.room
        if not room.silent(now):
            word = "marked" if room.looked_at else "evidence"
            close(store, task, TaskEnding(task.kind, word, word), now)
