"""What chores have set aside or fail at, and who learns of it (R13): a task for the program's coordinator, a line on Now, in
`rejoin doctor` and in `/metrics`; a chore that keeps failing makes `/readyz` fail and raises the banner."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, null, select

from webapp import batches
from webapp.batches import Batch, SetAside
from webapp.care.contact import task_owners, tasks
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import RoleName
from webapp.care.schedule.series import Series
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store

CHORE = "chore"
"""The subject of a row that is about a chore as a whole."""
KEEPS_FAILING = 3
"""Failures in a row after which a chore is said to fail: a lock that was held for a moment is none."""
FORGOTTEN_AFTER = timedelta(minutes=5)
"""A chore that fails is tried again within a minute. One that was not tried for so long belongs to a worker that is gone."""
LOOK_WITHIN = timedelta(minutes=30)
"""Somebody's reminders may stand still meanwhile."""
MOST_NAMED = 20


def chore_failed(database: Database, chore: str, error: Exception, now: datetime) -> None:
    """Write down that a chore raised as a whole."""
    batches.set_aside(database, Batch(chore, CHORE, None, _nobodys), 0, error, now)


def chore_works(database: Database, chore: str) -> None:
    """It came round: what was said of it is over."""
    said = SetAside.subject == CHORE, SetAside.chore == chore
    with database.reading() as store:
        if store.scalar(select(SetAside.count).where(*said)) is None:
            return
    with database.writing() as store:
        store.execute(delete(SetAside).where(*said))
        store.commit()


def failing(store: Store, now: datetime) -> Sequence[SetAside]:
    """The chores that keep failing."""
    found = select(SetAside).where(
        SetAside.subject == CHORE, SetAside.count >= KEEPS_FAILING,
        SetAside.last_at > now - FORGOTTEN_AFTER,
    )  # fmt: skip
    return store.scalars(found.order_by(SetAside.first_at)).all()


def rows(store: Store) -> Sequence[SetAside]:
    """Everything that is set aside, the longest first."""
    found = select(SetAside).where(SetAside.subject != CHORE)
    return store.scalars(found.order_by(SetAside.first_at, SetAside.subject_id)).all()


def count(store: Store, program_id: int | None = None) -> int:
    """How many rows are set aside, of a program or of all."""
    found = select(func.count()).select_from(SetAside).where(SetAside.subject != CHORE)
    if program_id is not None:
        found = found.where(SetAside.program_id == program_id)
    return store.scalar(found) or 0


def tell(database: Database, now: datetime) -> int:
    """Chore: open a task for the coordinator about what was set aside in a program, and withdraw it once all of that went
    through. Returns how many tasks it touched. Costs a look at two small tables."""
    with database.reading() as store:
        if not rows(store) and store.scalar(_open_tasks().limit(1)) is None:
            return 0
    with database.writing() as store:
        aside: dict[tuple[int, str], list[SetAside]] = defaultdict(list)
        for each in rows(store):
            if each.program_id is not None:
                aside[each.program_id, each.chore].append(each)
        about = {
            (task.program_id, str(task.brief["chore"])): task
            for task in store.scalars(_open_tasks())
        }
        touched = sum(_told(store, *place, found, about, now) for place, found in aside.items())
        for place in about.keys() - aside.keys():
            about[place].withdraw(store, "mended", by=None, now=now)
            touched += 1
        store.commit()
    return touched


def _open_tasks() -> Select[Task]:
    return select(Task).where(Task.kind == TaskKind.SET_ASIDE, Task.is_open)


def _told(
    store: Store,
    program_id: int,
    chore: str,
    found: list[SetAside],
    about: dict[tuple[int, str], Task],
    now: datetime,
) -> int:
    """Say it in the open task, or open one. What a person closed is opened again only by something new."""
    brief: dict[str, Any] = {
        "chore": chore, "subject": found[0].subject, "count": len(found),
        "rows": [each.subject_id for each in found[:MOST_NAMED]],
    }  # fmt: skip
    if found[0].subject == "series":
        theirs = select(Series.title).where(Series.id.in_(brief["rows"]))
        brief["titles"] = list(store.scalars(theirs.order_by(Series.title)))
    if task := about.get((program_id, chore)):
        changed = task.brief != brief
        task.brief = brief
        return int(changed)
    newest = max(found, key=lambda each: each.first_at)
    key = f"{TaskKind.SET_ASIDE}:{chore}:{newest.subject_id}:{newest.first_at:%Y%m%d%H%M%S}"
    if store.scalar(select(Task.id).where(Task.key == key)):
        return 0
    known = task_owners.read(store, (), now)
    tasks.open_one(
        store, key=key, kind=TaskKind.SET_ASIDE, program_id=program_id, due_at=now + LOOK_WITHIN,
        now=now, owner_id=known.of(None, program_id, RoleName.COORDINATOR), brief=brief,
        **_about(store, found),
    )  # fmt: skip
    return 1


def _about(store: Store, found: list[SetAside]) -> dict[str, Any]:
    """Whose place or which session it is about, where it is about one."""
    [one, *more] = found
    if more or one.subject not in ("seat", "session"):
        return {}
    if one.subject == "session":
        return {"session": store.get(Session, one.subject_id)}
    seat = store.get(Seat, one.subject_id)
    return {"seat": seat, "client": seat.client} if seat else {}


def _nobodys(_number: int) -> Select[Any]:
    return select(null())
