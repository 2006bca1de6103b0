"""Books a make-up: a place in another session, or a recording or assignment with a reflection (R9).

The client's row (both, for a couple) is locked, then the session's; what is read under the locks stays true until the
commit. Beneath that the database refuses by itself: a seat's number cannot be given twice, nor a client's time
(`busy_slots`). A refusal carries the next best offer.

What is read under the locks is read by statements that are built once, and as rows instead of objects: building a statement
costs as much as running it, objects twice that, and everybody else who wants the last place waits meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Row, Select, bindparam, exists, func, or_, select

from webapp.care.attendance import attended
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.directory.people import Person
from webapp.care.make_ups import busy_slots, calendars, eligibility, make_ups, offers, waitlist
from webapp.care.make_ups.busy_slots import BusySlot
from webapp.care.make_ups.eligibility import Party
from webapp.care.make_ups.make_ups import MakeUp, MakeUpKind
from webapp.care.make_ups.offers import Offer
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.care.materials.resources import Resource
from webapp.care.schedule import planning
from webapp.care.schedule.kinds import JOINT
from webapp.care.schedule.sessions import PlaceReason, Seat, Session, occupied
from webapp.db import Database, Store
from webapp.refusals import N_, AlreadyDone, Clash, Full, Invalid, TooLate

LOOK_BACK = timedelta(days=60)
"""How far back a partner's own couple's session may lie that a joint make-up makes up for too; policies end sooner."""
NOT_BOTH = N_("That time isn't free for both of you any more.")

_OCCUPANTS = select(Seat.client_id).where(Seat.session_id == bindparam("session"), occupied())
_WAITING = (
    select(func.count())
    .where(WaitlistEntry.session_id == bindparam("session"), WaitlistEntry.is_waiting)
    .scalar_subquery()
)
_SEATS = (
    select(_WAITING, Seat.id, Seat.client_id, Seat.number, Seat.released_at, Seat.held_until)
    .select_from(Session)
    .outerjoin(Seat, Seat.session_id == Session.id)
    .where(Session.id == bindparam("session"))
)
_CALENDAR = select(
    select(func.max(MakeUp.id))
    .where(MakeUp.seat_id == bindparam("seat"), MakeUp.stands)
    .scalar_subquery(),
    exists()
    .where(calendars.taken())
    .where(Session.id == Seat.session_id, Session.is_on)
    .where(Session.id.not_in(bindparam("but", expanding=True)))
    .where(Session.starts_at < bindparam("ends_at"), Session.ends_at > bindparam("starts_at")),
    exists().where(BusySlot.client_id.in_(bindparam("party", expanding=True))),
)


class PartyCalendar(NamedTuple):
    """What a party's calendar says about a new booking."""

    standing: int | None
    """Id of the make-up that stands for the seat."""
    busy: bool
    """One of them has something else at that time."""
    any_bookings: bool
    """Some of their time is taken by make-ups, whenever."""


class SeatColumns(NamedTuple):
    """One seat of a locked session, as `planning.give_seat` takes it."""

    id: int
    client_id: int
    number: int
    released_at: datetime | None
    held_until: datetime | None


def offered(store: Store, seat: Seat, now: datetime, limit: int = 5) -> list[Offer]:
    """Offers that staff may book to make up for `seat`, the best first; empty when a make-up stands for it already."""
    if store.scalar(make_ups.standing_for([seat.id])):
        return []
    return offers.find(store, seat, now, limit=limit, for_staff=True)


def book(
    store: Store,
    seat: Seat,
    what: Session | Resource,
    *,
    by: Person | None,
    now: datetime,
    known_until: datetime | None = None,
) -> MakeUp:
    """Make up for `seat` with a place in a session, or with a resource and a reflection. Booking the same again returns the
    same make-up.

    Clients book within the policy's time and what makes up for that kind; staff may book anything. A place held for the
    client is taken. `known_until`: up to when a partner's calendar may be read (`Party`); beyond it, they get their place whatever
    else they have then, and see it themselves. Raises Full and Clash (with `next_best`), AlreadyDone, TooLate, Cancelled, Invalid,
    Forbidden.
    """
    return _book(store, seat, what, None, by, now, known_until)


