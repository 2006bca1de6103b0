"""Seats by standing: a select narrows, the one definition decides (care/attendance/standing.py).

`narrowed` never loses a seat that has the standing, which is tested with generated rows; what it lets through besides is
sorted out by looking. So pages and the API filter by the very words the ladder goes by.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, exists, literal, or_, true

from webapp.care.attendance.absences import AbsenceReport, Excusal
from webapp.care.attendance.presence import Presence
from webapp.care.attendance.standing import Standing, standing
from webapp.care.directory.people import Person, Status
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.facts import facts, rooms
from webapp.protocol.facts.among import rows
from webapp.protocol.facts.picture import SEAT_COLUMNS, SeatRow
from webapp.protocol.facts.steps import Step
from webapp.protocol.ladder.rungs import Rung

STRIDE, MOST_STRIDES = 500, 20
"""Seats are looked at so many at a time, and so often at most: then what was found is returned."""


def having(
    store: Store, seats: Select[Any], wanted: Standing, now: datetime, *, after: int, limit: int
) -> tuple[list[SeatRow], int | None]:
    """Up to `limit` seats of one standing with an id above `after`, by id, of a select over `Seat` joined to `Session`; and the
    id after which to go on, None when there are no more.

    Standing is decided by one function and kept nowhere: what the select lets through is looked at until the page is full,
    a handful of statements for each `STRIDE` seats. A page may be short, and even empty, with more to follow.
    """
    page: list[SeatRow] = []
    narrow = seats.where(narrowed(wanted, now)).with_only_columns(*SEAT_COLUMNS).order_by(Seat.id)
    for _ in range(MOST_STRIDES):
        found = rows(store, narrow.where(Seat.id > literal(after, BigInteger)).limit(STRIDE))
        for picture in facts.of_earlier(store, [SeatRow._make(row) for row in found], now):
            after = picture.seat.id
            if standing(picture.facts, now) is wanted:
                page.append(picture.seat)
                if len(page) == limit:
                    return page, after
        if len(found) < STRIDE:
            return page, None
    return page, after


def narrowed(word: Standing, as_of: datetime) -> ColumnElement[bool]:
    """A condition on Seat and Session that every seat of this standing meets."""
    there = and_(Presence.session_id == Seat.session_id, Presence.person_id == Seat.client_id)
    seen = exists().where(there, Presence.type.in_(rooms.SEEN))
    told = exists().where(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
    excused = exists().where(Excusal.seat_id == Seat.id)
    begun, on = Session.starts_at <= as_of, Session.is_on
    unexplained = and_(on, begun, ~told, ~excused)
    return {
        Standing.CANCELLED: ~Session.is_on,
        Standing.EXPECTED: and_(on, Session.starts_at > as_of, ~told, ~excused),
        Standing.WAITING: unexplained,
        Standing.MISSED: unexplained,
        Standing.UNKNOWN: and_(unexplained, Session.presence_from == PresenceFrom.PLATFORM),
        Standing.ATTENDED: and_(on, begun, seen),
        Standing.PARTIAL: and_(on, begun, seen, ~excused),
        Standing.ABSENT_TOLD: and_(on, told, ~excused),
        Standing.EXCUSED: and_(on, or_(told, excused, _set_aside())),
        Standing.MADE_UP: and_(
            on, exists().where(MakeUp.seat_id == Seat.id, MakeUp.completed_at.is_not(None))
        ),
    }.get(word, true())


def _set_aside() -> ColumnElement[bool]:
    """The client was paused or discharged when it began."""
    away = (Status.PAUSED.value, Status.DISCHARGED.value)
    now_away = exists().where(
        Person.id == Seat.client_id, Person.status.in_(away), Person.status_at <= Session.starts_at
    )
    was_away = exists().where(
        Step.seat_id == Seat.id, Step.rung == Rung.OUTREACH.value, Step.why.in_(away)
    )
    return or_(now_away, was_away)
