"""Notices of tasks to staff, and the test notice that a person asks for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address
from webapp.care.contact.tasks import ABOUT_ROOMS, TaskKind
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import PlannedNotice
from webapp.notify.kinds import NoticeKind

TASK_NOTICE_LASTS = timedelta(days=1)
"""After the task is due; the task itself stays (rule 9)."""
TEST_LASTS = timedelta(minutes=10)


_OPENED = {kind.value: NoticeKind.MARK_ROOM for kind in ABOUT_ROOMS} | {
    TaskKind.CRISIS.value: NoticeKind.TASK_URGENT,
}


def task_opened(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A task was opened or handed over: to its owner. Of words of crisis `crisis_words` tells."""
    if fields["kind"] == TaskKind.CRISIS and event.tag == Tag.TASK_OPENED:
        return iter(())
    kind = _OPENED.get(fields["kind"], NoticeKind.TASK_OPENED)
    return _task(event, kind, fields.get("owner"), fields.get("due_at"))


def crisis_words(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Words of crisis came in: to the task's owner and the supervisor at once, by every channel that they allow (rule 16)."""
    told = (fields.get("owner"), fields.get("supervisor"))
    for person_id in dict.fromkeys(person for person in told if person is not None):
        yield from _task(event, NoticeKind.TASK_URGENT, person_id, None)


def task_overdue(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A task is overdue: to its owner, or to the supervisor (rule 9)."""
    person_id = fields.get("supervisor") or fields.get("owner")
    urgent = fields["kind"] == TaskKind.CRISIS
    kind = NoticeKind.TASK_URGENT if urgent else NoticeKind.TASK_OVERDUE
    return _task(event, kind, person_id, None)


def _task(
    event: Any, kind: NoticeKind, person_id: int | None, due: str | None
) -> Iterator[PlannedNotice]:
    """A notice that there is work, without saying about which client. None for a task without owner: it is on everybody's list."""
    if person_id is None:
        return
    due_at = datetime.fromisoformat(due) if due else event.at
    yield PlannedNotice(
        event, person_id, kind, due_at + TASK_NOTICE_LASTS, due_at, client_id=event.client_id,
        task_id=event.task_id, everywhere=kind is NoticeKind.TASK_URGENT,
    )  # fmt: skip


def tested(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A person asked for a test notice: at that address and no other."""
    channel = store.scalar(select(Address.channel).where(Address.id == fields["address"]))
    if channel:
        yield PlannedNotice(
            event, fields["person"], NoticeKind.TEST_NOTICE, event.at + TEST_LASTS,
            address=(channel, fields["address"]),
        )  # fmt: skip
