"""Plans and changes sessions, and gives clients places in them or holds places for them."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.programs import known_zone
from webapp.care.schedule import dial_ins
from webapp.care.schedule.kinds import PresenceFrom, SessionKind
from webapp.care.schedule.sessions import PlaceReason, Seat, Session, check_times, occupied
from webapp.db import Store
from webapp.refusals import N_, Cancelled, Full, Invalid, TooLate

LONGEST_TITLE = 200
MOST_PLACES = 1000


def put(
    store: Store,
    program_id: int,
    ref: str,
    *,
    kind: str,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    time_zone: str,
    host: Person,
    capacity: int,
    by: Person | None,
    now: datetime,
    join_url: str | None = None,
    dial_in: str | None = None,
    presence_from: str = PresenceFrom.PLATFORM,
    makes_up: Iterable[str] = (),
    seats: Iterable[Person] | None = None,
) -> tuple[Session, bool]:
    """Plan a session, or change the one of that reference; returns (session, whether new).

    `seats`: the clients who have a place in it (None: unchanged). Raises Invalid, Full, Cancelled.
    """
    time_zone, makes_up = known_zone(time_zone), list(makes_up)
    check(
        program_id, kind=kind, title=title, host=host, capacity=capacity, makes_up=makes_up,
        presence_from=presence_from,
    )  # fmt: skip
    check_times(starts_at, ends_at)
    known = select(Session).where(Session.program_id == program_id, Session.ref == ref)
    session = store.scalar(known)
    new = session is None
    if session is None:
        session = Session(
            program_id=program_id, ref=ref, starts_at=starts_at, ends_at=ends_at, sequence=0,
            planned_at=now,
        )  # fmt: skip
        store.add(session)
    elif session.cancelled_at:
        raise Cancelled()
    had_host = session.host_id
    session.kind, session.title, session.time_zone = kind, title, time_zone
    session.host, session.join_url = host, dial_ins.checked_join_url(join_url)
    session.dial_in = dial_ins.parse(dial_in) if dial_in else None
    session.presence_from, session.makes_up = presence_from, makes_up
    changed = session.capacity != capacity or store.is_modified(session)
    resize(store, session, capacity)
    if new:
        events.record(store, Tag.SESSION_PLANNED, session=session, by=by, now=now)
    elif changed:
        record_change(store, session, had_host, by=by, now=now)
    session.move(store, starts_at, ends_at, by=by, now=now)
    if seats is not None:
        set_seats(store, session, seats, by=by, now=now)
    return session, new


def check(
    program_id: int,
    *,
    kind: str,
    title: str,
    host: Person,
    capacity: int,
    presence_from: str,
    makes_up: Sequence[str],
) -> None:
    """Raises Invalid naming the field unless these are what a session or a series of this program may have (S17)."""
    for name, each in (("kind", kind), *(("makes_up", each) for each in makes_up)):
        if each not in list(SessionKind):
            raise Invalid(N_("%(kind)s is not a kind of session."), field=name, kind=each[:60])
    if presence_from not in list(PresenceFrom):
        raise Invalid(N_("Write one of: %(known)s."), field="presence", known=", ".join(PresenceFrom))  # fmt: skip
    visible = any(letter.isprintable() and not letter.isspace() for letter in title)
    if not visible or len(title) > LONGEST_TITLE:
        raise Invalid(N_("Give it a title of at most %(most)s letters; clients read it."), field="title", most=LONGEST_TITLE)  # fmt: skip
    if host.kind != Kind.STAFF or host.program_id != program_id:
        raise Invalid(N_("A session is hosted by staff."), field="host")
    if host.status == Status.DISCHARGED:
        raise Invalid(
            N_("%(name)s has left the program. Name another host."), field="host", name=host.name
        )
    if not 1 <= capacity <= MOST_PLACES:
        raise Invalid(N_("Between 1 and 1000 places."), field="capacity")


def check_client(program_id: int, client: Person) -> None:
    """Raises Invalid unless `client` is a client of this program."""
    if client.kind != Kind.CLIENT or client.program_id != program_id:
        raise Invalid(N_("%(ref)s is not a client here."), field="seats", ref=client.ref)


Times = tuple[datetime, datetime]
"""When something begins and when it ends."""


def overlaps(
    store: Store, people: Iterable[Person], times: Sequence[Times], *, but: Collection[int] = ()
) -> list[tuple[Person, Session]]:
    """Who of these people hosts another session at one of these times or has a place in one, and which: what is asked about before a
    plan is saved (rule 14). `but`: sessions (ids) that are given these times. By name, then time. Two statements; grows with what these
    people have between the first and the last of the times."""
    wanted = {person.id: person for person in people}
    if not wanted or not times:
        return []
    first, last = min(start for start, _ in times), max(end for _, end in times)
    between = (Session.is_on, Session.starts_at < last, Session.ends_at > first)
    hosted = select(Session.host_id, Session).where(Session.host_id.in_(wanted), *between)
    seated = select(Seat.client_id, Session).join(Seat, Seat.session_id == Session.id)
    seated = seated.where(Seat.client_id.in_(wanted), Seat.is_given, *between)
    order = sorted(times)
    starts = [start for start, _ in order]
    longest = max(end - start for start, end in order)
    found = [
        (wanted[who], session)
        for who, session in (*store.execute(hosted), *store.execute(seated))
        if session.id not in but and _meets(session, order, starts, longest)
    ]
    return sorted(found, key=lambda one: (one[0].name, one[1].starts_at))


def _meets(
    session: Session, order: Sequence[Times], starts: Sequence[datetime], longest: timedelta
) -> bool:
    """Whether it overlaps one of these times, which are in order; `longest` is the longest of them."""
    near = bisect_left(starts, session.starts_at - longest)
    upto = bisect_left(starts, session.ends_at)
    return any(end > session.starts_at for _, end in order[near:upto])


def record_change(
    store: Store, session: Session, had_host: int, *, by: Person | None, now: datetime
) -> None:
    """Record that something other than its time changed; `had_host`: who hosted it before. With the event goes a new host of it, if
    there is one."""
    store.flush()
    host = {"host": session.host_id} if session.host_id != had_host else {}
    events.record(store, Tag.SESSION_CHANGED, session=session, by=by, now=now, **host)


def resize(store: Store, session: Session, capacity: int) -> None:
    """Set the number of places. Raises Invalid when more are occupied."""
    highest = 0
    if session.id:
        highest = (
            store.scalar(
                select(func.max(Seat.number)).where(Seat.session_id == session.id, occupied())
            )
            or 0
        )
    if highest > capacity:
        raise Invalid(N_("%(taken)s places are taken."), field="capacity", taken=highest)
    session.capacity = capacity
    store.flush()


def set_seats(
    store: Store, session: Session, clients: Iterable[Person], *, by: Person | None, now: datetime
) -> None:
    """Give each of these clients a place, and release everyone else's. Raises Full, Cancelled, Invalid; TooLate naming whoever would lose
    theirs in one that has begun (rule 14)."""
    wanted = {client.id: client for client in clients}
    left_out = [seat for seat in taken(store, session) if seat.client_id not in wanted]
    if left_out and session.starts_at <= now:
        refs = ", ".join(seat.client.ref for seat in left_out)
        raise TooLate(N_("This session has begun, so whoever has a place in it keeps it. Name them too: %(who)s."), field="seats", who=refs)  # fmt: skip
    for seat in left_out:
        seat.release(store, by=by, now=now)
    store.flush()
    for client in wanted.values():
        give_seat(store, session, client, by=by, now=now)


def give_seat(
    store: Store,
    session: Session,
    client: Person,
    *,
    by: Person | None,
    now: datetime,
    known: Sequence[Sequence[Any]] | None = None,
    why: PlaceReason = PlaceReason.STAFF,
) -> Seat:
    """Give `client` a place and return their seat: the one they have or that is held for them, else the lowest free number.
    `known`: the session's seats (id, client, number, released at, held until), if the caller has locked and read them.
    Raises Full, Cancelled, Invalid."""
    mine, theirs = _place_for(store, session, client, now, known)
    if theirs:
        return mine
    if mine.held_until:
        mine.given_at = now
    mine.released_at, mine.held_until, mine.next_look_at = None, None, now
    store.flush()
    events.record(
        store, Tag.SEAT_GIVEN, seat=mine, by=by, now=now, number=mine.number, why=why.value
    )
    return mine


def hold_seat(
    store: Store, session: Session, client: Person, until: datetime, *, now: datetime
) -> Seat:
    """Hold a place for `client` until `until`; it is theirs only after `give_seat`. Raises Full, Cancelled, Invalid."""
    mine, theirs = _place_for(store, session, client, now, None)
    if not theirs:
        mine.released_at, mine.held_until, mine.next_look_at = mine.released_at or now, until, None
        store.flush()
    return mine


def _place_for(
    store: Store,
    session: Session,
    client: Person,
    now: datetime,
    known: Sequence[Sequence[Any]] | None,
) -> tuple[Seat, bool]:
    """The client's seat, with a free number if it had none, and whether they have the place already."""
    if session.cancelled_at:
        raise Cancelled()
    check_client(session.program_id, client)
    seats = _locked_seats(store, session) if known is None else known
    own = next((row for row in seats if row[1] == client.id), None)
    mine = store.get_one(Seat, own[0]) if own else None
    if mine and own and (own[3] is None or own[4]):
        return mine, own[3] is None
    used = {number for _id, _whose, number, gone, held in seats if gone is None or held}
    number = next((n for n in range(1, session.capacity + 1) if n not in used), None)
    if number is None:
        raise Full(field="seats")
    if mine is None:
        mine = Seat(session=session, capacity=session.capacity, client=client, given_at=now)
        store.add(mine)
    mine.number = number
    return mine, False


def _locked_seats(store: Store, session: Session) -> Sequence[Sequence[Any]]:
    lock(store, session)
    columns = (Seat.id, Seat.client_id, Seat.number, Seat.released_at, Seat.held_until)
    return store.execute(select(*columns).where(Seat.session_id == session.id)).all()


_LOCK = select(Session.id).where(Session.id == bindparam("id")).with_for_update(key_share=True)


def lock(store: Store, session: Session) -> None:
    """Lock this session's places until the commit, so that of two who want the last one, one gets Full and not a database
    error (R9). A caller who needs the client's row too locks that first (`busy_slots.lock`)."""
    if store.get_bind().dialect.name != "sqlite":  # there a writing store is the only writer
        store.execute(_LOCK, {"id": session.id})


def taken(store: Store, session: Session) -> list[Seat]:
    """The seats of a session that are given, by number; places that are only held are left out."""
    found = select(Seat).where(Seat.session_id == session.id, Seat.is_given)
    return list(store.scalars(found.order_by(Seat.number)))
