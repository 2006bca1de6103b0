"""Takings: the last steps of a booking, under its locks: room in the line, the places, and what is written down (R9)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from webapp.care.attendance import attended
from webapp.care.directory.people import Person
from webapp.care.make_ups import busy_slots, make_ups, waitlist
from webapp.care.make_ups.make_ups import MakeUp, Way
from webapp.care.make_ups.parties import Party
from webapp.care.make_ups.vacancies import Place, Vacancy
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.care.schedule import planning
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.refusals import N_, Clash, Full, Invalid


class Taking(NamedTuple):
    """A place that is there for the taking: for whom, their entry in its line, its seats, and whether they have no booking."""

    party: Party
    entry: WaitlistEntry | None
    vacancy: Vacancy
    free: bool


def check_line(
    store: Store, seat: Seat, session: Session, party: Party, vacancy: Vacancy
) -> WaitlistEntry | None:
    """Room under the lock on the session, those before them in line counted; answers the client's entry in that line.
    Raises Full, Clash, Invalid."""
    line_of = waitlist.in_line([session.id]).add_columns(waitlist.served())
    rows = store.execute(line_of).all() if vacancy.waiting else []
    entry = next((each for each, _ in rows if each.client_id == seat.client_id), None)
    line = [each for each, served in rows if not served]
    before = line[: line.index(entry)] if entry in line else line
    ahead = sum(each.places for each in before)
    seated = refuse_full(session, party, vacancy.seated, ahead)
    held = set(party.ids) if entry is not None and entry not in line else set()
    if seat.client_id not in seated and seated - held:
        raise Clash(field="session")  # a partner's place there is not the client's to know of
    if seated - held:
        raise Invalid(N_("There is a place for you in this session already."), field="session")
    return entry


def refuse_full(session: Session, party: Party, taken: Sequence[int], ahead: int) -> set[int]:
    """Raises Full unless there is room for those of the party who have no place there yet, and for the places that those
    before them in line need (`ahead`); answers the ids of those who have one."""
    seated = set(taken) & set(party.ids)
    need = len(party.ids) - len(seated)
    if need and len(taken) + ahead + need > session.capacity:
        raise Full(field="session")
    return seated


def take(
    store: Store,
    seat: Seat,
    session: Session,
    taking: Taking,
    instead_of: MakeUp | None,
    by: Person | None,
    now: datetime,
) -> MakeUp:
    """Give up the old one, take the places, write the make-ups down."""
    give_up(store, instead_of, by, now)
    party, known = taking.party, list(taking.vacancy.seats)
    taken = []
    for each in party.people:
        given = planning.give_seat(store, session, each, by=by, now=now, known=known)
        known = [place for place in known if place.id != given.id]
        known.append(Place(given.id, each.id, given.number, None, None))
        busy_slots.take(store, given, now, free=taking.free)
        taken.append(given)
    if taking.entry is not None:
        _leave_line(store, taking.entry, by, now)
    made = row(seat, Way.SESSION, instead_of, by, now)
    made.by_seat, made.partner_seat = taken[0], taken[1] if len(taken) > 1 else None
    made.next_look_at = session.ends_at
    if party.partner is not None:
        _for_partner(store, seat, party.partner, taken, by, now)
    return make_ups.add(store, made, by=by, now=now)


def _for_partner(
    store: Store,
    seat: Seat,
    partner: Person,
    taken: list[Seat],
    by: Person | None,
    now: datetime,
) -> None:
    """The partner's own row, when they had a place in the same session and were not there either."""
    theirs = select(Seat).where(Seat.session_id == seat.session_id, Seat.client_id == partner.id)
    missed = store.scalar(theirs.where(Seat.is_given))
    if missed is None or attended.attended(store, [missed], now):
        return
    if store.scalar(make_ups.standing_for([missed.id])):
        return
    made = row(missed, Way.SESSION, None, by, now)
    made.by_seat, made.partner_seat, made.next_look_at = (
        taken[1],
        taken[0],
        taken[1].session.ends_at,
    )
    make_ups.add(store, made, by=by, now=now)


def _leave_line(store: Store, entry: WaitlistEntry, by: Person | None, now: datetime) -> None:
    held = store.scalar(waitlist.live().where(HeldPlace.entry_id == entry.id))
    if held is not None:
        waitlist.end(store, held, "booked", by=by, now=now)
    waitlist.leave(store, entry, by=by, now=now, why="booked")


def give_up(store: Store, made: MakeUp | None, by: Person | None, now: datetime) -> None:
    if made is not None:
        made.cancel(store, by=by, now=now, why="moved")
        store.flush()


def row(
    seat: Seat, way: Way, instead_of: MakeUp | None, by: Person | None, now: datetime
) -> MakeUp:
    return MakeUp(
        seat=seat, kind=way, instead_of_id=instead_of and instead_of.id, booked_at=now,
        booked_by_id=by and by.id,
    )  # fmt: skip
