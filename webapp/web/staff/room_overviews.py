"""Sessions with their seats and each seat's standing at one instant, loaded in a fixed number of statements."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import joinedload

from webapp.batches import each_or_none
from webapp.bulk import rows as rows_of
from webapp.care.attendance.guests import Guest, Identification
from webapp.care.attendance.presence import RoomLook
from webapp.care.attendance.standing import Standing, standing
from webapp.care.attendance.tally import TAP
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.directory.policy import Policy
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import Picture, SeatRow
from webapp.protocol.ladder.ladder import explain
from webapp.protocol.ladder.rungs import RungStatus, State

NOT_SEEN = frozenset({Standing.WAITING, Standing.UNKNOWN, Standing.MISSED})
"""Standings of a seat without any evidence yet."""
ATTENDED = frozenset({Standing.ATTENDED, Standing.PARTIAL})


@dataclass(frozen=True, slots=True)
class SeatOverview:
    """One seat at one instant: its standing, the evidence summed up, and the ladder's explanation of each rung."""

    seat: Seat
    standing: Standing
    looks: list[RungStatus]
    minutes: int
    """Minutes present so far, rounded, overlaps counted once."""
    here: bool
    """Present now."""
    word: str
    """What staff marked last: present, absent, or empty."""
    seen: bool
    """There is evidence other than a tap on Join: marking against it is a correction and needs a reason (rule 10)."""
    corrections_within: timedelta
    unreadable: bool = False
    """Something known about it can't be read; the rest of the room stands (R13)."""

    @property
    def client(self) -> Person:
        return self.seat.client

    @property
    def next(self) -> RungStatus | None:
        """The rung taken next, or None when no more may be."""
        ahead = [look for look in self.looks if look.state in (State.DUE, State.HELD, State.LATER)]
        return min((look for look in ahead if look.due_at), key=_taken_at, default=None)

    @property
    def unsaid(self) -> bool:
        """Not seen, and not marked by staff."""
        return self.standing in NOT_SEEN and not self.word


def _taken_at(look: RungStatus) -> datetime:
    """When the rung is taken; a held one when the ladder looks again."""
    assert look.due_at is not None
    return max(look.due_at, look.until) if look.until else look.due_at


@dataclass(frozen=True, slots=True)
class RoomOverview:
    """One session. `places` are the seats the reader may see by name; `total`, `there` and `waited_for` count all seats. `run`: the
    reader may move, cancel and mark it (S18); `readable`: ids of the clients whose chart they may open (P12)."""

    session: Session
    places: list[SeatOverview]
    total: int
    there: int
    waited_for: int
    run: bool
    readable: frozenset[int]
    guests: int = 0
    """How many guests nobody has named (rule 7)."""
    look: RoomLook | None = None
    """The last time that somebody said nobody else was there (rule 7)."""

    @property
    def others(self) -> int:
        """How many seats belong to clients outside the reader's care: counted, not named."""
        return self.total - len(self.places)

    @property
    def next(self) -> RungStatus | None:
        """The rung taken next for anybody in the session, or None."""
        ahead = [look for place in self.places if (look := place.next)]
        return min(ahead, key=_taken_at, default=None)

    @property
    def unsaid(self) -> list[SeatOverview]:
        return [place for place in self.places if place.unsaid]

    @property
    def unclear(self) -> bool:
        """Nothing tells whether somebody was there, and nobody has looked."""
        return any(place.standing is Standing.UNKNOWN for place in self.places)

    @property
    def minutes(self) -> int:
        return int((self.session.ends_at - self.session.starts_at) / timedelta(minutes=1))

    def started(self, now: datetime) -> bool:
        return self.session.starts_at <= now

    def open(self, now: datetime) -> bool:
        """Open to join: from ten minutes before the start until the end."""
        begins = self.session.starts_at - timedelta(minutes=10)
        return begins <= now < self.session.ends_at and not self.session.cancelled_at

    def needs_attention(self, now: datetime) -> bool:
        """Open, or over without anybody having marked who was there."""
        if self.session.cancelled_at:
            return False
        over = self.session.ends_at <= now and bool(self.unsaid) and not self.session.confirmed_at
        return self.open(now) or over


