"""Drafts a re-engagement plan: make-ups that fit (both partners), other times, resources, the barrier named (M14)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from webapp.bulk import among
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.directory.people import Person, Status
from webapp.care.schedule.sessions import Seat, Session, occupied
from webapp.db import Store

OFFERED = 5
RESOURCES = {
    "technical": ["connection_check", "phone_dial_in"],
    "work": ["letter_for_an_employer", "other_times"],
    "school": ["letter_for_a_school", "other_times"],
    "family": ["support_circle", "backup_plan"],
    "illness": ["recording", "rest_first"],
    "emergency": ["call_from_the_counselor"],
    "not_up_to_it": ["one_to_one", "988"],
}
"""Barrier → what may help, as keys."""


def draft(
    store: Store, seat_id: int, client_id: int, partner_id: int, within: timedelta, now: datetime
) -> dict[str, Any]:
    """The draft as ids and keys: `make_ups` and `other_times` (session ids), `resources`, `barrier`."""
    missed = store.execute(
        select(Session.kind, Session.program_id, Session.starts_at, Session.series_id)
        .join(Seat, Seat.session_id == Session.id)
        .where(Seat.id == seat_id)
    ).one()
    barrier = store.scalar(
        select(AbsenceReport.reason)
        .where(AbsenceReport.seat_id == seat_id)
        .order_by(AbsenceReport.id.desc())
        .limit(1)
    )
    people = [client_id, partner_id] if partner_id else [client_id]
    people = list(
        store.scalars(
            select(Person.id).where(among(store, Person.id, people), Person.status == Status.ACTIVE)
        )
    )
    coming = _open_sessions(store, missed, people, now, now + within)
    return {
        "make_ups": [row.id for row in coming if missed.kind in (row.makes_up or [])][:OFFERED],
        "other_times": [row.id for row in coming if row.kind == missed.kind][:OFFERED],
        "resources": RESOURCES.get(barrier or "", ["other_times", "call_from_the_counselor"]),
        "barrier": barrier,
    }


def _open_sessions(
    store: Store, missed: Any, people: list[int], after: datetime, until: datetime
) -> list[Any]:
    """Coming sessions of the program with a free seat, at times when none of `people` has another. At most 50, earliest first."""
    theirs, other = aliased(Seat), aliased(Session)
    taken = (
        select(func.count())
        .where(Seat.session_id == Session.id, occupied())
        .correlate(Session)
        .scalar_subquery()
    )
    busy = exists().where(
        theirs.session_id == other.id,
        among(store, theirs.client_id, people),
        occupied(theirs),
        other.is_on,
        other.starts_at < Session.ends_at,
        other.ends_at > Session.starts_at,
    )
    query = (
        select(Session.id, Session.kind, Session.makes_up)
        .where(
            Session.program_id == missed.program_id,
            Session.starts_at.between(after, until),
            Session.is_on,
            taken < Session.capacity,
            ~busy,
        )
        .order_by(Session.starts_at)
        .limit(50)
    )
    return list(store.execute(query))
