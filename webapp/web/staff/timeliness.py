"""The On time page: for every missed seat, each step with its delay, or why it was not taken (promise 1, M29)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.batches import each_or_none
from webapp.care.directory.permissions import Permission
from webapp.care.schedule.sessions import Seat
from webapp.numbers import row_number
from webapp.protocol.facts.picture import SeatRow
from webapp.protocol.reports.timeliness import Proof, missed, proofs, summary
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import me, page

timeliness = Blueprint("timeliness", __name__)
PERIODS = (7, 30, 90)
"""Days to look back."""
MOST = 50
"""Misses listed one by one; the table above them counts all."""
ON_TIME = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Miss:
    """One missed seat with all its rungs."""

    seat: Seat
    proofs: list[Proof] | None
    """None: what is known about it can't be read."""


@timeliness.get("/timeliness")
@needs(Permission.READ_TIMELINESS)
def show() -> ResponseReturnValue:
    """The period's totals, then the latest misses one by one."""
    now, days = clock.now(), _days()
    since, program_id = now - timedelta(days=days), me().program_id
    query = missed(program_id, since, now).limit(MOST)
    rows = [SeatRow(*row) for row in store.execute(query)]
    steps = each_or_none(lambda some: _by_seat(some, proofs(store, some, now)), rows)
    by_seat = {row.id: found for row, found in zip(rows, steps, strict=True)}
    named = select(Seat).where(Seat.id.in_([row.id for row in rows]))
    seats = {seat.id: seat for seat in store.scalars(named.options(joinedload(Seat.client)))}
    return page(
        "staff/timeliness.html", place="timeliness", days=days, periods=PERIODS,
        figures=summary(store, program_id, since, now, ON_TIME),
        misses=[Miss(seats[row.id], by_seat[row.id]) for row in rows],
    )  # fmt: skip


def _by_seat(rows: list[SeatRow], found: list[Proof]) -> list[list[Proof]]:
    by_seat: dict[int, list[Proof]] = defaultdict(list)
    for proof in found:
        by_seat[proof.seat_id].append(proof)
    return [by_seat[row.id] for row in rows]


def _days() -> int:
    asked = request.args.get("days", "")
    return row_number(asked) if row_number(asked) in PERIODS else PERIODS[0]
