"""Settlement: booked make-ups meet what became of their sessions. A chore looks; nobody has to say so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, or_, select

from webapp import batches
from webapp.batches import Batch
from webapp.care.attendance import attended
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.make_ups import make_ups
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store

CERTAIN_AFTER = timedelta(hours=24)
"""After its session's end, when nobody confirmed who was there: evidence comes late, marks are made the next morning."""
OFTEN, OFTEN_FOR = timedelta(minutes=15), timedelta(hours=48)
SELDOM, SELDOM_FOR = timedelta(days=1), timedelta(days=90)
"""How often a session that is over is looked at again, and how long: staff may correct presence for 90 days (rule 10)."""


def _program_of(make_up_id: int) -> Select[int]:
    """Whose it is, by the session that was missed."""
    theirs = select(Session.program_id).join(Seat, Seat.session_id == Session.id)
    return theirs.join(MakeUp, MakeUp.seat_id == Seat.id).where(MakeUp.id == make_up_id)


GONE = Batch("give up make-ups", "make_up", MakeUp.id, _program_of)
DUE = Batch("settle make-ups", "make_up", MakeUp.id, _program_of)


def settle(database: Database, now: datetime, limit: int = 200) -> int:
    """Chore: complete make-ups whose session was attended, give up those that can't take place or that the client told us
    they can't come to, and let go by those nobody came to. Answers how many it looked at."""

    def give_up(store: Store, gone: Sequence[MakeUp]) -> int:
        for made in gone:
            made.cancel(store, by=None, now=now, why=_why(made))
        return len(gone)

    def settle_due(store: Store, due: Sequence[MakeUp]) -> int:
        _settle(store, due, now)
        return len(due)

    found = batches.walk(database, now, replace(GONE, limit=limit), _cannot_be(now), give_up)
    return found + batches.walk(database, now, replace(DUE, limit=limit), _due(now), settle_due)


def _settle(store: Store, due: Sequence[MakeUp], now: datetime) -> None:
    seats = [made.by_seat for made in due if made.by_seat is not None]
    came = attended.attended(store, seats, now)
    for made in due:
        if made.by_seat_id in came and not _replaced(store, made):
            made.complete(store, by=None, now=now)
            continue
        session = made.by_seat.session if made.by_seat is not None else made.seat.session
        certain = session.confirmed_at is not None or now >= session.ends_at + CERTAIN_AFTER
        if session.ends_at <= now and certain:
            made.lapse(store, now=now)
        made.next_look_at = _next_look(session, now)


def _next_look(session: Session, now: datetime) -> datetime | None:
    """When to look again; None when corrections come no more."""
    if session.ends_at > now:
        return session.ends_at
    over_for = now - session.ends_at
    if over_for < OFTEN_FOR:
        return now + OFTEN
    return now + SELDOM if over_for < SELDOM_FOR else None


def _replaced(store: Store, made: MakeUp) -> bool:
    """Lapsed, and something else stands for that seat by now."""
    others = make_ups.standing_for([made.seat_id]).where(MakeUp.id != made.id)
    return made.lapsed_at is not None and store.scalar(others.limit(1)) is not None


def _cannot_be(now: datetime) -> Select[MakeUp]:
    """Open make-ups whose place was taken back, whose session was called off, or which the client can't come to."""
    told = (
        select(AbsenceReport.id)
        .where(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
        .exists()
    )
    return (
        select(MakeUp)
        .join(Seat, Seat.id == MakeUp.by_seat_id)
        .join(Session, Session.id == Seat.session_id)
        .where(MakeUp.is_open)
        .where(
            or_(
                ~Seat.is_given,
                ~Session.is_on,
                and_(told, Session.starts_at > now),
            )
        )
        .order_by(MakeUp.id)
    )


def _why(made: MakeUp) -> str:
    assert made.by_seat is not None
    if made.by_seat.session.cancelled_at:
        return "session_cancelled"
    return "place_taken_back" if made.by_seat.released_at else "told"


def _due(now: datetime) -> Select[MakeUp]:
    """Make-ups to look at: booked or lapsed ones whose session is over."""
    found = select(MakeUp).where(MakeUp.next_look_at <= now, MakeUp.by_seat_id.is_not(None))
    return found.where(MakeUp.completed_at.is_(None), ~MakeUp.is_cancelled).order_by(
        MakeUp.next_look_at
    )
