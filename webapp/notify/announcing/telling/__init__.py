"""Facts other than reminders: whom each is told to, as which notice, and until when that is of use."""

from collections.abc import Callable, Iterator
from typing import Any

from webapp.care.audit.tags import Tag
from webapp.db import Store
from webapp.notify.announcing.telling import accounts, changes, make_ups, reading, work
from webapp.notify.announcing.telling.changes import partner_reminder
from webapp.notify.announcing.telling.planned_notice import Wish

__all__ = ["TOLD", "Wish", "partner_reminder", "wishes"]


def wishes(store: Store, event: Any, fields: dict[str, Any]) -> list[Wish]:
    """Whom `event` (a row of the chain; `fields` its declared fields) is told to."""
    return list(_TELLERS[Tag(event.tag)](store, event, fields))


_TELLERS: dict[Tag, Callable[[Store, Any, dict[str, Any]], Iterator[Wish]]] = {
    Tag.SESSION_MOVED: changes.moved,
    Tag.SESSION_CANCELLED: changes.cancelled,
    Tag.TASK_OPENED: work.task_opened,
    Tag.TASK_HANDED_OVER: work.task_opened,
    Tag.TASK_NUDGED: work.task_overdue,
    Tag.TASK_RAISED: work.task_overdue,
    Tag.ADDRESS_TESTED: work.tested,
    Tag.ACCOUNT_RECOVERED: accounts.changed,
    Tag.PASSKEY_ADDED: accounts.changed,
    Tag.PASSWORD_CHANGED: accounts.changed,
    Tag.SECOND_FACTOR_SET: accounts.changed,
    Tag.PLACE_HELD: make_ups.place_held,
    Tag.MAKE_UP_BOOKED: make_ups.booked,
    Tag.MAKE_UP_CANCELLED: make_ups.cancelled,
    Tag.MAKE_UP_LAPSED: make_ups.lapsed,
    Tag.SUMMARY_PUBLISHED: reading.summary_published,
    Tag.HOMEWORK_SET: reading.published,
    Tag.RESOURCE_PUBLISHED: reading.published,
    Tag.HOMEWORK_ANSWERED: reading.homework_back,
    Tag.HOMEWORK_REOPENED: reading.homework_back,
    Tag.HOMEWORK_HANDED_IN: reading.handed_in,
    Tag.REFLECTION_HANDED_IN: reading.handed_in,
    Tag.REFLECTION_ANSWERED: reading.reflection_back,
    Tag.MESSAGE_WRITTEN: reading.message_written,
}
TOLD = tuple(_TELLERS)
