"""Who was not in which session: by the one definition of standing, for *Catch up*, the make-up ledger, and whom a summary
is for."""

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
"""How far the list goes back."""


def of(store: Store, client: Person, now: datetime, back: timedelta = BACK) -> list[MissedSeat]:
    """Seats of sessions that are over and were missed, partly or whole, told or not; made up for or not; the latest first.

    A booked make-up that the client did not come to is not listed: the seat it was for still is. A fixed number of
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
    found = zip(seats, facts.of_earlier(store, rows, now), strict=True)
    missed = [MissedSeat(seat, standing(picture.facts, now)) for seat, picture in found]
    return [each for each in missed if each.standing in listed]


def in_session(store: Store, session_id: int, as_of: datetime) -> list[SeatRow]:
    """The seats of one session whose clients were not in it, partly or whole, told or not, and have not made up for it."""
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
    found = zip(seats, facts.of_earlier(store, seats, as_of), strict=True)
    return [seat for seat, picture in found if standing(picture.facts, as_of) in CAN_BE_MADE_UP]
