"""Booking: from an offer to a make-up, race-proof (R9).

The client's row (both, for a couple) is locked, then the session's; what is read under the locks stays true until the
commit. Beneath that the database refuses by itself: a seat's number cannot be given twice, nor a client's time
(`clashes`). A refusal carries the next best offer.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import partial

from webapp.care.directory.people import Kind, Person
from webapp.care.make_ups import busy_slots, eligibility, make_ups, offers, takings, vacancies
from webapp.care.make_ups.make_ups import MakeUp, Way
from webapp.care.make_ups.offers import Offer
from webapp.care.make_ups.parties import Party, party_of
from webapp.care.make_ups.waitlist import HeldPlace
from webapp.care.materials.resources import Resource
from webapp.care.schedule import planning  # fmt: skip
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.refusals import (
    N_,
    AlreadyDone,
    Clash,
    Forbidden,
    Full,
    TooLate,
)  # fmt: skip

NOT_BOTH = N_("That time isn't free for both of you any more.")


def offered(store: Store, seat: Seat, now: datetime, limit: int = 5) -> list[Offer]:
    """What staff may book to make up for `seat`, the best first; nothing when something stands for it already."""
    if store.scalar(make_ups.standing_for([seat.id])):
        return []
    return offers.find(store, seat, now, limit=limit, solo=True)


def book(
    store: Store, seat: Seat, what: Session | Resource, *, by: Person | None, now: datetime
) -> MakeUp:
    """Make up for `seat` with a session's place, or with a resource and a reflection. The same again answers the same.

    Clients book within the policy's time and what makes up for that kind; staff may book anything. A place held for the
    client is taken. Raises Full and Clash (with `next_best`), AlreadyDone, TooLate, Cancelled, Invalid, Forbidden.
    """
    return _book(store, seat, what, None, by, now)


def move(
    store: Store, made: MakeUp, what: Session | Resource, *, by: Person | None, now: datetime
) -> MakeUp:
    """Another make-up instead of one that is booked; that one is kept until the other is sure. Raises as `book`."""
    if not made.is_open:
        raise AlreadyDone()
    return _book(store, made.seat, what, made, by, now)


def accept(store: Store, held: HeldPlace, *, by: Person | None, now: datetime) -> MakeUp:
    """Take a held place; what was booked instead is given up for it. Raises TooLate once the hold has run out."""
    if held.ended_at is not None or held.until <= now:
        raise TooLate(N_("This place is no longer held. It went to the next in line."))
    entry = held.entry
    made = store.scalar(make_ups.standing_for([entry.seat_id]))
    if made is not None and made.is_open:
        return _book(store, entry.seat, entry.session, made, by, now)
    return book(store, entry.seat, entry.session, by=by, now=now)


def _book(
    store: Store,
    seat: Seat,
    what: Session | Resource,
    instead_of: MakeUp | None,
    by: Person | None,
    now: datetime,
) -> MakeUp:
    if by is not None and by.kind != Kind.STAFF and by.id != seat.client_id:
        raise Forbidden()
    party = party_of(store, seat)
    if eligibility.staff(by):
        party = party.alone()
    if isinstance(what, Resource):
        return _choose(store, seat, what, party, instead_of, by, now)
    eligibility.refuse_session(seat, what, by, now)
    with _next_best_in_refusal(store, seat, party, what, now):
        # most who come too late hear it without waiting
        takings.refuse_full(what, party, vacancies.seated(store, what), 0)
    eligibility.refuse_beyond(eligibility.deadline_of(store, seat), what.starts_at, by)
    busy_slots.lock(store, party.people)
    but = [what.id]
    if instead_of is not None and instead_of.by_seat is not None:
        but.append(instead_of.by_seat.session_id)
    time = vacancies.time_of(store, seat, party, what, but)
    if made := _already(store, time.standing, what, instead_of):
        return made
    with _next_best_in_refusal(store, seat, party, what, now):
        if time.busy or not party.can_come:
            raise Clash(field="session")
        planning.lock(store, what)
        vacancy = vacancies.of(store, what)
        entry = takings.check_line(store, seat, what, party, vacancy)
        return takings.take(
            store, seat, what, takings.Taking(party, entry, vacancy, free=not time.booked), instead_of, by, now
        )  # fmt: skip


def _choose(
    store: Store,
    seat: Seat,
    what: Resource,
    party: Party,
    instead_of: MakeUp | None,
    by: Person | None,
    now: datetime,
) -> MakeUp:
    busy_slots.lock(store, party.people)
    standing = store.scalar(make_ups.standing_for([seat.id]).with_only_columns(MakeUp.id))
    if made := _already(store, standing, what, instead_of):
        return made
    eligibility.refuse_resource(store, seat, what, eligibility.deadline_of(store, seat), by, now)
    takings.give_up(store, instead_of, by, now)
    made = takings.row(seat, Way(what.kind), instead_of, by, now)
    made.resource = what
    return make_ups.add(store, made, by=by, now=now)


@contextmanager
def _next_best_in_refusal(
    store: Store, seat: Seat, party: Party, refused: Session, now: datetime
) -> Iterator[None]:
    """A refusal from inside knows how to find what else there is, reading on its own: nobody waits for that. For two it never
    tells whose time it is that isn't free, nor why (P3)."""
    alone = party.partner is None
    try:
        yield
    except (Full, Clash) as refusal:
        refusal.search = partial(_next_best, store, seat, refused.id, alone, now)
        if isinstance(refusal, Clash) and not alone:
            refusal.sentence = NOT_BOTH
        raise


def _next_best(
    store: Store, seat: Seat, refused_id: int, alone: bool, now: datetime
) -> Offer | None:
    database: Database | None = store.info.get("database")
    with database.reading() if database else nullcontext(store) as reader:
        found = offers.find(reader, seat, now, limit=1, but_sessions=[refused_id], solo=alone)
        return found[0] if found else None


def _already(
    store: Store, standing: int | None, what: Session | Resource, instead_of: MakeUp | None
) -> MakeUp | None:
    """The make-up that stands, if it is this one: the same again answers the same. Raises AlreadyDone for another."""
    made = store.get_one(MakeUp, standing) if standing else None
    if made is not None and _stands_for(made, what):
        return made
    if made is not None and made is not instead_of:
        raise AlreadyDone(N_("Something is booked for this already. You can change it."))
    return None


def _stands_for(made: MakeUp, what: Session | Resource) -> bool:
    if isinstance(what, Resource):
        return made.resource_id == what.id
    return made.by_seat is not None and made.by_seat.session_id == what.id