def of_sessions(
    store: Store,
    rows: Select[Session],
    person: Person,
    now: datetime,
    *,
    whole_walk: bool = False,
) -> list[RoomOverview]:
    """These sessions with their seats, as `person` may see them. The number of statements does not grow with the sessions.

    `whole_walk`: load past misses also for seats not missed yet, to explain their escalation.
    """
    loaded = list(store.scalars(rows.options(joinedload(Session.host))))
    ids = [session.id for session in loaded]
    taken = select(Seat).where(Seat.session_id.in_(ids), Seat.is_given)
    mine = sessions.seats_visible_to(person).where(Seat.session_id.in_(ids))
    named = set(store.scalars(mine.with_only_columns(Seat.id)))
    readable = teams.readable_by(person).where(
        Person.id.in_(mine.with_only_columns(Seat.client_id))
    )
    open_to = frozenset(store.scalars(readable.with_only_columns(Person.id)))
    by_session = defaultdict(list)
    for place in of_seats(store, taken.order_by(Seat.number), now, whole_walk):
        by_session[place.seat.session_id].append(place)
    looks = {
        look.session_id: look
        for look in store.scalars(
            select(RoomLook)
            .where(RoomLook.session_id.in_(ids), ~RoomLook.is_undone)
            .order_by(RoomLook.at, RoomLook.id)
        )
    }
    unknown = _unknown_guests(store, ids)
    return [
        replace(
            _room(session, by_session[session.id], named, open_to, person, now),
            look=looks.get(session.id), guests=unknown.get(session.id, 0),
        )
        for session in loaded
    ]  # fmt: skip


def _unknown_guests(store: Store, session_ids: list[int]) -> dict[int, int]:
    """session → how many guests it has whom nobody has named."""
    named = exists().where(Identification.guest_id == Guest.id, ~Identification.is_undone)
    query = (
        select(Guest.session_id, func.count())
        .where(Guest.session_id.in_(session_ids), ~named, Guest.with_id.is_(None))
        .group_by(Guest.session_id)
    )
    return dict(rows_of(store, query))


def _room(
    session: Session,
    places: list[SeatOverview],
    named: set[int],
    open_to: frozenset[int],
    person: Person,
    now: datetime,
) -> RoomOverview:
    running = now < session.ends_at
    return RoomOverview(
        session,
        [place for place in places if place.seat.id in named],
        total=len(places),
        there=sum(place.here if running else place.standing in ATTENDED for place in places),
        waited_for=sum(place.standing is Standing.WAITING for place in places),
        run=session.is_run_by(person),
        readable=open_to,
    )


def of_seats(
    store: Store, seats: Select[Seat], now: datetime, whole_walk: bool = True
) -> list[SeatOverview]:
    """These seats with their standing at `now`, in the query's order."""
    both = (joinedload(Seat.client), joinedload(Seat.session).joinedload(Session.host))
    found = store.scalars(seats.options(*both)).all()
    rows = [SeatRow(seat.id, seat.session_id, seat.client_id, seat.given_at) for seat in found]

    def build(some: list[tuple[Seat, SeatRow]]) -> list[SeatOverview]:
        pictures = facts.of_seats(store, [row for _, row in some], now, walk_all=whole_walk)
        return [_place(seat, seen, now) for (seat, _), seen in zip(some, pictures, strict=True)]

    both_of = list(zip(found, rows, strict=True))
    places = each_or_none(build, both_of)
    return [made or _unreadable(seat) for made, seat in zip(places, found, strict=True)]


def _unreadable(seat: Seat) -> SeatOverview:
    within = Policy().corrections_within
    return SeatOverview(seat, Standing.UNKNOWN, [], 0, False, "", False, within, unreadable=True)


def _place(seat: Seat, picture: Picture, now: datetime) -> SeatOverview:
    seat_facts = picture.facts
    tally = seat_facts.tally(now)
    return SeatOverview(
        seat,
        standing(seat_facts, now),
        explain(seat_facts, picture.taken, now),
        minutes=round(tally.present_for / timedelta(minutes=1)),
        here=tally.here,
        word=tally.word,
        seen=any(piece.source != TAP for piece in seat_facts.evidence),
        corrections_within=seat_facts.room.policy.corrections_within,
    )
