"""Work for staff, and the test notice a person asks for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from webapp.care.contact.addresses import Address
from webapp.care.contact.tasks import TaskKind
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import PlannedNotice
from webapp.notify.kinds import NoticeKind

TASK_NEWS_LASTS = timedelta(days=1)
"""After its due; a task itself never goes away (rule 9)."""
TEST_LASTS = timedelta(minutes=10)


def task_opened(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Its owner has something new on their list."""
    room = fields["kind"] == TaskKind.MARK_ROOM
    kind = NoticeKind.MARK_ROOM if room else NoticeKind.TASK_OPENED
    return _task(event, kind, fields.get("owner"), fields.get("due_at"))


def task_overdue(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """The owner is reminded, or the supervisor told too (rule 9)."""
    whom = fields.get("supervisor") or fields.get("owner")
    return _task(event, NoticeKind.TASK_OVERDUE, whom, None)


def _task(
    event: Any, kind: NoticeKind, whom: int | None, due: str | None
) -> Iterator[PlannedNotice]:
    """Staff learn that there is work, and not about whom. Nobody's task stands on everybody's list instead."""
    if whom is None:
        return
    due_at = datetime.fromisoformat(due) if due else event.at
    yield PlannedNotice(
        event, whom, kind, due_at + TASK_NEWS_LASTS, due_at, client_id=event.client_id,
        task_id=event.task_id,
    )  # fmt: skip


def tested(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A person asked for a test notice, at that very address and no other."""
    channel = store.scalar(select(Address.channel).where(Address.id == fields["address"]))
    if channel:
        yield PlannedNotice(
            event, fields["person"], NoticeKind.TEST_NOTICE, event.at + TEST_LASTS,
            address=(channel, fields["address"]),
        )  # fmt: skip
