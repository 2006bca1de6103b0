"""Weekly hours against the plan (M28): how long a client attended, week by week in the program's time zone.

An hour counts once, in the week in which it was spent: a make-up's hours count when they were made up, not for the session
they make up for. A recording or an assignment counts with its length in the week in which its reflection was handed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.care.attendance import attended
from webapp.care.directory import programs
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.care.make_ups import make_ups
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials.resources import Resource
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.times import instant_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Week:
    """One week, Monday to Monday in the program's time zone. Hours are decimal."""

    monday: date
    starts_at: datetime
    ends_at: datetime
    plan: float
    """The policy's weekly hours."""
    spent: float
    made_up: float
    """The part of `spent` that made up for something missed."""
    ahead: float
    """Still to come in sessions of this week."""


def weeks(store: Store, client: Person, now: datetime, count: int = 4) -> list[Week]:
    """The last `count` weeks of `client`, this one last. Five statements; grows with the seats of those weeks."""
    program = store.get_one(Program, client.program_id)
    zone = ZoneInfo(program.time_zone)
    local = now.astimezone(zone).date()
    first = local - timedelta(days=local.weekday(), weeks=count - 1)
    mondays = [first + timedelta(weeks=week) for week in range(count + 1)]
    bounds = [instant_of(datetime.combine(monday, time()), zone) for monday in mondays]
    seats = _seats(store, client, bounds[0], bounds[-1])
    there = attended.present(store, seats, now)
    make_up_seats = set(store.scalars(make_ups.seats_of_others(client.id)))
    by_resource = _by_resource(store, client, bounds[0], bounds[-1])
    found = []
    for monday, begin, end in zip(mondays, bounds, bounds[1:], strict=False):
        mine = [seat for seat in seats if begin <= seat.session.starts_at < end]
        made_up = [there[seat.id] for seat in mine if seat.id in make_up_seats]
        made_up += [length for at, length in by_resource if begin <= at < end]
        ordinary = [there[seat.id] for seat in mine if seat.id not in make_up_seats]
        ahead = [_left(seat.session, now) for seat in mine]
        plan = programs.in_force(program.policies, begin).policy.weekly_hours
        found.append(
            Week(
                monday, begin, end, plan, _hours(ordinary + made_up), _hours(made_up),
                _hours(ahead),
            )
        )  # fmt: skip
    return found


def _seats(store: Store, client: Person, start: datetime, end: datetime) -> list[Seat]:
    query = select(Seat).join(Session, Session.id == Seat.session_id)
    return list(
        store.scalars(
            query.where(Seat.client_id == client.id, Seat.is_given)
            .where(Session.starts_at >= start, Session.starts_at < end)
            .where(Session.is_on)
        )
    )


def _by_resource(
    store: Store, client: Person, start: datetime, end: datetime
) -> list[tuple[datetime, timedelta]]:
    """Recordings and assignments that were completed then: when, and how long they count for."""
    query = (
        select(MakeUp.completed_at, Resource.minutes)
        .join(Seat, Seat.id == MakeUp.seat_id)
        .join(Resource, Resource.id == MakeUp.resource_id)
        .where(Seat.client_id == client.id, ~MakeUp.is_cancelled)
        .where(MakeUp.completed_at >= start, MakeUp.completed_at < end)
    )
    return [(at, timedelta(minutes=minutes or 0)) for at, minutes in store.execute(query) if at]


def _left(session: Session, now: datetime) -> timedelta:
    return max(session.ends_at - max(session.starts_at, now), timedelta(0))


def _hours(lengths: Iterable[timedelta]) -> float:
    return round(sum(lengths, timedelta(0)) / HOUR, 2)
