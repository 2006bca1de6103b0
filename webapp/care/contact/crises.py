"""What follows from words of self-harm or crisis: one urgent task, of which counselor and supervisor are told at once (rule 16).

The words themselves are read by crisis_words.py. The task climbs like that of an outreach (rule 9): unacknowledged at its due its
owner is reminded, half an hour later the supervisor again; away, the cover has it. While it is open further words join it, each with
an event of its own; if somebody has acknowledged it by then, it is theirs anew, since things have changed, and if nobody has, both are
told again, at most once in `CALL_WITHIN`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import crisis_words, task_owners, tasks
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.teams import couple_of
from webapp.db import Store

CALL_WITHIN = timedelta(minutes=10)


class Where(StrEnum):
    """Where the words came in."""

    APP = "app"
    TEXT = "text"
    SHARED_NUMBER = "shared_number"
    """By text from a number of several people: they may be another's."""
    UNKNOWN_NUMBER = "unknown_number"
    SYSTEM = "system"
    """From another system, through the API."""


def heed(
    store: Store,
    writer: Person,
    words: str | None,
    *,
    where: Where,
    by: Person | None,
    now: datetime,
) -> Task | None:
    """Open the urgent task, or join the open one, if `words` are words of crisis; returns it, or None. Of a partner's words it is
    about the client whose partner they are, since that one's care team knows them."""
    return tell(store, writer, where=where, by=by, now=now) if crisis_words.found(words) else None


def tell(store: Store, writer: Person, *, where: Where, by: Person | None, now: datetime) -> Task:
    """Open or join the urgent task about `writer`, as `heed` does for words that have been read."""
    about = writer
    if writer.kind == Kind.SUPPORTER and (couple := store.scalar(couple_of(writer.id))):
        about = couple.partner_of(writer.id)
    store.execute(select(Person.id).where(Person.id == about.id).with_for_update(key_share=True))
    known = task_owners.read(store, [about.id], now)
    owner = known.of(about.id, about.program_id, RoleName.COUNSELOR)
    supervisor = known.of(about.id, about.program_id, RoleName.SUPERVISOR)
    brief = {"where": where.value, "writer": writer.id}
    task = store.scalar(open_about(about.id))
    if task is None:
        earlier = select(func.count()).where(
            Task.client_id == about.id, Task.kind == TaskKind.CRISIS
        )
        number = (store.scalar(earlier) or 0) + 1
        task = _open(
            store, f"{TaskKind.CRISIS}:{about.id}:{number}", about.program_id, about, owner, brief, by,
            now,
        )  # fmt: skip
        _say(store, task, where, owner, supervisor, by, now)
    else:
        _join(store, task, where, owner, supervisor, by, now)
    return task


def tell_of_unknown(
    store: Store, program_id: int, key: str, *, open_task: Task | None, now: datetime
) -> Task:
    """Open the urgent task about words from a number that nobody has, or join `open_task`: for the coordinator, who may know the number,
    and the supervisor. `key` makes a repeat harmless."""
    known = task_owners.read(store, [], now)
    owner = known.of(None, program_id, RoleName.COORDINATOR)
    supervisor = known.of(None, program_id, RoleName.SUPERVISOR)
    where = Where.UNKNOWN_NUMBER
    if open_task is not None:
        _join(store, open_task, where, owner, supervisor, None, now)
        return open_task
    task = _open(store, key, program_id, None, owner, {"where": where.value}, None, now)
    _say(store, task, where, owner, supervisor, None, now)
    return task


def _join(
    store: Store,
    task: Task,
    where: Where,
    owner: int | None,
    supervisor: int | None,
    by: Person | None,
    now: datetime,
) -> None:
    """Add further words to an open task: whose it was is told anew, unless they were told within `CALL_WITHIN`."""
    if task.is_acknowledged:
        task.owner_id, task.acknowledged_at, task.acknowledged_by_id = owner, None, None
        task.due_at = min(task.due_at, now + CALL_WITHIN)
    elif (told := task.brief.get("told_at")) and datetime.fromisoformat(told) > now - CALL_WITHIN:
        owner = supervisor = None
    else:
        owner = task.owner_id or owner
    _say(store, task, where, owner, supervisor, by, now)


def open_about(client_id: int) -> Select[Task]:
    """The open urgent task about a client: one row or none."""
    mine = select(Task).where(Task.client_id == client_id, Task.kind == TaskKind.CRISIS)
    return mine.where(Task.is_open).order_by(Task.id).limit(1)


def _open(
    store: Store,
    key: str,
    program_id: int,
    about: Person | None,
    owner: int | None,
    brief: Mapping[str, Any],
    by: Person | None,
    now: datetime,
) -> Task:
    return tasks.open_one(
        store, key=key, kind=TaskKind.CRISIS, program_id=program_id, due_at=now + CALL_WITHIN, now=now,
        client=about, owner_id=owner, by=by,
        brief={"prompts": PROMPTS, **brief, "told_at": now.isoformat()},
    )  # fmt: skip


PROMPTS = [
    "read_their_words",
    "call_at_once",
    "ask_directly",
    "stay_with_them",
    "who_is_near",
    "write_down",
]
"""What to think of, as keys; the page puts them into words."""


def _say(
    store: Store,
    task: Task,
    where: Where,
    owner: int | None,
    supervisor: int | None,
    by: Person | None,
    now: datetime,
) -> None:
    """Record that words came in, which tells `owner` and `supervisor` (None: nobody)."""
    if owner or supervisor:
        task.brief = {**task.brief, "told_at": now.isoformat()}
    events.record(
        store, Tag.CRISIS_WORDS, task=task, by=by, now=now, where=where.value, owner=owner,
        supervisor=supervisor,
    )  # fmt: skip
