"""Opens a task for staff when a client can't be told of a change of their own times: they have no working address (rule 4)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from webapp.bulk import among
from webapp.care.contact import task_owners, tasks
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Person, RoleName, Status
from webapp.db import Store

WITHIN = timedelta(hours=2)
"""By when somebody should have told them, if it is not sooner that the session begins."""


class Untold(NamedTuple):
    """A change that a client was not told: the event, the client, and when the session begins, if it is about one."""

    event_id: int
    client_id: int
    about_at: datetime | None


def open_tasks(store: Store, untold: Iterable[Untold], now: datetime) -> None:
    """One task for each of these clients who has none of this kind open. Grows with them; nothing is read when there are none."""
    first: dict[int, Untold] = {}
    for each in untold:
        first.setdefault(each.client_id, each)
    if not first:
        return
    known = task_owners.read(store, first, now)
    waiting = select(Task.client_id).where(Task.kind == TaskKind.TELL_CHANGE, Task.is_open)
    asked = set(store.scalars(waiting.where(among(store, Task.client_id, first))))
    people = select(Person).where(among(store, Person.id, first), Person.status == Status.ACTIVE)
    for client in store.scalars(people.order_by(Person.id)).all():
        change = first[client.id]
        if client.id in asked:
            continue
        soon = change.about_at or now + WITHIN
        tasks.open_one(
            store, key=f"{TaskKind.TELL_CHANGE}:{change.event_id}:{client.id}",
            kind=TaskKind.TELL_CHANGE, program_id=client.program_id, client=client, now=now,
            due_at=max(now, min(soon, now + WITHIN)),
            owner_id=known.of(client.id, client.program_id, RoleName.COORDINATOR),
        )  # fmt: skip