def move(
    store: Store,
    made: MakeUp,
    what: Session | Resource,
    *,
    by: Person | None,
    now: datetime,
    known_until: datetime | None = None,
) -> MakeUp:
    """Replace a booked make-up by another. The old one is cancelled only once the new one is certain. Raises as `book`."""
    if not made.is_open:
        raise AlreadyDone()
    return _book(store, made.seat, what, made, by, now, known_until)


def accept(store: Store, held: HeldPlace, *, by: Person | None, now: datetime) -> MakeUp:
    """Take a held place, instead of what was booked, if anything was. Raises TooLate once the hold has run out."""
    if not held.is_held or held.until <= now:
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
    known_until: datetime | None = None,
) -> MakeUp:
    if isinstance(what, Session):
        return _book_session(store, seat, what, instead_of, by, now, known_until)
    return _book_resource(store, seat, what, instead_of, by, now)


def _book_session(
    store: Store,
    seat: Seat,
    session: Session,
    instead_of: MakeUp | None,
    by: Person | None,
    now: datetime,
    known_until: datetime | None,
) -> MakeUp:
    party, deadline = eligibility.check(store, seat, session, by, now, known_until)
    with _next_best_in_refusal(store, seat, party, session, deadline, now):
        # most who come too late learn it here, without waiting for a lock
        _refuse_full(seat, party, session, _occupants(store, session), ahead=0)
        busy_slots.lock(store, party.people)
        calendar = _calendar(store, seat, party, session, instead_of)
        if same := _already(store, calendar.standing, session, instead_of):
            return same
        if calendar.busy:
            raise Clash(field="session")
        planning.lock(store, session)
        seats, waiting = _seats(store, session)
        in_line = _check_line(store, seat, session, party, seats, waiting)
        if instead_of is not None:
            instead_of.cancel(store, by=by, now=now, why="moved")
            store.flush()
        places = _take_places(store, session, party, seats, calendar.any_bookings, by, now)
        for each in in_line:
            if each.client_id in {place.client_id for place in places}:
                _leave_line(store, each, by, now)
        if len(places) > 1:
            _book_for_partner(store, session, places, by, now)
        made = _make_up(seat, MakeUpKind.SESSION, instead_of, by, now)
        _set_places(made, places)
        return make_ups.add(store, made, by=by, now=now)


def _book_resource(
    store: Store,
    seat: Seat,
    resource: Resource,
    instead_of: MakeUp | None,
    by: Person | None,
    now: datetime,
) -> MakeUp:
    busy_slots.lock(store, eligibility.party_for(store, seat, by, now).people)
    standing = store.scalar(make_ups.standing_for([seat.id]).with_only_columns(MakeUp.id))
    if same := _already(store, standing, resource, instead_of):
        return same
    eligibility.check(store, seat, resource, by, now)
    if instead_of is not None:
        instead_of.cancel(store, by=by, now=now, why="moved")
        store.flush()
    made = _make_up(seat, MakeUpKind(resource.kind), instead_of, by, now)
    made.resource = resource
    return make_ups.add(store, made, by=by, now=now)


@contextmanager
def _next_best_in_refusal(
    store: Store, seat: Seat, party: Party, refused: Session, deadline: datetime, now: datetime
) -> Iterator[None]:
    """Let Full and Clash know how to find the next best offer: by a search that reads on its own, when nobody waits for it.
    For a couple a refusal never tells whose time isn't free, nor why (P3)."""
    try:
        yield
    except (Full, Clash) as refusal:
        refusal.search = partial(_next_best, store, seat, refused.id, party, deadline, now)
        if isinstance(refusal, Clash) and party.known_until:
            refusal.sentence = NOT_BOTH
        raise


