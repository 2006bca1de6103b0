"""The chore *tend*: reminds of overdue tasks (rule 9), asks coordinators about rooms (rule 7) and opens pattern reviews.

Overdue and unacknowledged: the owner is nudged, or the cover when the owner is away. Half an hour later the supervisor is
told too. A question about a room that its host has not answered goes to the coordinator. Cost: open overdue tasks only, by index.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, or_, select

from webapp import batches
from webapp.batches import Batch
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import task_owners, tasks
from webapp.care.contact.task_owners import Owners
from webapp.care.contact.tasks import ABOUT_ROOMS, Attempt, Task
from webapp.care.directory.people import RoleName
from webapp.db import Database, Store
from webapp.protocol.engine import open_tasks, pattern_reviews

RAISED_AFTER = timedelta(minutes=30)
BATCH = 500
OVERDUE = Batch("nudge", "task", Task.id, tasks.program_of, BATCH)
ROOMS = Batch("ask coordinators", "task", Task.id, tasks.program_of, BATCH)
UNANSWERED = Batch("tell supervisors", "task", Task.id, tasks.program_of, BATCH)


def tend(database: Database, now: datetime) -> int:
    """Ask coordinators about rooms, remind owners of overdue tasks, tell supervisors, review patterns. Returns how many tasks it
    found."""
    found = batches.run_batch(database, now, ROOMS, with_host(now), _each(ask_coordinator, now))
    found += batches.run_batch(database, now, OVERDUE, overdue(now), _each(nudge, now))
    found += batches.run_batch(
        database, now, UNANSWERED, unanswered(now), _each(tell_supervisor, now)
    )
    return found + pattern_reviews.review(database, now)


def with_host(as_of: datetime) -> Select[Task]:
    """Questions about a room that are due and were not handed on yet, acknowledged by the host or not (rule 7)."""
    return (
        select(Task)
        .where(
            Task.is_open,
            Task.due_at <= as_of,
            Task.kind.in_(ABOUT_ROOMS),
            Task.nudged_at.is_(None),
        )
        .order_by(Task.due_at)
    )


def overdue(as_of: datetime) -> Select[Task]:
    """Open tasks past due that nobody has acknowledged, or whose next attempt is past due; not yet nudged about that."""
    tried = exists().where(Attempt.task_id == Task.id)
    return (
        select(Task)
        .where(
            Task.is_open,
            Task.due_at <= as_of,
            or_(~Task.is_acknowledged, tried),
            or_(Task.nudged_at.is_(None), Task.nudged_at < Task.due_at),
        )
        .order_by(Task.due_at)
    )


def unanswered(as_of: datetime) -> Select[Task]:
    """Tasks that nobody has acknowledged although the owner was reminded half an hour ago (`RAISED_AFTER`)."""
    return (
        select(Task)
        .where(
            Task.is_open,
            Task.due_at <= as_of - RAISED_AFTER,
            Task.nudged_at >= Task.due_at,
            or_(~Task.is_acknowledged, exists().where(Attempt.task_id == Task.id)),
            or_(Task.raised_at.is_(None), Task.raised_at < Task.due_at),
        )
        .order_by(Task.due_at)
    )


def nudge(store: Store, task: Task, owners: Owners, now: datetime) -> None:
    """Remind the owner; when they are away the cover has the task from now on, when they have left whoever has its role."""
    owner = owners.with_cover(task.owner_id) or owners.of(
        task.client_id, task.program_id, task.role
    )
    if owner != task.owner_id:
        task.hand_over(store, owner, by=None, now=now)
    task.nudged_at = now
    events.record(store, Tag.TASK_NUDGED, task=task, by=None, now=now, owner=owner)


def ask_coordinator(store: Store, task: Task, owners: Owners, now: datetime) -> None:
    """Hand a question about a room from the host to the coordinator; where there is none but the host, remind the host."""
    coordinator = owners.of(None, task.program_id, RoleName.COORDINATOR)
    if coordinator is None or coordinator == task.owner_id:
        nudge(store, task, owners, now)
        return
    task.due_at, task.nudged_at = now + open_tasks.HOST_ANSWERS_WITHIN, now
    task.hand_over(store, coordinator, by=None, now=now)


def tell_supervisor(store: Store, task: Task, owners: Owners, now: datetime) -> None:
    """Record that the supervisor is to be told of the task too."""
    task.raised_at = now
    supervisor = owners.of(task.client_id, task.program_id, RoleName.SUPERVISOR)
    events.record(store, Tag.TASK_RAISED, task=task, by=None, now=now, supervisor=supervisor)


def _each(act: Callable[[Store, Task, Owners, datetime], None], now: datetime) -> batches.Act:
    """Does it to each of a batch, with the owners read once for all."""

    def all_of(store: Store, tasks: Sequence[Task]) -> int:
        known = task_owners.read(store, {task.client_id for task in tasks if task.client_id}, now)
        for task in tasks:
            act(store, task, known, now)
        return len(tasks)

    return all_of
