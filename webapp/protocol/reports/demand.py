"""Demand for make-ups: missed seats that have none yet, for staff (M6)."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.standing import CAN_BE_MADE_UP, standing
from webapp.care.catch_up.cards import MissedSeat
from webapp.care.directory import programs
from webapp.care.directory.people import Person, Status
from webapp.care.directory.programs import Program
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SeatRow

FARTHEST, MOST = timedelta(days=60), 3000
"""How far back, and how many seats, are looked at, however long the policy lets make-ups take."""


def open_seats(store: Store, program: Program, now: datetime) -> list[MissedSeat]:
    """Seats that can be made up for, still in time, with nothing booked; the latest first. A seat that was booked as a make-up is
    left out: the seat that it was for is listed. A fixed number of statements; grows with the seats of the policy's time for
    make-ups."""
    stands = select(MakeUp.id).where(MakeUp.seat_id == Seat.id, MakeUp.stands)
    makes_up = select(MakeUp.id).where(
        or_(MakeUp.by_seat_id == Seat.id, MakeUp.partner_seat_id == Seat.id)
    )
    reported = select(AbsenceReport.id).where(
        AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn
    )
    query = (
        select(Seat)
        .join(Session, Session.id == Seat.session_id)
        .join(Person, Person.id == Seat.client_id)
        .where(Session.program_id == program.id, Session.is_on)
        .where(Session.ends_at > now - FARTHEST, or_(Session.ends_at <= now, reported.exists()))
        .where(Seat.is_given, Person.status == Status.ACTIVE)
        .where(~stands.exists(), ~makes_up.exists())
        .order_by(Session.starts_at.desc(), Seat.id.desc())
        .limit(MOST)
    )
    seats = [each for each in store.scalars(query) if _in_time(each.session, program, now)]
    return _standing(store, seats, now)


def _in_time(session: Session, program: Program, now: datetime) -> bool:
    policy = programs.in_force(program.policies, session.starts_at).policy
    return now < session.ends_at + policy.make_up_within


def reported_ahead(store: Store, client: Person, now: datetime) -> list[MissedSeat]:
    """Coming seats for which `client` has reported an absence, the soonest first."""
    query = (
        select(Seat)
        .join(Session, Session.id == Seat.session_id)
        .join(AbsenceReport, AbsenceReport.seat_id == Seat.id)
        .where(Seat.client_id == client.id, Seat.is_given)
        .where(~AbsenceReport.is_withdrawn, Session.is_on)
        .where(Session.ends_at > now)
        .order_by(Session.starts_at, Seat.id)
    )
    return _standing(store, list(store.scalars(query).unique()), now)


def _standing(store: Store, seats: list[Seat], now: datetime) -> list[MissedSeat]:
    rows = [SeatRow(each.id, each.session_id, each.client_id, each.given_at) for each in seats]
    pictures = zip(seats, facts.of_seats(store, rows, now), strict=True)
    missed = [MissedSeat(seat, standing(picture.facts, now)) for seat, picture in pictures]
    return [each for each in missed if each.standing in CAN_BE_MADE_UP]
