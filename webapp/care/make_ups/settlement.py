"""Settles booked make-ups by who was there: completed, lapsed or cancelled."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, exists, or_, select

from webapp import batches
from webapp.batches import Batch
from webapp.care.attendance import attended, room_evidence
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.make_ups import make_ups
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store

CERTAIN_AFTER = timedelta(hours=24)
"""After its session's end, when nobody has confirmed who was there: evidence comes late, and staff may mark the next morning."""
OFTEN, OFTEN_FOR = timedelta(minutes=15), timedelta(hours=48)
SELDOM, SELDOM_FOR = timedelta(days=1), timedelta(days=90)
"""How often a session that is over is looked at again, and for how long: staff may correct presence for 90 days (rule 10)."""


def _program_of(make_up_id: int) -> Select[int]:
    """The program of the missed session."""
    program = select(Session.program_id).join(Seat, Seat.session_id == Session.id)
    return program.join(MakeUp, MakeUp.seat_id == Seat.id).where(MakeUp.id == make_up_id)


HOPELESS = Batch("give up make-ups", "make_up", MakeUp.id, _program_of)
DUE = Batch("settle make-ups", "make_up", MakeUp.id, _program_of)


def settle(database: Database, now: datetime, limit: int = 200) -> int:
    """Chore: complete make-ups whose session was attended, cancel those that can't take place or that the client reported they
    can't come to, and let those lapse that nobody came to. Commits. Returns how many it looked at."""

    def cancel(store: Store, hopeless: Sequence[MakeUp]) -> int:
        for made in hopeless:
            made.cancel(store, by=None, now=now, why=_why(made))
        return len(hopeless)

    def settle_due(store: Store, due: Sequence[MakeUp]) -> int:
        _settle(store, due, now)
        return len(due)

    hopeless = replace(HOPELESS, limit=limit)
    cancelled = batches.run_batch(database, now, hopeless, _cannot_take_place(now), cancel)
    return cancelled + batches.run_batch(
        database, now, replace(DUE, limit=limit), _due(now), settle_due
    )


def _settle(store: Store, due: Sequence[MakeUp], now: datetime) -> None:
    seats = [made.by_seat for made in due if made.by_seat is not None]
    came = attended.attended(store, seats, now)
    certain = _certain(store, seats, now)
    for made in due:
        if made.by_seat_id in came and not _replaced(store, made):
            made.complete(store, by=None, now=now)
            continue
        session = made.by_seat.session if made.by_seat is not None else made.seat.session
        if session.ends_at <= now and made.by_seat_id in certain:
            made.lapse(store, now=now)
        made.next_look_at = _next_look(session, now)


def _certain(store: Store, seats: Sequence[Seat], now: datetime) -> set[int]:
    """The ids of those seats of which it is certain by now whether their client came: somebody confirmed it; or a day has passed, and the
    client had told us, or the evidence of the room can say who was not there. In a room of which nobody can tell, the seat stays unknown
    and staff are asked (rule 7)."""
    if not seats:
        return set()
    told = exists().where(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
    late = Session.ends_at <= now - CERTAIN_AFTER
    found = select(Seat.id).join(Session, Session.id == Seat.session_id)
    found = found.where(Seat.id.in_({seat.id for seat in seats}))
    known = or_(Session.confirmed_at.is_not(None), and_(late, or_(told, room_evidence.tells())))
    return set(store.scalars(found.where(known)))


def _next_look(session: Session, now: datetime) -> datetime | None:
    """When to look again; None when no correction can follow."""
    if session.ends_at > now:
        return session.ends_at
    over_for = now - session.ends_at
    if over_for < OFTEN_FOR:
        return now + OFTEN
    return now + SELDOM if over_for < SELDOM_FOR else None


def _replaced(store: Store, made: MakeUp) -> bool:
    """Lapsed, and another make-up stands for that seat by now."""
    others = make_ups.standing_for([made.seat_id]).where(MakeUp.id != made.id)
    return made.lapsed_at is not None and store.scalar(others.limit(1)) is not None


def _cannot_take_place(now: datetime) -> Select[MakeUp]:
    """Open make-ups whose place was taken back, whose session was cancelled, or which the client can't come to."""
    reported = (
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
                and_(reported, Session.starts_at > now),
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
