"""Double bookings: a booked make-up at a time for which staff gave its client another place since.

Staff may plan over anything (`busy_slots`); nothing is refused or cancelled then. The staff and the client see it for
as long as it lasts: it is read from the calendar, not stored.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store


class DoubleBooking(NamedTuple):
    """A make-up, the seat it booked, and another seat of the same person at that time."""

    make_up: MakeUp
    seat: Seat
    other: Seat


def of_program(store: Store, program_id: int, now: datetime) -> list[DoubleBooking]:
    """A program's double bookings that are not over, the soonest first. One statement; grows with the booked make-ups."""
    return _read(store, _doubles(now).where(Session.program_id == program_id))


def of(store: Store, made: MakeUp, now: datetime) -> list[DoubleBooking]:
    """The double bookings of one make-up, its partner's included."""
    return _read(store, _doubles(now).where(MakeUp.id == made.id))


def _read(store: Store, query: Select[MakeUp, Seat, Seat]) -> list[DoubleBooking]:
    return [DoubleBooking(*row) for row in store.execute(query).unique()]


def _doubles(now: datetime) -> Select[MakeUp, Seat, Seat]:
    other, elsewhere = aliased(Seat), aliased(Session)
    return (
        select(MakeUp, Seat, other)
        .join(Seat, or_(Seat.id == MakeUp.by_seat_id, Seat.id == MakeUp.partner_seat_id))
        .join(Session, Session.id == Seat.session_id)
        .join(other, other.client_id == Seat.client_id)
        .join(elsewhere, elsewhere.id == other.session_id)
        .where(MakeUp.is_open, Session.ends_at > now, Session.is_on)
        .where(other.id != Seat.id, other.is_given, elsewhere.is_on)
        .where(elsewhere.starts_at < Session.ends_at, elsewhere.ends_at > Session.starts_at)
        .order_by(Session.starts_at, MakeUp.id)
    )
