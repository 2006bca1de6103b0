"""What the ladder knows of seats, by their ids."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from webapp.bulk import among, rows
from webapp.care.schedule.sessions import Seat
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SEAT_COLUMNS, Picture, SeatRow


def of_ids(store: Store, ids: Collection[int], now: datetime) -> dict[int, Picture]:
    """The pictures of the seats with these ids, by id."""
    seats = rows(store, select(*SEAT_COLUMNS).where(among(store, Seat.id, ids)))
    found = facts.of_seats(store, [SeatRow._make(row) for row in seats], now)
    return {picture.seat.id: picture for picture in found}
