"""What a change of the schedule takes from clients: their places, with the absence reports and make-ups that hang on them (rule 15)."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select

from webapp.care.attendance.absences import AbsenceReport
from webapp.care.directory.people import Person
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store


class LostPlaces(NamedTuple):
    """The places of one client in sessions of one title that are to come: how many were taken away or called off, how many absence
    reports and booked make-ups go with them, and the first of the sessions."""

    client: Person
    title: str
    places: int
    reports: int
    make_ups: int
    first_at: datetime


def taken_away(store: Store, program_id: int, now: datetime) -> list[LostPlaces]:
    """What was taken from clients of a program at `now`, the instant that the verbs of one change were given. One statement; grows with
    the program's coming sessions."""
    store.flush()
    off = Session.cancelled_at == now
    seats = (
        select(
            Seat.client_id, Session.title, func.count(Seat.id.distinct()),
            func.count(AbsenceReport.id.distinct()), func.count(MakeUp.id.distinct()),
            func.min(Session.starts_at),
        )
        .join(Session, Session.id == Seat.session_id)
        .outerjoin(AbsenceReport, and_(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn))
        .outerjoin(MakeUp, and_(MakeUp.by_seat_id == Seat.id, MakeUp.is_open))
        .where(Session.program_id == program_id, Session.starts_at > now)
        .where(or_(and_(Seat.released_at == now, or_(Session.is_on, off)), and_(Seat.is_given, off)))
        .group_by(Seat.client_id, Session.title)
    )  # fmt: skip
    found = store.execute(seats).all()
    people = select(Person).where(Person.id.in_({row[0] for row in found}))
    clients = {person.id: person for person in store.scalars(people)}
    lost = [LostPlaces(clients[row[0]], *row[1:]) for row in found]
    return sorted(lost, key=lambda each: (each.client.name, each.first_at))
