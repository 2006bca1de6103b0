"""Folds repeated notices about one subject into one: the first goes at once, what follows within ten minutes makes one more (S17).

A client who writes nine messages in a row, or books and gives up a joint hour again and again, causes two notices and not nine:
each later one is held until the ten minutes are over, and takes the place of those that wait
(`objections.superseded`). Cost: one statement by index for each notice of a kind in `FOLDED`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from webapp.care.audit.events import Event
from webapp.db import Store
from webapp.notify.announcing.notices import PlannedNotice
from webapp.notify.kinds import BOOKINGS, FEEDBACK, FOLDED
from webapp.notify.outbox import Notification

WITHIN = timedelta(minutes=10)
AT_ONCE_BEFORE = timedelta(hours=1)
"""What begins within this time is told at once, however often it changes (rule 4)."""
_LOOKED_THROUGH = 200
"""Events of a client that are looked through for an earlier notice: far more than the limits allow in ten minutes."""


def fold(store: Store, planned: Iterable[PlannedNotice]) -> Iterator[PlannedNotice]:
    """These notices in their order, each held back as long as it must be."""
    due: dict[tuple[Any, ...], datetime] = {}
    for notice in planned:
        at, kinds = notice.event.at, FOLDED.get(notice.kind)
        if kinds is None or notice.event.client_id is None or _begins_soon(notice):
            yield notice
            continue
        about = _about(notice)
        key = (notice.event.client_id, notice.person_id, kinds, *about.values())
        last = due.get(key) or store.scalar(_last_due(notice, kinds, about))
        due[key] = _after(last, at)
        yield replace(notice, wait=due[key] - at)


def _begins_soon(notice: PlannedNotice) -> bool:
    return notice.about_at is not None and notice.about_at - notice.event.at < AT_ONCE_BEFORE


def _about(notice: PlannedNotice) -> dict[str, Any]:
    """What two notices must have in common, beside client, recipient and kinds, to be about the same."""
    if notice.kind in BOOKINGS:
        return {"about_at": notice.about_at}
    return {"about_id": notice.about_id} if notice.kind in FEEDBACK else {}


def _after(last: datetime | None, at: datetime) -> datetime:
    """When a notice of `at` goes, after one that went or is to go at `last`."""
    if last is None or last <= at - WITHIN:
        return at
    return last if last > at else last + WITHIN


def _last_due(notice: PlannedNotice, kinds: frozenset[Any], about: dict[str, Any]) -> Any:
    """When the latest notice about the same, to the same person, went or is to go."""
    earlier = (
        select(Event.id)
        .where(Event.client_id == notice.event.client_id, Event.id < notice.event.id)
        .order_by(Event.id.desc())
        .limit(_LOOKED_THROUGH)
        .subquery()
    )
    same = (
        select(func.max(Notification.due_at))
        .join(earlier, earlier.c.id == Notification.event_id)
        .where(Notification.person_id == notice.person_id, Notification.kind.in_(kinds))
    )
    return same.filter_by(**about)
