"""What the staff page of make-ups shows: slots, demand, waitlists, recordings and assignments, reflections, double bookings."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import joinedload

from webapp.care.directory import programs, teams
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.programs import Program
from webapp.care.make_ups import double_bookings, reflections, waitlist
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.reflections import Reflection
from webapp.care.make_ups.waitlist import WaitlistEntry
from webapp.care.materials.resources import Resource
from webapp.care.schedule.sessions import Seat, Session, occupied
from webapp.db import Store
from webapp.protocol.reports import demand

AHEAD = timedelta(weeks=8)
MOST = 60


@dataclass(frozen=True, slots=True)
class Slot:
    """A coming session that makes up for others: how many places are taken, and how many clients wait."""

    session: Session
    taken: int
    waiting: int

    @property
    def free(self) -> int:
        return self.session.capacity - self.taken


@dataclass(frozen=True, slots=True)
class KindDemand:
    """For one kind of session: how many missed seats have no make-up yet, and how many free places would do."""

    kind: str
    seats: int
    places: int


@dataclass(frozen=True, slots=True)
class SessionWaitlist:
    """Who waits for one session. `names`: clients in the reader's care, in the order of the line; the others are counted."""

    session: Session
    names: list[tuple[int, Person, bool]]
    """(number in line, client, whether a place is held for them now)"""
    others: int


def context(store: Store, reader: Person, now: datetime) -> dict[str, Any]:
    """The template's context for one program. A fixed number of statements; grows with what is planned and what was missed."""
    program = store.get_one(Program, reader.program_id)
    mine = set(store.scalars(teams.readable_by(reader).with_only_columns(Person.id)))
    slots = coming(store, program.id, now)
    wanted = demand.open_seats(store, program, now)
    handed_in = store.scalars(reflections.unanswered(program.id).options(*_whose())).all()
    return {
        "place": "make-ups",
        "slots": slots,
        "wanted": _wanted(Counter(each.seat.session.kind for each in wanted), slots),
        "people_wanting": _people(store, Counter(each.seat.client_id for each in wanted), mine),
        "lines": _waitlists(store, [slot.session for slot in slots if slot.waiting], mine),
        "shelf": _shelf(store, reader),
        "reflections": [each for each in handed_in if each.make_up.seat.client_id in mine],
        "reflections_elsewhere": sum(e.make_up.seat.client_id not in mine for e in handed_in),
        "doubles": [each for each in double_bookings.of_program(store, program.id, now)
                    if each.seat.client_id in mine],
        "hosts": store.scalars(hosts(program.id)).all(),
        "weeks_open": round(programs.policy_at(store, program.id, now).make_up_within.days / 7),
    }  # fmt: skip


def coming(store: Store, program_id: int, now: datetime) -> list[Slot]:
    """The coming slots, the soonest first."""
    taken = select(func.count()).where(Seat.session_id == Session.id, occupied())
    line = waitlist.in_any_line().where(WaitlistEntry.session_id == Session.id, ~waitlist.served())
    query = (
        select(
            Session,
            taken.correlate(Session).scalar_subquery(),
            line.with_only_columns(func.count()).correlate(Session).scalar_subquery(),
        )
        .where(Session.program_id == program_id, Session.is_on)
        .where(Session.starts_at.between(now, now + AHEAD))
        .where(cast(Session.makes_up, Text) != "[]")
        .options(joinedload(Session.host))
        .order_by(Session.starts_at, Session.id)
        .limit(MOST)
    )
    return [Slot(*row) for row in store.execute(query).all()]


def _wanted(counted: Counter[str], slots: list[Slot]) -> list[KindDemand]:
    open_places: Counter[str] = Counter()
    for slot in slots:
        for kind in slot.session.makes_up:
            open_places[kind] += slot.free
    return [KindDemand(kind, many, open_places[kind]) for kind, many in counted.most_common()]


def _people(store: Store, counted: Counter[int], mine: Collection[int]) -> list[tuple[Person, int]]:
    ids = [client for client in counted if client in mine]
    people = store.scalars(
        select(Person).where(Person.id.in_(ids)).order_by(Person.folded_name, Person.id)
    )
    return [(person, counted[person.id]) for person in people]


def _waitlists(
    store: Store, sessions: list[Session], mine: Collection[int]
) -> list[SessionWaitlist]:
    rows = (
        waitlist.in_line([session.id for session in sessions])
        .add_columns(waitlist.served())
        .options(joinedload(WaitlistEntry.client))
    )
    lines: dict[int, list[tuple[WaitlistEntry, bool]]] = defaultdict(list)
    for entry, held in store.execute(rows):
        lines[entry.session_id].append((entry, held))
    return [
        SessionWaitlist(
            session,
            [
                (number, entry.client, held)
                for number, (entry, held) in enumerate(lines[session.id], 1)
                if entry.client_id in mine
            ],
            sum(entry.client_id not in mine for entry, _held in lines[session.id]),
        )
        for session in sessions
    ]


def _shelf(store: Store, reader: Person) -> list[tuple[Resource, int]]:
    used = select(func.count()).where(MakeUp.resource_id == Resource.id, ~MakeUp.is_cancelled)
    query = (
        select(Resource, used.correlate(Resource).scalar_subquery())
        .where(Resource.readable_by(reader), ~Resource.is_withdrawn)
        .where(cast(Resource.makes_up, Text) != "[]")
        .order_by(Resource.title)
        .limit(MOST)
    )
    return [(resource, many) for resource, many in store.execute(query)]


def _whose() -> tuple[Any, ...]:
    made = joinedload(Reflection.make_up)
    return made.joinedload(MakeUp.seat).joinedload(Seat.client), made.joinedload(MakeUp.resource)


def hosts(program_id: int) -> Select[Person]:
    staff = select(Person).where(Person.program_id == program_id, Person.kind == Kind.STAFF)
    return staff.where(Person.status == Status.ACTIVE).order_by(Person.folded_name, Person.id)
