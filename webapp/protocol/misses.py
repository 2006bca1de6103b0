"""Which sessions a client was not in: by the one definition of standing, for *Catch up* and the make-up ledger."""

from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.care import makeups
from webapp.care.catchup import Missed
from webapp.care.people import Person
from webapp.care.sessions import Seat, Session
from webapp.care.standing import CAN_BE_MADE_UP, Standing, standing
from webapp.db import Store
from webapp.protocol import facts
from webapp.protocol.reading.picture import SeatRow

BACK = timedelta(days=60)
"""How far the list goes back."""


def of(store: Store, client: Person, now: datetime, back: timedelta = BACK) -> list[Missed]:
    """Seats of sessions that are over and were missed, partly or whole, told or not; made up for or not; the latest first.

    A booked make-up that the client did not come to is not listed: the seat it was for still is. A fixed number of
    statements; grows with the seats of that time.
    """
    query = (
        select(Seat)
        .join(Session, Session.id == Seat.session_id)
        .where(Seat.client_id == client.id, Seat.released_at.is_(None))
        .where(Session.ends_at.between(now - back, now), Session.cancelled_at.is_(None))
        .where(Seat.id.not_in(makeups.seats_of_others(client.id)))
        .order_by(Session.starts_at.desc(), Seat.id.desc())
    )
    seats = list(store.scalars(query))
    rows = [SeatRow(each.id, each.session_id, each.client_id, each.given_at) for each in seats]
    listed = CAN_BE_MADE_UP | {Standing.MADE_UP}
    found = zip(seats, facts.of_seats(store, rows, now), strict=True)
    missed = [Missed(seat, standing(picture.facts, now)) for seat, picture in found]
    return [each for each in missed if each.standing in listed]
