"""Missed seats: of one client, for *Catch up* and the make-up ledger, and of one session, for its summary."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from webapp.care.attendance.standing import CAN_BE_MADE_UP, Standing, standing
from webapp.care.catch_up.cards import MissedSeat
from webapp.care.directory.people import Person
from webapp.care.make_ups import make_ups
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SEAT_COLUMNS, SeatRow

BACK = timedelta(days=60)
"""How far back `of` looks by default."""


def of(store: Store, client: Person, now: datetime, back: timedelta = BACK) -> list[MissedSeat]:
    """A client's seats in sessions that ended in the time `back` before `now` and were missed, wholly or partly, reported or
    not, made up for or not; the latest first.

    A booked make-up that the client did not come to is left out: the seat that it was for is listed. A fixed number of
    statements; grows with the seats of that time.
    """
    query = (
        select(Seat)
        .join(Session, Session.id == Seat.session_id)
        .where(Seat.client_id == client.id, Seat.is_given)
        .where(Session.ends_at.between(now - back, now), Session.is_on)
        .where(Seat.id.not_in(make_ups.seats_of_others(client.id)))
        .order_by(Session.starts_at.desc(), Seat.id.desc())
    )
    return _missed(store, list(store.scalars(query)), now)


def _missed(store: Store, seats: list[Seat], now: datetime) -> list[MissedSeat]:
    rows = [SeatRow(each.id, each.session_id, each.client_id, each.given_at) for each in seats]
    listed = CAN_BE_MADE_UP | {Standing.MADE_UP}
    pictures = zip(seats, facts.of_earlier(store, rows, now), strict=True)
    missed = [MissedSeat(seat, standing(picture.facts, now)) for seat, picture in pictures]
    return [each for each in missed if each.standing in listed]


def in_session(store: Store, session_id: int, as_of: datetime) -> list[SeatRow]:
    """The seats of one session whose clients missed it, wholly or partly, reported or not, and have not made up for it. Empty
    before it begins."""
    starts_at = store.scalar(select(Session.starts_at).where(Session.id == session_id))
    if starts_at is None or starts_at > as_of:
        return []
    another = select(MakeUp.id).where(
        or_(MakeUp.by_seat_id == Seat.id, MakeUp.partner_seat_id == Seat.id)
    )
    query = select(*SEAT_COLUMNS).where(
        Seat.session_id == session_id, Seat.is_given, ~another.exists()
    )
    seats = [SeatRow._make(row) for row in store.execute(query.order_by(Seat.id))]
    pictures = zip(seats, facts.of_earlier(store, seats, as_of), strict=True)
    return [seat for seat, picture in pictures if standing(picture.facts, as_of) in CAN_BE_MADE_UP]
