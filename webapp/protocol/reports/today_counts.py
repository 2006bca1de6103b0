"""Counts for a client's Today page, in one statement: sessions to catch up on, homework, messages, held places, plans.

Sessions to catch up on are counted by a select of their own, because standings cost several statements. It never counts a
session that *Catch up* would not list (a test compares it with `misses.of` on generated rows); it leaves out sessions that
the client attended in part, and those whose evidence staff corrected.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, and_, bindparam, exists, func, not_, or_, select

from webapp.care.attendance import one_device, room_evidence
from webapp.care.attendance.absences import AbsenceReport, Excusal
from webapp.care.attendance.presence import EvidenceType, Presence
from webapp.care.audit.account_changes import AccountChange
from webapp.care.catch_up.follow_ups import FollowUp
from webapp.care.contact.messages import Message, ReadMark
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.care.materials.homework import HandIn, Homework
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.reports import misses

SETTLED = timedelta(minutes=15)
"""How long after a session's end a tap on Join may still hold the ladder (rule 7)."""
PLAN_IS_NEW = timedelta(days=7)


class TodayCounts(NamedTuple):
    """Counts, and the ids that their links need."""

    catch_up: int
    """Sessions to catch up on."""
    homework: int
    """Homework that has not been handed in."""
    one_homework: int | None
    messages: int
    """From the care team, unread."""
    held_seat: int | None
    """The missed seat for which a place is held; of several, the one whose hold expires first."""
    held_until: datetime | None
    plan_at: datetime | None
    """When a re-engagement plan was made with them, within `PLAN_IS_NEW`."""
    account_change: int | None
    """The latest change to their account that they have not dismissed."""

    @property
    def anything(self) -> bool:
        return bool(
            self.catch_up or self.homework or self.messages or self.held_seat or self.plan_at
        )


def of(store: Store, client_id: int, now: datetime) -> TodayCounts:
    """The counts for this client at `now`. One statement, each part of it by an index that begins with the client; grows
    with the client's own seats of the last two months, homework and unread messages."""
    asked = {
        "me": client_id, "now": now, "from": now - misses.BACK, "until": now - SETTLED,
        "plans": now - PLAN_IS_NEW,
    }  # fmt: skip
    return TodayCounts._make(store.execute(_statement(), asked).one())


ME: BindParameter[int] = bindparam("me")
NOW: BindParameter[datetime] = bindparam("now")


@cache
def _statement() -> Select[Any]:
    """Built once; the columns are those of `TodayCounts`."""
    open_homework = _homework().subquery()
    work = select(func.count(), func.min(open_homework.c.id)).select_from(open_homework).subquery()
    held = _held().subquery()
    return select(
        select(func.count()).select_from(_to_catch_up().subquery()).scalar_subquery(),
        *work.c,
        _unread().scalar_subquery(),
        select(held.c.seat_id).scalar_subquery(),
        select(held.c.until).scalar_subquery(),
        select(func.max(Plan.made_at))
        .where(Plan.client_id == ME, Plan.made_at > bindparam("plans"))
        .scalar_subquery(),
        select(func.max(AccountChange.id))
        .where(AccountChange.person_id == ME, ~AccountChange.is_dismissed)
        .scalar_subquery(),
    )


def _to_catch_up() -> Select[Any]:
    """Seats in sessions that are over, in which nobody saw the client, and that were not talked through yet."""
    there = and_(Presence.session_id == Seat.session_id, Presence.person_id == Seat.client_id)
    seen = or_(
        exists().where(there, Presence.type.in_(room_evidence.SEEN)), one_device.other_seen()
    )
    reported = exists().where(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
    excused = exists().where(Excusal.seat_id == Seat.id)
    absent = exists().where(there, Presence.type == EvidenceType.ABSENT)
    certain = or_(reported, excused, absent, room_evidence.tells())
    makes_up = exists().where(or_(MakeUp.by_seat_id == Seat.id, MakeUp.partner_seat_id == Seat.id))
    return (
        select(Seat.id)
        .join(Session, Session.id == Seat.session_id)
        .where(Seat.client_id == ME, Seat.is_given, Session.is_on)
        .where(Session.ends_at.between(bindparam("from"), bindparam("until")))
        .where(
            not_(seen), certain, not_(makes_up), not_(exists().where(FollowUp.seat_id == Seat.id))
        )
    )


def _homework() -> Select[Any]:
    """Homework for the client that has not been handed in: of a session of theirs, or for them by name."""
    handed_in = exists().where(HandIn.is_current_of(ME))
    seats = select(Seat.session_id).where(Seat.client_id == ME, Seat.is_given)
    theirs = or_(and_(Homework.for_everyone, Homework.session_id.in_(seats)), Homework.is_named(ME))
    return select(Homework.id).where(theirs, ~Homework.is_withdrawn, ~handed_in)


def _unread() -> Select[int]:
    mark = select(func.max(ReadMark.message_id)).where(
        ReadMark.client_id == ME, ReadMark.person_id == ME
    )
    return select(func.count(Message.id)).where(
        Message.client_id == ME, Message.by_id != ME,
        Message.id > func.coalesce(mark.scalar_subquery(), 0),
    )  # fmt: skip


def _held() -> Select[int, datetime]:
    """The held place that expires first, and the missed seat that it is for."""
    return (
        select(WaitlistEntry.seat_id, HeldPlace.until)
        .join(WaitlistEntry, WaitlistEntry.id == HeldPlace.entry_id)
        .where(WaitlistEntry.client_id == ME, WaitlistEntry.is_waiting)
        .where(HeldPlace.is_held, HeldPlace.until > NOW)
        .order_by(HeldPlace.until)
        .limit(1)
    )