def _next_best(
    store: Store, seat: Seat, refused_id: int, party: Party, deadline: datetime, now: datetime
) -> Offer | None:
    database: Database | None = store.info.get("database")
    with database.reading() if database else nullcontext(store) as reader:
        found = offers.find(
            reader,
            seat,
            now,
            limit=1,
            but_sessions=[refused_id],
            deadline=deadline,
            known_until=party.known_until,
            for_staff=party.partner is None,
        )
        return found[0] if found else None


def _already(
    store: Store, standing: int | None, what: Session | Resource, instead_of: MakeUp | None
) -> MakeUp | None:
    """The make-up that stands for the seat if it is `what`. Raises AlreadyDone for another, unless that is to be replaced."""
    made = store.get_one(MakeUp, standing) if standing else None
    if made is None:
        return None
    if isinstance(what, Resource):
        same = made.resource_id == what.id
    else:
        same = made.by_seat is not None and made.by_seat.session_id == what.id
    if not same and made is not instead_of:
        raise AlreadyDone(N_("Something is booked for this already. You can change it."))
    return made if same else None


def _occupants(store: Store, session: Session) -> Sequence[int]:
    """The clients who have a place in `session` or for whom one is held, as seen without a lock."""
    return store.connection().scalars(_OCCUPANTS, {"session": session.id}).all()


def _calendar(
    store: Store, seat: Seat, party: Party, session: Session, instead_of: MakeUp | None
) -> PartyCalendar:
    """What stands in the calendars of `party`, apart from `session` and from what the booking replaces."""
    but = [session.id]
    if instead_of is not None and instead_of.by_seat is not None:
        but.append(instead_of.by_seat.session_id)
    asked = {
        "seat": seat.id, "party": party.ids, "but": but, "starts_at": session.starts_at,
        "ends_at": session.ends_at, **party.calendar,
    }  # fmt: skip
    store.flush()
    return PartyCalendar(*store.connection().execute(_CALENDAR, asked).one())


def _seats(store: Store, session: Session) -> tuple[list[SeatColumns], int]:
    """The seats of a locked session, released ones included, and how many wait in its line."""
    store.flush()
    rows = store.connection().execute(_SEATS, {"session": session.id}).all()
    return [SeatColumns(*row[1:]) for row in rows if row[1] is not None], rows[0][0] if rows else 0


def _check_line(
    store: Store,
    seat: Seat,
    session: Session,
    party: Party,
    seats: Sequence[SeatColumns],
    waiting: int,
) -> list[WaitlistEntry]:
    """The party's own entries in the session's line. Raises Full when there is no place for the party once those before the client
    in line have theirs; Invalid when the client has a place already, Clash when their partner is known to."""
    entries: Sequence[Row[WaitlistEntry, bool]] = []
    if waiting:
        in_line = waitlist.in_line([session.id]).add_columns(waitlist.served())
        entries = store.execute(in_line).all()
    entry = next((each for each, _ in entries if each.client_id == seat.client_id), None)
    line = [each for each, served in entries if not served]
    before = line[: line.index(entry)] if entry in line else line
    occupants = [s.client_id for s in seats if s.released_at is None or s.held_until is not None]
    _refuse_full(seat, party, session, occupants, ahead=sum(each.places for each in before))
    given = {each.client_id: each.id for each in seats if each.released_at is None}
    if seat.client_id in given:
        raise Invalid(N_("There is a place for you in this session already."), field="session")
    place = given.get(party.partner.id) if party.partner and party.known_until else None
    if place and party.known_until and store.get_one(Seat, place).given_at <= party.known_until:
        raise Clash(field="session")
    return [each for each, _ in entries if each.client_id in party.ids]


