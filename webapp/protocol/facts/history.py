"""Reads clients' earlier seats: for misses in a row (rule 1) and the excused allowance (rule 11)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from webapp.bulk import among, rows
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.standing import Earlier, Standing, standing
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.facts.contact import REMEMBERED
from webapp.protocol.facts.picture import SEAT_COLUMNS, Picture, SeatRow
from webapp.protocol.ladder.rungs import STEPPED_OVER

FIRST_READ, MOST_READ = 4, 500
"""How many earlier seats are read at first, and for clients of whom more matter."""
Load = Callable[[Store, Sequence[SeatRow], datetime], list[Picture]]


def before(
    store: Store, pictures: Sequence[Picture], now: datetime, load: Load
) -> dict[int, tuple[Earlier, ...]]:
    """seat → the client's earlier seats, the latest first, as far back as they can matter for misses in a row."""
    seats = _earlier_seats(store, pictures, now, load, FIRST_READ)
    further = [
        p for p in pictures if len(seats[p.seat.id]) >= FIRST_READ and _goes_on(seats[p.seat.id])
    ]
    if further:
        seats |= _earlier_seats(store, further, now, load, MOST_READ)
    return seats


def _goes_on(earlier: Sequence[Earlier]) -> bool:
    """Whether none of these seats ends the misses in a row."""
    return all(e.standing is Standing.MISSED or e.standing in STEPPED_OVER for e in earlier)


def _earlier_seats(
    store: Store, pictures: Sequence[Picture], now: datetime, load: Load, limit: int
) -> dict[int, tuple[Earlier, ...]]:
    rows = rows_of(store, {p.seat.client_id for p in pictures}, now)
    wanted: dict[int, list[SeatRow]] = {}
    for picture in pictures:
        start, own = picture.facts.room.starts_at, picture.seat
        older = [row for at, row in rows[own.client_id] if (at, row.id) < (start, own.id)]
        wanted[own.id] = older[:limit]
    distinct = {row.id: row for older in wanted.values() for row in older}
    known = {p.seat.id: p for p in load(store, list(distinct.values()), now)}
    return {
        seat_id: tuple(
            Earlier(known[row.id].facts.room.starts_at, standing(known[row.id].facts, now))
            for row in older
        )
        for seat_id, older in wanted.items()
    }


def rows_of(
    store: Store, client_ids: Collection[int], now: datetime
) -> dict[int, list[tuple[datetime, SeatRow]]]:
    """client → seats begun within `REMEMBERED`, the latest first."""
    query = (
        select(Session.starts_at, *SEAT_COLUMNS)
        .join(Session, Session.id == Seat.session_id)
        .where(
            among(store, Seat.client_id, client_ids),
            Seat.is_given,
            Session.is_on,
            Session.starts_at.between(now - REMEMBERED, now),
        )
        .order_by(Session.starts_at.desc(), Seat.id.desc())
    )
    found: dict[int, list[tuple[datetime, SeatRow]]] = defaultdict(list)
    for starts_at, seat_id, session_id, client_id, given_at in rows(store, query):
        row = SeatRow(seat_id, session_id, client_id, given_at)
        found[client_id].append((starts_at, row))
    return found


class ReportedSeat(NamedTuple):
    """A seat with its absence report (id, when it was reported) and how early its policy calls early."""

    seat: SeatRow
    report: int
    at: datetime
    early: timedelta


def excused_before(store: Store, reports: Sequence[ReportedSeat]) -> dict[int, int]:
    """seat → how many absences the client had reported early before this one, cancelled sessions aside (rule 11).

    Counted in the order of reporting, so that an absence once excused stays so.
    """
    if not reports:
        return {}
    query = (
        select(Seat.client_id, AbsenceReport.reported_at, AbsenceReport.id, Session.starts_at)
        .join(Seat, Seat.id == AbsenceReport.seat_id)
        .join(Session, Session.id == Seat.session_id)
        .where(
            among(store, Seat.client_id, {reported.seat.client_id for reported in reports}),
            ~AbsenceReport.is_withdrawn,
            Session.is_on,
        )
    )
    known: dict[int, list[tuple[datetime, int, timedelta]]] = defaultdict(list)
    for client_id, at, report, starts_at in rows(store, query):
        known[client_id].append((at, report, starts_at - at))
    return {
        reported.seat.id: _earlier(reported, known[reported.seat.client_id]) for reported in reports
    }


def _earlier(reported: ReportedSeat, known: list[tuple[datetime, int, timedelta]]) -> int:
    mine = (reported.at, reported.report)
    return sum((at, report) < mine and notice >= reported.early for at, report, notice in known)
