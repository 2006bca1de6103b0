"""Which notices each kind of event leads to, reminders aside: to whom, of which kind, and until when they are of use."""

from collections.abc import Callable, Iterator
from typing import Any

from webapp.care.audit.tags import Tag
from webapp.db import Store
from webapp.notify.announcing.notices import (
    accounts,
    make_ups,
    partners,
    reading,
    session_changes,
    tasks,
)
from webapp.notify.announcing.notices.planned_notice import PlannedNotice

__all__ = ["TAGS", "PlannedNotice", "planned_notices"]


def planned_notices(store: Store, event: Any, fields: dict[str, Any]) -> list[PlannedNotice]:
    """The notices that `event` (a row of the chain) leads to. `fields` are its declared fields."""
    return list(_PLANNERS[Tag(event.tag)](store, event, fields))


_PLANNERS: dict[Tag, Callable[[Store, Any, dict[str, Any]], Iterator[PlannedNotice]]] = {
    Tag.PARTNER_REMINDER_DUE: session_changes.partner_reminder,
    Tag.ABSENCE_REPORTED: partners.absence_reported,
    Tag.PARTNER_NOTE_WRITTEN: partners.note_written,
    Tag.SESSION_CONFIRMED: partners.confirmed,
    Tag.SESSION_MOVED: session_changes.moved,
    Tag.SESSION_CANCELLED: session_changes.cancelled,
    Tag.SESSION_CHANGED: session_changes.changed,
    Tag.SESSION_REINSTATED: session_changes.reinstated,
    Tag.SESSION_TIME_CORRECTED: session_changes.time_corrected,
    Tag.SEAT_GIVEN: session_changes.place_changed,
    Tag.SEAT_RELEASED: session_changes.place_changed,
    Tag.GROUP_TIME_CHANGED: session_changes.group_time_changed,
    Tag.TASK_OPENED: tasks.task_opened,
    Tag.TASK_HANDED_OVER: tasks.task_opened,
    Tag.CRISIS_WORDS: tasks.crisis_words,
    Tag.TASK_NUDGED: tasks.task_overdue,
    Tag.TASK_RAISED: tasks.task_overdue,
    Tag.ADDRESS_TESTED: tasks.tested,
    Tag.ACCOUNT_RECOVERED: accounts.changed,
    Tag.FEED_OPENED: accounts.calendar_link,
    Tag.PASSKEY_ADDED: accounts.changed,
    Tag.PASSWORD_CHANGED: accounts.changed,
    Tag.SECOND_FACTOR_SET: accounts.changed,
    Tag.PASSKEY_REMOVED: accounts.changed,
    Tag.SECOND_FACTOR_REMOVED: accounts.changed,
    Tag.RECOVERY_CODES_MADE: accounts.changed,
    Tag.OWN_COPY_TAKEN: accounts.copy_taken,
    Tag.ADDRESS_ADDED: accounts.address_added,
    Tag.ADDRESS_STOPPED: accounts.address_stopped,
    Tag.ADDRESS_MARKED: accounts.address_closed,
    Tag.ADDRESS_SWITCHED_OFF: accounts.address_closed,
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
TAGS = tuple(_PLANNERS)