def _refuse_full(
    seat: Seat, party: Party, session: Session, occupants: Sequence[int], ahead: int
) -> set[int]:
    """Raises Full unless there is room for those of the party who have no place yet, and for the `ahead` places of those before
    them in line; and when it is another couple's hour. Returns the ids of those who have one."""
    if eligibility.is_anothers(seat, session, occupants, party):
        raise Full(field="session")
    seated = set(occupants) & set(party.ids)
    need = len(party.ids) - len(seated)
    if need and len(occupants) + ahead + need > session.capacity:
        raise Full(field="session")
    return seated


def _take_places(
    store: Store,
    session: Session,
    party: Party,
    seats: list[SeatColumns],
    any_bookings: bool,
    by: Person | None,
    now: datetime,
) -> list[Seat]:
    """A seat for the client, then for their partner, and their time with it. A partner who is paused or has a place there already
    is given none, and nothing else differs (P11)."""
    places: list[Seat] = []
    placed = {each.client_id for each in seats if each.released_at is None}
    for each in party.people:
        if each is party.partner and (each.id in placed or not each.active):
            continue
        place = planning.give_seat(
            store, session, each, by=by, now=now, known=seats, why=PlaceReason.MAKE_UP
        )
        seats = [other for other in seats if other.id != place.id]
        seats.append(SeatColumns(place.id, each.id, place.number, None, None))
        known = each is party.client or party.known_until == now
        busy_slots.take(store, place, now, free=not any_bookings, strict=known)
        places.append(place)
    return places


def _book_for_partner(
    store: Store, session: Session, places: list[Seat], by: Person | None, now: datetime
) -> None:
    """A make-up for the partner too, when they have a couple's session of their own to make up for: the first that was, or that they
    said they can't come to. Theirs alone decides which, never the client's: a row about the one says nothing of the other (P11)."""
    theirs = store.scalars(_to_make_up(places[1].client_id, now)).all()
    there = attended.attended(store, theirs, now)
    for missed in theirs:
        fits = eligibility.is_staff(by) or eligibility.suitable(session, missed.session)
        in_time = session.starts_at <= eligibility.deadline_of(store, missed)
        if missed.id not in there and missed.session_id != session.id and fits and in_time:
            made = _make_up(missed, MakeUpKind.SESSION, None, by, now)
            _set_places(made, places[::-1])
            make_ups.add(store, made, by=by, now=now)
            return


def _to_make_up(client_id: int, now: datetime) -> Select[Seat]:
    """The client's seats in couples' sessions of the last weeks, and those to which they said they can't come, without a make-up;
    the earliest first. Whether they were there is another question."""
    reported = exists().where(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
    stands = exists().where(MakeUp.seat_id == Seat.id, MakeUp.stands)
    return (
        select(Seat)
        .join(Session, Session.id == Seat.session_id)
        .where(Seat.client_id == client_id, Seat.is_given, Session.is_on, ~stands)
        .where(Session.kind.in_(JOINT), Session.ends_at > now - LOOK_BACK)
        .where(or_(Session.ends_at <= now, reported))
        .where(Seat.id.not_in(make_ups.seats_of_others(client_id)))
        .order_by(Session.starts_at, Seat.id)
    )


def _leave_line(store: Store, entry: WaitlistEntry, by: Person | None, now: datetime) -> None:
    held = store.scalar(waitlist.live().where(HeldPlace.entry_id == entry.id))
    if held is not None:
        waitlist.end(store, held, "booked", by=by, now=now)
    waitlist.leave(store, entry, by=by, now=now, why="booked")


def _make_up(
    seat: Seat, kind: MakeUpKind, instead_of: MakeUp | None, by: Person | None, now: datetime
) -> MakeUp:
    return MakeUp(
        seat=seat, kind=kind, instead_of_id=instead_of and instead_of.id, booked_at=now,
        booked_by_id=by and by.id,
    )  # fmt: skip


def _set_places(made: MakeUp, places: Sequence[Seat]) -> None:
    made.by_seat, made.partner_seat = places[0], places[1] if len(places) > 1 else None
    made.next_look_at = places[0].session.ends_at
