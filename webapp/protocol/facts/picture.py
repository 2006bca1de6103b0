"""A seat as the engine sees it: its row, its facts, and the steps that were taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from webapp.care.attendance.standing import Facts
from webapp.care.schedule.sessions import Seat


class SeatRow(NamedTuple):
    """The columns of a seat that its facts are read by, selected with `SEAT_COLUMNS`."""

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
