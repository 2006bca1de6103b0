"""Folds repeated notices about one subject into one: the first goes at once, what follows within ten minutes makes one more (S17).

A client who writes nine messages in a row, or books and gives up a joint hour again and again, causes two notices and not nine:
each later one is held until the ten minutes are over, and takes the place of those that wait
(`objections.superseded`). Cost: one statement by index for each notice of a kind in `FOLDED`.

Changes of a client's own times wait from the first: what came together within ten minutes is told in one notice, at their end, of what is
then true (rule 4). Cost: one statement a range of events.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from webapp.care.audit.events import Event
from webapp.db import Store
from webapp.notify.announcing.notices import PlannedNotice
from webapp.notify.announcing.notices.planned_notice import NEWS_LAST
from webapp.notify.kinds import BOOKINGS, CHANGES, FEEDBACK, FOLDED, NoticeKind
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


def settle(store: Store, changes: Sequence[PlannedNotice]) -> list[PlannedNotice]:
    """These notices of changes as they are to go: one to each person who heard of none in the ten minutes before, of what was
    changed last; or of their schedule as a whole when that was more than one session. A session that now begins within the hour is
    told by itself, at once."""
    waiting = _waiting(store, changes)
    settled: dict[Any, PlannedNotice] = {}
    for notice in changes:
        at = notice.event.at
        if notice.kind != NoticeKind.SESSION_CORRECTED and _begins_soon(notice):
            settled[notice.person_id, notice.session_id] = notice
            continue
        window = waiting.get(notice.person_id)
        if window is None or window.due_at <= at:
            window = waiting[notice.person_id] = Settling(at + WITHIN, set(), [])
        window.sessions.add(notice.session_id)
        window.instants += [notice.about_at] if notice.about_at else []
        if len(window.sessions) > 1:
            notice = replace(
                notice, kind=NoticeKind.SCHEDULE_CHANGED, session_id=None, seat_id=None,
                about_at=min(window.instants, default=None), not_after=at + NEWS_LAST,
            )  # fmt: skip
        settled[notice.person_id, window.due_at] = replace(notice, wait=window.due_at - at)
    return list(settled.values())


@dataclass(slots=True)
class Settling:
    """The ten minutes after a change in which others join it: when it is told, the sessions it is about (None: several), and when
    these begin."""

    due_at: datetime
    sessions: set[int | None]
    instants: list[datetime]


def _waiting(store: Store, changes: Sequence[PlannedNotice]) -> dict[int, Settling]:
    """Person → the window of theirs that is open."""
    if not changes:
        return {}
    row, since = Notification, min(notice.event.at for notice in changes)
    found = (
        select(row.person_id, row.due_at, row.session_id, row.about_at)
        .where(row.is_open, row.due_at > since, row.kind.in_(CHANGES))
        .where(row.attempts == 0, row.client_id == row.person_id)
        .where(row.person_id.in_({notice.person_id for notice in changes}))
    )
    windows: dict[int, Settling] = {}
    for person_id, due_at, session_id, about_at in store.execute(found):
        window = windows.setdefault(person_id, Settling(due_at, set(), []))
        window.sessions.add(session_id)
        window.instants += [about_at] if about_at else []
    return windows


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
