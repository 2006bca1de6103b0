"""A seat as the engine holds it: its row, its facts, and the steps it has behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from webapp.care.attendance.standing import Facts
from webapp.care.schedule.sessions import Seat


class SeatRow(NamedTuple):
    """What of a seat the facts hang on; `SEAT_COLUMNS` selects it."""

    id: int
    session_id: int
    client_id: int
    given_at: datetime


SEAT_COLUMNS = (Seat.id, Seat.session_id, Seat.client_id, Seat.given_at)


@dataclass(slots=True)
class Picture:
    """`taken`: the steps of the present `occurrence` (steps.py), rung → `taken`, or why it was not."""

    seat: SeatRow
    facts: Facts
    taken: Mapping[str, str]
    occurrence: int
