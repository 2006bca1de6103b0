"""Booking: from an offer to a make-up, race-proof (R9).

The client's row (both, for a couple) is locked, then the session's; what is read under the locks stays true until the
commit. Beneath that the database refuses by itself: a seat's number cannot be given twice, nor a client's time
(`clashes`). A refusal carries the next best offer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select

from webapp.care import (
    attendance,
    clashes,
    eligibility,
    makeups,
    offers,
    planning,
    waitlist,
)  # fmt: skip
from webapp.care.makeups import MakeUp, Way
from webapp.care.offers import Offer, Party
from webapp.care.people import Kind, Person
from webapp.care.resources import Resource
from webapp.care.sessions import Seat, Session
from webapp.care.waitlist import HeldPlace, WaitlistEntry
from webapp.db import Store
from webapp.refusals import (
    N_,
    AlreadyDone,
    Clash,
    Forbidden,
    Full,
    Invalid,
    TooLate,
)  # fmt: skip


def offered(store: Store, seat: Seat, now: datetime, limit: int = 5) -> list[Offer]:
    """What may make up for `seat`, the best first; nothing when something stands for it already."""
    if store.scalar(makeups.standing_for([seat.id])):
        return []
    return offers.find(store, seat, now, limit=limit)


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
    if not made.open:
        raise AlreadyDone()
    return _book(store, made.seat, what, made, by, now)


def accept(store: Store, held: HeldPlace, *, by: Person | None, now: datetime) -> MakeUp:
    """Take a held place; what was booked instead is given up for it. Raises TooLate once the hold has run out."""
    if held.ended_at is not None or held.until <= now:
        raise TooLate(N_("This place is no longer held. It went to the next in line."))
    entry = held.entry
    made = store.scalar(makeups.standing_for([entry.seat_id]))
    if made is not None and made.open:
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
    party, deadline = offers.party_of(store, seat), offers.deadline_of(store, seat)
    if isinstance(what, Session):
        eligibility.refuse_session(seat, what, deadline, by, now)
        with _next_best_in_refusal(store, seat, what, deadline, now):
            _refuse_full(store, what, party, 0)  # most who come too late hear it without waiting
    clashes.lock(store, party.people)
    made = store.scalar(makeups.standing_for([seat.id]))
    if made is not None and _stands_for(made, what):
        return made
    if made is not None and made is not instead_of:
        raise AlreadyDone(N_("Something is booked for this already. You can change it."))
    if isinstance(what, Resource):
        eligibility.refuse_resource(store, seat, what, deadline, by, now)
        _give_up(store, instead_of, by, now)
        made = _row(seat, Way(what.kind), instead_of, by, now)
        made.resource = what
        return makeups.add(store, made, by=by, now=now)
    with _next_best_in_refusal(store, seat, what, deadline, now):
        entry = _check_session(store, seat, what, party, instead_of)
    return _take(store, seat, what, party, entry, instead_of, by, now)


@contextmanager
def _next_best_in_refusal(
    store: Store, seat: Seat, refused: Session, deadline: datetime, now: datetime
) -> Iterator[None]:
    try:
        yield
    except (Full, Clash) as refusal:
        found = offers.find(
            store, seat, now, limit=1, but_sessions=[refused.id], deadline=deadline
        )  # fmt: skip
        refusal.next_best = found[0] if found else None
        raise


def _stands_for(made: MakeUp, what: Session | Resource) -> bool:
    if isinstance(what, Resource):
        return made.resource_id == what.id
    return made.by_seat is not None and made.by_seat.session_id == what.id


def _check_session(
    store: Store,
    seat: Seat,
    session: Session,
    party: Party,
    instead_of: MakeUp | None,
) -> WaitlistEntry | None:
    """Time, then room under the lock on the session; answers the client's entry in its line. Raises Full, Clash, Invalid."""
    own = [session.id]
    if instead_of is not None and instead_of.by_seat is not None:
        own.append(instead_of.by_seat.session_id)
    busy = clashes.overlapping(party.ids, session.starts_at, session.ends_at, own)
    if store.scalar(busy.limit(1)):
        raise Clash(field="session")
    planning.lock(store, session)
    rows = store.execute(waitlist.in_line([session.id]).add_columns(waitlist.served())).all()
    entry = next((each for each, _ in rows if each.client_id == seat.client_id), None)
    line = [each for each, served in rows if not served]
    seated = _refuse_full(store, session, party, line.index(entry) if entry in line else len(line))
    if seated - {entry and entry.client_id}:
        raise Invalid(N_("There is a place for you in this session already."), field="session")
    return entry


def _refuse_full(store: Store, session: Session, party: Party, ahead: int) -> set[int]:
    """Raises Full unless there is room for those of the party who have no place there yet, and for as many who are
    `ahead` of them in line; answers the ids of those who have one."""
    seats = select(Seat.client_id).where(Seat.session_id == session.id, Seat.released_at.is_(None))
    taken = store.scalars(seats).all()
    seated = set(taken) & set(party.ids)
    need = len(party.ids) - len(seated)
    if need and len(taken) + ahead + need > session.capacity:
        raise Full(field="session")
    return seated


def _take(
    store: Store,
    seat: Seat,
    session: Session,
    party: Party,
    entry: WaitlistEntry | None,
    instead_of: MakeUp | None,
    by: Person | None,
    now: datetime,
) -> MakeUp:
    """Give up the old one, take the places, write the make-ups down."""
    _give_up(store, instead_of, by, now)
    taken = [planning.give_seat(store, session, each, by=by, now=now) for each in party.people]
    for each in taken:
        clashes.take(store, each, now)
    if entry is not None:
        _leave_line(store, entry, by, now)
    made = _row(seat, Way.SESSION, instead_of, by, now)
    made.by_seat, made.partner_seat = taken[0], taken[1] if len(taken) > 1 else None
    made.next_look_at = session.ends_at
    if party.partner is not None:
        _for_partner(store, seat, party.partner, taken, by, now)
    return makeups.add(store, made, by=by, now=now)


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
    missed = store.scalar(theirs.where(Seat.released_at.is_(None)))
    if missed is None or attendance.attended(store, [missed], now):
        return
    if store.scalar(makeups.standing_for([missed.id])):
        return
    made = _row(missed, Way.SESSION, None, by, now)
    made.by_seat, made.partner_seat, made.next_look_at = (
        taken[1],
        taken[0],
        taken[1].session.ends_at,
    )
    makeups.add(store, made, by=by, now=now)


def _leave_line(store: Store, entry: WaitlistEntry, by: Person | None, now: datetime) -> None:
    held = store.scalar(waitlist.live().where(HeldPlace.entry_id == entry.id))
    if held is not None:
        waitlist.end(store, held, "booked", by=by, now=now)
    waitlist.leave(store, entry, by=by, now=now, why="booked")


def _give_up(store: Store, made: MakeUp | None, by: Person | None, now: datetime) -> None:
    if made is not None:
        made.cancel(store, by=by, now=now, why="moved")
        store.flush()


def _row(
    seat: Seat, way: Way, instead_of: MakeUp | None, by: Person | None, now: datetime
) -> MakeUp:
    return MakeUp(
        seat=seat, kind=way, instead_of_id=instead_of and instead_of.id, booked_at=now,
        booked_by_id=by and by.id,
    )  # fmt: skip
