"""Lists seats by standing: a select narrows them down, the one definition decides (care/attendance/standing.py).

The select lets through every seat that has the standing, which a test checks with generated rows, and some that have not;
`standing()` sorts those out. So the API filters by the very words that the ladder uses.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, exists, literal, or_, true

from webapp.bulk import rows
from webapp.care.attendance import one_device, room_evidence
from webapp.care.attendance.absences import AbsenceReport, Excusal
from webapp.care.attendance.presence import Presence
from webapp.care.attendance.standing import Standing, standing
from webapp.care.directory.people import Person, Status
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SEAT_COLUMNS, SeatRow
from webapp.protocol.facts.steps import Step
from webapp.protocol.ladder.rungs import Rung

STRIDE, MOST_STRIDES = 500, 20
"""How many seats are read at a time, and how many times at most for one page."""


def having(
    store: Store, seats: Select[Any], wanted: Standing, now: datetime, *, after: int, limit: int
) -> tuple[list[SeatRow], int | None]:
    """Up to `limit` seats of one standing with an id above `after`, in the order of their ids, from a select over `Seat` joined to
    `Session`; and the id after which the next page begins, None when there are no more.

    Standing is decided by one function and stored nowhere, so the seats that the select lets through are read until the page is
    full, with a handful of statements for each `STRIDE` of them. A page may be short, and even empty, with more to follow.
    """
    page: list[SeatRow] = []
    narrow = seats.where(narrowed(wanted, now)).with_only_columns(*SEAT_COLUMNS).order_by(Seat.id)
    for _ in range(MOST_STRIDES):
        batch = rows(store, narrow.where(Seat.id > literal(after, BigInteger)).limit(STRIDE))
        for picture in facts.of_earlier(store, [SeatRow._make(row) for row in batch], now):
            after = picture.seat.id
            if standing(picture.facts, now) is wanted:
                page.append(picture.seat)
                if len(page) == limit:
                    return page, after
        if len(batch) < STRIDE:
            return page, None
    return page, after


def narrowed(wanted: Standing, as_of: datetime) -> ColumnElement[bool]:
    """A condition on Seat and Session that every seat of the wanted standing meets."""
    there = and_(Presence.session_id == Seat.session_id, Presence.person_id == Seat.client_id)
    seen = or_(
        exists().where(there, Presence.type.in_(room_evidence.SEEN)), one_device.other_seen()
    )
    reported = exists().where(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
    excused = exists().where(Excusal.seat_id == Seat.id)
    begun, on = Session.starts_at <= as_of, Session.is_on
    unexplained = and_(on, begun, ~reported, ~excused)
    return {
        Standing.CANCELLED: ~Session.is_on,
        Standing.EXPECTED: and_(on, Session.starts_at > as_of, ~reported, ~excused),
        Standing.WAITING: unexplained,
        Standing.MISSED: unexplained,
        Standing.UNKNOWN: unexplained,
        Standing.ATTENDED: and_(on, begun, seen),
        Standing.PARTIAL: and_(on, begun, seen, ~excused),
        Standing.ABSENT_TOLD: and_(on, reported, ~excused),
        Standing.EXCUSED: and_(on, or_(reported, excused, _set_aside())),
        Standing.MADE_UP: and_(
            on, exists().where(MakeUp.seat_id == Seat.id, MakeUp.completed_at.is_not(None))
        ),
    }.get(wanted, true())


def _set_aside() -> ColumnElement[bool]:
    """A condition: the client was paused or discharged when the session began."""
    away = (Status.PAUSED.value, Status.DISCHARGED.value)
    is_away = exists().where(
        Person.id == Seat.client_id, Person.status.in_(away), Person.status_at <= Session.starts_at
    )
    was_away = exists().where(
        Step.seat_id == Seat.id, Step.rung == Rung.OUTREACH.value, Step.why.in_(away)
    )
    return or_(is_away, was_away)
