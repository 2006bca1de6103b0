"""The roll of rooms: each session with its seats as they stand at one instant, in a fixed number of statements."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.care.attendance.standing import Standing, standing
from webapp.care.attendance.tally import TAP
from webapp.care.directory.people import Person
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import Picture, SeatRow
from webapp.protocol.ladder.ladder import explain
from webapp.protocol.ladder.rungs import Look, State

NOBODY_YET = frozenset({Standing.WAITING, Standing.UNKNOWN, Standing.MISSED})
"""Standings of a seat about which nobody has said or seen anything yet."""
THERE = frozenset({Standing.ATTENDED, Standing.PARTIAL})


@dataclass(frozen=True, slots=True)
class SeatOverview:
    """One seat as it stands: the verdict, the evidence added up, and the ladder's own account of what happens next."""

    seat: Seat
    standing: Standing
    looks: list[Look]
    minutes: int
    """How long they were there so far, whole minutes, overlaps merged."""
    here: bool
    word: str
    """Staff's last word: present, absent, or nothing."""
    seen: bool
    """There is evidence beyond a tap: another word on it is a correction and needs a reason (rule 10)."""
    corrections_within: timedelta

    @property
    def client(self) -> Person:
        return self.seat.client

    @property
    def next(self) -> Look | None:
        """The rung the ladder takes next, if any is still ahead."""
        ahead = [look for look in self.looks if look.state in (State.DUE, State.HELD, State.LATER)]
        return min((look for look in ahead if look.due_at), key=_when, default=None)

    @property
    def unsaid(self) -> bool:
        """Nobody has seen them, and staff has said nothing."""
        return self.standing in NOBODY_YET and not self.word


def _when(look: Look) -> datetime:
    """A held rung is taken when the ladder looks again."""
    assert look.due_at is not None
    return max(look.due_at, look.until) if look.until else look.due_at


@dataclass(frozen=True, slots=True)
class RoomOverview:
    """One session. `places` holds the seats the reader may see by name; `total` and `there` count all of them."""

    session: Session
    places: list[SeatOverview]
    total: int
    there: int
    waited_for: int

    @property
    def others(self) -> int:
        """Seats of clients who are not in the reader's care: counted, not named."""
        return self.total - len(self.places)

    @property
    def next(self) -> Look | None:
        """The first rung that comes for anybody in the room."""
        ahead = [look for place in self.places if (look := place.next)]
        return min(ahead, key=_when, default=None)

    @property
    def unsaid(self) -> list[SeatOverview]:
        return [place for place in self.places if place.unsaid]

    @property
    def minutes(self) -> int:
        return int((self.session.ends_at - self.session.starts_at) / timedelta(minutes=1))

    def started(self, now: datetime) -> bool:
        return self.session.starts_at <= now

    def open(self, now: datetime) -> bool:
        """Its doors are open: ten minutes before the start until the end."""
        begins = self.session.starts_at - timedelta(minutes=10)
        return begins <= now < self.session.ends_at and not self.session.cancelled_at

    def calls_for_eyes(self, now: datetime) -> bool:
        """Open, or over without anybody having said who was there."""
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
    """These sessions with their seats, as `person` may see them. The number of statements does not grow with the rooms.

    `whole_walk`: also for seats not missed yet, so that their escalation can be explained.
    """
    found = list(store.scalars(rows.options(joinedload(Session.host))))
    ids = [session.id for session in found]
    taken = select(Seat).where(Seat.session_id.in_(ids), Seat.is_given)
    mine = sessions.seats_visible_to(person).where(Seat.session_id.in_(ids))
    named = set(store.scalars(mine.with_only_columns(Seat.id)))
    by_session = defaultdict(list)
    for place in of_seats(store, taken.order_by(Seat.number), now, whole_walk):
        by_session[place.seat.session_id].append(place)
    return [_room(session, by_session[session.id], named, now) for session in found]


def _room(
    session: Session, places: list[SeatOverview], named: set[int], now: datetime
) -> RoomOverview:
    running = now < session.ends_at
    return RoomOverview(
        session,
        [place for place in places if place.seat.id in named],
        total=len(places),
        there=sum(place.here if running else place.standing in THERE for place in places),
        waited_for=sum(place.standing is Standing.WAITING for place in places),
    )


def of_seats(
    store: Store, seats: Select[Seat], now: datetime, whole_walk: bool = True
) -> list[SeatOverview]:
    """These seats as they stand at `now`, in their order."""
    both = (joinedload(Seat.client), joinedload(Seat.session).joinedload(Session.host))
    found = store.scalars(seats.options(*both)).all()
    rows = [SeatRow(seat.id, seat.session_id, seat.client_id, seat.given_at) for seat in found]
    pictures = facts.of_seats(store, rows, now, walk_all=whole_walk) if rows else []
    return [_place(seat, picture, now) for seat, picture in zip(found, pictures, strict=True)]


def _place(seat: Seat, picture: Picture, now: datetime) -> SeatOverview:
    told = picture.facts
    tally = told.tally(now)
    return SeatOverview(
        seat,
        standing(told, now),
        explain(told, picture.taken, now),
        minutes=round(tally.present_for / timedelta(minutes=1)),
        here=tally.here,
        word=tally.word,
        seen=any(piece.source != TAP for piece in told.evidence),
        corrections_within=told.room.policy.corrections_within,
    )
