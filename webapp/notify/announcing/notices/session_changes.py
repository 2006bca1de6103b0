"""Notices of moved and cancelled sessions, and reminders for a partner."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.privacy.consents import Category, covers
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import PlannedNotice
from webapp.notify.kinds import CHECKS, REMINDERS, NoticeKind
from webapp.notify.outbox import LATE_ENOUGH, Notification

TELLS_A_TIME = (
    *REMINDERS, *CHECKS, NoticeKind.PARTNER_REMINDER, NoticeKind.SESSION_MOVED,
    NoticeKind.MAKE_UP_BOOKED,
)  # fmt: skip


def partner_reminder(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A reminder fell due for a person whom the client's consent names; the consent is checked again before it goes (P1)."""
    starts_at = store.scalar(select(Session.starts_at).where(Session.id == event.session_id))
    if starts_at is not None:
        yield PlannedNotice(
            event, fields["recipient"], NoticeKind.PARTNER_REMINDER, starts_at + LATE_ENOUGH, starts_at,
            client_id=event.client_id, seat_id=event.seat_id, session_id=event.session_id,
            consent=Category.REMINDERS,
        )  # fmt: skip


def moved(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A session was moved: to everybody who was told its time."""
    starts_at, ends_at = (datetime.fromisoformat(fields[name]) for name in ("starts_at", "ends_at"))
    return _change(store, event, NoticeKind.SESSION_MOVED, starts_at, ends_at)


def cancelled(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A session was cancelled: to everybody who was told its time, but for clients who were to make up for another one there
    (make_ups.py)."""
    ends_at = store.scalar(select(Session.ends_at).where(Session.id == event.session_id))
    starts_at = datetime.fromisoformat(fields["starts_at"])
    found = _change(store, event, NoticeKind.SESSION_CANCELLED, starts_at, ends_at or starts_at)
    making_up = _seats_making_up(store, event.session_id)
    return (notice for notice in found if notice.seat_id not in making_up)


def _change(
    store: Store, event: Any, kind: NoticeKind, about_at: datetime, not_after: datetime
) -> Iterator[PlannedNotice]:
    """One notice to everybody who was told a time of this session that is no longer right (rule 4). Whoever is not the client is
    told under a consent for the schedule alone: that is the one which covers it (42 CFR 2.31(a)(3)), whichever consent they
    had been told the time under.

    A row that a worker has leased counts as told: it may have been sent.
    """
    allowed = covers(Seat.client_id, Notification.person_id, Category.SCHEDULE, event.at)
    people_told = (
        select(Notification.person_id, Seat.id, Seat.client_id)
        .join(Seat, Seat.id == Notification.seat_id)
        .where(Seat.session_id == event.session_id, Seat.is_given)
        .where(or_(Notification.person_id == Seat.client_id, allowed))
        .where(Notification.kind.in_(TELLS_A_TIME))
        .where(
            or_(
                Notification.sent_at.is_not(None),
                Notification.is_open & (Notification.attempts > 0),
            )
        )
        .distinct()
    )
    for person_id, seat_id, client_id in store.execute(people_told):
        yield PlannedNotice(
            event, person_id, kind, not_after, about_at, client_id=client_id, seat_id=seat_id,
            session_id=event.session_id,
            consent=Category.SCHEDULE if person_id != client_id else None,
        )  # fmt: skip


def _seats_making_up(store: Store, session_id: int) -> set[int]:
    """The seats of a session that are to make up for others, those given up aside."""
    by = or_(MakeUp.by_seat_id == Seat.id, MakeUp.partner_seat_id == Seat.id)
    open_ones = select(Seat.id).join(MakeUp, by).where(Seat.session_id == session_id)
    return set(store.scalars(open_ones.where(MakeUp.is_open)))
