"""Notices of changes of sessions and of places in them, and reminders for a partner (rule 4)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from webapp.bulk import rows
from webapp.care.audit.tags import Tag
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.privacy.consents import Category, covers
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import PlaceReason, Seat, Session
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import NEWS_LAST, PlannedNotice
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
    """A session was moved: to everybody with a place there, and to others who were told its time."""
    starts_at, ends_at = (datetime.fromisoformat(fields[name]) for name in ("starts_at", "ends_at"))
    kind = NoticeKind.SESSION_MOVED
    yield from _to_holders(store, event, kind, starts_at, ends_at)
    yield from _to_others_told(store, event, kind, starts_at, ends_at)


def cancelled(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A session was cancelled: to everybody with a place there, but for clients who were to make up for another one there
    (make_ups.py), and to others who were told its time."""
    ends_at = store.scalar(select(Session.ends_at).where(Session.id == event.session_id))
    starts_at = datetime.fromisoformat(fields["starts_at"])
    kind, until = NoticeKind.SESSION_CANCELLED, ends_at or starts_at
    if until <= event.at:
        return
    making_up = _seats_making_up(store, event.session_id)
    for notices in (_to_holders, _to_others_told):
        for notice in notices(store, event, kind, starts_at, until):
            if notice.seat_id not in making_up:
                yield notice


def reinstated(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A cancelled session takes place after all: to everybody with a place there who was told that it was off."""
    starts_at, ends_at = (datetime.fromisoformat(fields[name]) for name in ("starts_at", "ends_at"))
    told = _told_that_it_is_off(store, event, datetime.fromisoformat(fields["off_since"]))
    for notice in _to_holders(store, event, NoticeKind.SESSION_REINSTATED, starts_at, ends_at):
        if notice.person_id in told:
            yield notice


def time_corrected(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """It was corrected when a session took place: to everybody with a place there (rule 14)."""
    starts_at, until = datetime.fromisoformat(fields["starts_at"]), event.at + NEWS_LAST
    return _to_holders(store, event, NoticeKind.SESSION_CORRECTED, starts_at, until)


def changed(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A one-to-one that is still to come has another host: to its client, who finds on its page who it is."""
    if "host" not in fields:
        return
    times = select(Session.starts_at, Session.ends_at).where(
        Session.id == event.session_id, Session.kind == SessionKind.INDIVIDUAL, Session.is_on,
        Session.starts_at > event.at,
    )  # fmt: skip
    for starts_at, ends_at in store.execute(times):
        yield from _to_holders(store, event, NoticeKind.SCHEDULE_CHANGED, starts_at, ends_at)


def place_changed(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Staff gave a client a place, or took one away: to that client, while the session is still to come."""
    if fields.get("why") != PlaceReason.STAFF or event.by_id == event.client_id:
        return
    given = event.tag == Tag.SEAT_GIVEN
    kind = NoticeKind.PLACE_GIVEN if given else NoticeKind.PLACE_TAKEN
    times = select(Session.starts_at, Session.ends_at).where(Session.id == event.session_id)
    for starts_at, ends_at in store.execute(times.where(Session.is_on)):
        if ends_at > event.at:
            yield _to_client(event, kind, event.client_id, event.seat_id, starts_at, ends_at)


def group_time_changed(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Staff moved a client to another time of the same group: to that client."""
    if event.by_id != event.client_id:
        yield PlannedNotice(
            event, event.client_id, NoticeKind.SCHEDULE_CHANGED, event.at + NEWS_LAST,
            client_id=event.client_id, change=True,
        )  # fmt: skip


def _to_holders(
    store: Store, event: Any, kind: NoticeKind, about_at: datetime, not_after: datetime
) -> Iterator[PlannedNotice]:
    """One notice to each client with a place there, whether or not they had been reminded (rule 4)."""
    places = select(Seat.client_id, Seat.id).where(Seat.session_id == event.session_id)
    for client_id, seat_id in store.execute(places.where(Seat.is_given).order_by(Seat.id)):
        yield _to_client(event, kind, client_id, seat_id, about_at, not_after)


def _to_client(
    event: Any,
    kind: NoticeKind,
    client_id: int,
    seat_id: int,
    about_at: datetime,
    not_after: datetime,
) -> PlannedNotice:
    return PlannedNotice(
        event, client_id, kind, not_after, about_at, client_id=client_id, seat_id=seat_id,
        session_id=event.session_id, change=True,
    )  # fmt: skip


def _to_others_told(
    store: Store, event: Any, kind: NoticeKind, about_at: datetime, not_after: datetime
) -> Iterator[PlannedNotice]:
    """One notice to everybody but the client who was told a time of this session that is no longer right (rule 4), under a consent for
    the schedule alone: that is the one which covers it (42 CFR 2.31(a)(3)), whichever consent they had been told the time under.

    A row that a worker has leased counts as told: it may have been sent.
    """
    allowed = covers(Seat.client_id, Notification.person_id, Category.SCHEDULE, event.at)
    people_told = (
        select(Notification.person_id, Seat.id, Seat.client_id)
        .join(Seat, Seat.id == Notification.seat_id)
        .where(Seat.session_id == event.session_id, Seat.is_given)
        .where(Notification.person_id != Seat.client_id, allowed)
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
            session_id=event.session_id, consent=Category.SCHEDULE,
        )  # fmt: skip


def _told_that_it_is_off(store: Store, event: Any, off_since: datetime) -> set[int]:
    """Whom the last notice about whether this session takes place told that it doesn't, alone or with other changes. A row that a worker
    has leased counts as told."""
    places = select(Seat.client_id, Seat.id).where(Seat.session_id == event.session_id)
    holders = dict(rows(store, places.where(Seat.is_given)))
    row, on = Notification, (NoticeKind.SESSION_CANCELLED, NoticeKind.SESSION_REINSTATED)
    of_this = and_(row.seat_id.in_(holders.values()), row.kind.in_(on))
    of_several = and_(
        row.seat_id.is_(None), row.kind == NoticeKind.SCHEDULE_CHANGED, row.decided_at >= off_since
    )
    told = or_(row.sent_at.is_not(None), row.is_open & (row.attempts > 0))
    last: dict[int, tuple[int, str]] = {}
    for which in (of_this, of_several):
        found = select(row.person_id, row.id, row.kind).where(which, told)
        found = found.where(row.person_id.in_(holders), row.event_id < event.id)
        for person_id, number, kind in rows(store, found):
            last[person_id] = max(last.get(person_id, (0, "")), (number, kind))
    return {who for who, (_, kind) in last.items() if kind != NoticeKind.SESSION_REINSTATED}


def _seats_making_up(store: Store, session_id: int) -> set[int]:
    """The seats of a session that are to make up for others, those given up aside."""
    by = or_(MakeUp.by_seat_id == Seat.id, MakeUp.partner_seat_id == Seat.id)
    open_ones = select(Seat.id).join(MakeUp, by).where(Seat.session_id == session_id)
    return set(store.scalars(open_ones.where(MakeUp.is_open)))
