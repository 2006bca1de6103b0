"""Private iCalendar feeds: a secret link for a phone's calendar, and the reserved times it lists (M16).

The link holds a secret of 256 bits, stored as a hash; its owner can end it at any time. A feed lists times only: this module
returns no title, no place and no name.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary, Select, func, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import account_changes, events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.schedule.sessions import Seat, Session, ever_theirs
from webapp.crypto.keys import hash_secret
from webapp.db import Base, Store

BACK, AHEAD = timedelta(days=30), timedelta(weeks=9)
"""Which sessions a feed lists, counted from now. Older ones stay as they are on the phone."""


class CalendarFeed(Base):
    """One person's link. Each person has at most one open link."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        Index(
            "uq_calendar_feed_live", "person_id", unique=True,
            sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    login_id: Mapped[int | None]
    """The login in which it was made: who signs that one out from elsewhere ends the link too (S19)."""

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One reserved time. Instants are aware UTC; `sequence` never falls (RFC 5545, 3.8.7.4)."""

    seat_id: int
    starts_at: datetime
    ends_at: datetime
    sequence: int
    changed_at: datetime
    cancelled: bool


def open_feed(
    store: Store, person: Person, *, by: Person, now: datetime, login_id: int | None = None
) -> str:
    """Make a new link for `person` and close the one before; returns its secret, which is shown only now."""
    close_feed(store, person, by=by, now=now, why="replaced")
    secret = secrets.token_urlsafe(32)
    feed = CalendarFeed(
        person_id=person.id, secret_hash=hash_secret(secret), opened_at=now, login_id=login_id
    )
    store.add(feed)
    store.flush()
    account_changes.record(store, Tag.FEED_OPENED, person=person, by=by, now=now, feed=feed.id)
    return secret


def close_feed(
    store: Store, person: Person, *, by: Person | None, now: datetime, why: str = "closed",
    made_in: Collection[int] | None = None,
) -> None:  # fmt: skip
    """Close the person's link, if they have one; with `made_in` (ids of logins) only if it was made in one of these."""
    feed = store.scalar(of(person.id))
    if feed is not None and (made_in is None or feed.login_id in made_in):
        feed.closed_at = now
        store.flush()
        events.record(store, Tag.FEED_CLOSED, person=person, by=by, now=now, feed=feed.id, why=why)


def of(person_id: int) -> Select[CalendarFeed]:
    """The open link of a person, if they have one."""
    mine = select(CalendarFeed).where(CalendarFeed.person_id == person_id)
    return mine.where(CalendarFeed.closed_at.is_(None))


def reader_of(store: Store, secret: str) -> Person | None:
    """The person whose open link has this secret; None for a closed or unknown one, and for the discharged. One statement."""
    live = select(CalendarFeed).where(
        CalendarFeed.secret_hash == hash_secret(secret), CalendarFeed.closed_at.is_(None)
    )
    feed = store.scalar(live)
    return feed.person if feed and feed.person.status != Status.DISCHARGED else None


def entries(
    store: Store, person: Person, now: datetime, seat_id: int | None = None
) -> list[CalendarEntry]:
    """The times reserved for `person` around `now`, or only that of `seat_id`; released places are marked cancelled, places
    that were only held are left out. Two statements; grows with the seats of that time and their changes."""
    if person.kind != Kind.CLIENT:
        return []
    query = (
        select(Seat)
        .join(Session, Session.id == Seat.session_id)
        .where(Seat.client_id == person.id, ever_theirs())
        .order_by(Session.starts_at, Seat.id)
    )
    if seat_id is None:
        query = query.where(Session.starts_at.between(now - BACK, now + AHEAD))
    else:
        query = query.where(Seat.id == seat_id)
    seats = list(store.scalars(query))
    changes = _changes(store, person, [seat.id for seat in seats])
    return [_entry(seat, changes.get(seat.id, 1) - 1) for seat in seats]


def _entry(seat: Seat, changes: int) -> CalendarEntry:
    session = seat.session
    known = (
        session.planned_at, session.moved_at, session.cancelled_at, seat.given_at, seat.released_at
    )  # fmt: skip
    return CalendarEntry(
        seat.id,
        session.starts_at,
        session.ends_at,
        sequence=session.sequence + max(changes, 1 if seat.released_at else 0),
        changed_at=max(at for at in known if at is not None),
        cancelled=session.cancelled_at is not None or seat.released_at is not None,
    )


def _changes(store: Store, person: Person, seat_ids: list[int]) -> dict[int, int]:
    """seat → how often it was given and released; the calendar must follow each time."""
    query = (
        select(Event.seat_id, func.count())
        .where(Event.client_id == person.id, Event.seat_id.in_(seat_ids))
        .where(Event.tag.in_((Tag.SEAT_GIVEN, Tag.SEAT_RELEASED)))
        .group_by(Event.seat_id)
    )
    return {seat_id: count for seat_id, count in store.execute(query) if seat_id is not None}
