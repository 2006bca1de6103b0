"""Vacancies: what a booking reads under its locks, each in one statement that is put together once (R9).

Building a statement costs as much as running it, and making objects of rows twice that; everybody else who wants the last
place waits meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, exists, func, select

from webapp.care.make_ups.busy_slots import BusySlot
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.parties import Party
from webapp.care.make_ups.waitlist import WaitlistEntry
from webapp.care.schedule.sessions import Seat, Session, occupied
from webapp.db import Store

_SEATED = select(Seat.client_id).where(Seat.session_id == bindparam("session"), occupied())
_WAITING = (
    select(func.count())
    .where(WaitlistEntry.session_id == bindparam("session"), WaitlistEntry.is_waiting)
    .scalar_subquery()
)
_SEATS = (
    select(Seat.id, Seat.client_id, Seat.number, Seat.released_at, Seat.held_until, _WAITING)
    .select_from(Session)
    .outerjoin(Seat, Seat.session_id == Session.id)
    .where(Session.id == bindparam("session"))
)
_MINE = select(
    select(func.max(MakeUp.id))
    .where(MakeUp.seat_id == bindparam("seat"))
    .where(~MakeUp.is_cancelled, MakeUp.lapsed_at.is_(None))
    .scalar_subquery(),
    exists()
    .where(Seat.client_id.in_(bindparam("party", expanding=True)), occupied())
    .where(and_(Session.id == Seat.session_id, Session.is_on))
    .where(Session.id.not_in(bindparam("but", expanding=True)))
    .where(Session.starts_at < bindparam("ends_at"), Session.ends_at > bindparam("starts_at")),
    exists().where(BusySlot.client_id.in_(bindparam("party", expanding=True))),
)


class PartyTime(NamedTuple):
    """`standing`: the id of the make-up that stands for the seat; `busy`: something else is at that time; `booked`: some of
    their time is taken by make-ups at all."""

    standing: int | None
    busy: bool
    booked: bool


class Place(NamedTuple):
    """One seat's columns: what a booking needs to know of it."""

    id: int
    client_id: int
    number: int
    released_at: datetime | None
    held_until: datetime | None

    @property
    def occupied(self) -> bool:
        return self.released_at is None or self.held_until is not None


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A session's seats, those given back included, and how many wait in its line. True until the commit under its lock."""

    seats: Sequence[Place]
    waiting: int

    @property
    def seated(self) -> list[int]:
        """The clients who have a place, be it only held for them."""
        return [place.client_id for place in self.seats if place.occupied]


def seated(store: Store, session: Session) -> list[int]:
    """The clients who have a place in `session`, or for whom one is held, by what can be seen without waiting for anybody."""
    return list(store.connection().scalars(_SEATED, {"session": session.id}))


def of(store: Store, session: Session) -> Vacancy:
    """The places of `session`."""
    store.flush()
    rows = store.connection().execute(_SEATS, {"session": session.id}).all()
    places = [Place(*row[:5]) for row in rows if row[0] is not None]
    return Vacancy(places, rows[0][5] if rows else 0)


def time_of(
    store: Store, seat: Seat, party: Party, session: Session, but: Sequence[int]
) -> PartyTime:
    """How `party` stands toward a place in `session` that makes up for `seat`; what they have in sessions `but` aside."""
    asked = {
        "seat": seat.id, "party": party.ids, "but": list(but), "starts_at": session.starts_at,
        "ends_at": session.ends_at,
    }  # fmt: skip
    store.flush()
    return PartyTime(*store.connection().execute(_MINE, asked).one())
