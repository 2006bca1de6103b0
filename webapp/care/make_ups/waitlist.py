"""The waitlist: clients who wait for a place in a full session, and places held for the first in line (M6).

A held place *is* a seat, with a number: the database cannot overbook it. It is not its client's yet: reminders, calendars
and counts of missed sessions leave it out. Its client takes it (`bookings.accept`) or lets it go; after `until` it goes to the
next in line. Who is next: held_places.py.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, or_, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.make_ups import busy_slots, eligibility
from webapp.care.schedule.sessions import PlaceReason, Seat, Session
from webapp.db import Base, Store
from webapp.refusals import N_, TooLate

LAST_CALL = timedelta(minutes=30)
"""This close to the start no place is held: a free place is simply free."""


class WaitlistEntry(Base):
    """A client waits for a place in a session, to make up for `seat`; a couple for two places at once.

    `left_why`: `left`, `booked`, `declined`, `expired`, `clash` (they had something else at that time by then), `over`,
    `couple_ended`, `discharged`.
    """

    __tablename__ = "waitlist_entry"
    __table_args__ = (
        Index(
            "uq_waitlist_entry_open", "session_id", "client_id", unique=True,
            sqlite_where=text("left_at IS NULL"), postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_waitlist_entry_client", "client_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    places: Mapped[int] = mapped_column(default=1, server_default="1")
    """How many they need: a couple two, which are held together or not at all."""
    joined_at: Mapped[datetime]
    joined_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    left_at: Mapped[datetime | None]
    left_why: Mapped[str | None]

    session: Mapped[Session] = relationship()
    client: Mapped[Person] = relationship(foreign_keys=client_id)
    joined_by: Mapped[Person | None] = relationship(foreign_keys=joined_by_id)
    seat: Mapped[Seat] = relationship()

    @hybrid_property
    def is_waiting(self) -> bool:
        """Still in line."""
        return self.left_at == None


class HeldPlace(Base):
    """A seat held for a client until `until`, for a couple another beside it."""

    __tablename__ = "held_place"
    __table_args__ = (
        Index(
            "uq_held_place_live", "entry_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_held_place_until", "until",
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_held_place_seat", "seat_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waitlist_entry.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    partner_seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    held_at: Mapped[datetime]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    """`booked`, `declined`, `expired`."""

    entry: Mapped[WaitlistEntry] = relationship(lazy="joined", innerjoin=True)
    seat: Mapped[Seat] = relationship(foreign_keys=seat_id)
    partner_seat: Mapped[Seat | None] = relationship(foreign_keys=partner_seat_id)

    @hybrid_property
    def is_held(self) -> bool:
        """Neither taken, nor let go, nor expired."""
        return self.ended_at == None


def join(
    store: Store, seat: Seat, session: Session, *, by: Person | None, now: datetime
) -> WaitlistEntry:
    """Wait for a place in `session`, to make up for `seat`; only where the client could book a place if one were free. Joining
    again returns the same entry. Raises Cancelled, TooLate, Invalid, Forbidden."""
    party, _ = eligibility.check(store, seat, session, by, now)
    if session.starts_at <= now + LAST_CALL:
        raise TooLate(N_("This session begins too soon to wait for a place."))
    busy_slots.lock(store, [seat.client])  # two taps at once: one after the other
    same = store.scalar(in_line([session.id]).where(WaitlistEntry.client_id == seat.client_id))
    if same:
        return same
    entry = WaitlistEntry(
        session=session, client=seat.client, seat=seat, joined_at=now, joined_by_id=by and by.id,
        places=len(party.people),
    )  # fmt: skip
    store.add(entry)
    store.flush()
    events.record(
        store, Tag.WAITLIST_JOINED, seat=entry.seat, by=by, now=now, entry=entry.id,
        wanted=entry.session_id,
    )  # fmt: skip
    return entry


def leave(
    store: Store, entry: WaitlistEntry, *, by: Person | None, now: datetime, why: str = "left"
) -> None:
    """Take an entry out of the line; a place that is held for it is let go."""
    if entry.left_at is None:
        if held := store.scalar(live().where(HeldPlace.entry_id == entry.id)):
            end(store, held, "declined", by=by, now=now)
        entry.left_at, entry.left_why = now, why
        events.record(
            store, Tag.WAITLIST_LEFT, seat=entry.seat, by=by, now=now, why=why, entry=entry.id,
            wanted=entry.session_id,
        )  # fmt: skip


def let_go(store: Store, held: HeldPlace, *, by: Person | None, now: datetime) -> None:
    """Decline a held place: it goes to the next in line."""
    if held.ended_at is None:
        leave(store, held.entry, by=by, now=now, why="declined")


def end(store: Store, held: HeldPlace, why: str, *, by: Person | None, now: datetime) -> None:
    """End a hold. With `booked` the client keeps the seat; with `declined` or `expired` it is free again."""
    if not held.is_held:
        return
    held.ended_at, held.ended_why = now, why
    for seat in (held.seat, held.partner_seat):
        if seat is not None:
            seat.held_until = None
            if why != "booked" and seat.given_at <= held.held_at:  # else given to them meanwhile
                seat.release(store, by=by, now=now, why=PlaceReason.MAKE_UP)
    if why != "booked":
        events.record(
            store, Tag.PLACE_LET_GO, seat=held.seat, by=by, now=now, held=held.id, why=why
        )
    store.flush()


def waiting(client: Person) -> Select[WaitlistEntry]:
    """The entries of `client`, the soonest session first."""
    entries = in_any_line().join(Session, Session.id == WaitlistEntry.session_id)
    return entries.where(WaitlistEntry.client_id == client.id).order_by(Session.starts_at)


def concerning(client_id: int) -> Select[WaitlistEntry]:
    """The entries of a client, and those for which a place is held beside their partner's."""
    beside = select(HeldPlace.entry_id).join(Seat, Seat.id == HeldPlace.partner_seat_id)
    beside = beside.where(HeldPlace.is_held, Seat.client_id == client_id)
    theirs = or_(WaitlistEntry.client_id == client_id, WaitlistEntry.id.in_(beside))
    return in_any_line().where(theirs).order_by(WaitlistEntry.id)


def in_line(session_ids: Collection[int]) -> Select[WaitlistEntry]:
    """Everyone who waits for one of these sessions, in the order in which they joined."""
    entries = in_any_line().where(WaitlistEntry.session_id.in_(session_ids))
    return entries.order_by(WaitlistEntry.session_id, WaitlistEntry.joined_at, WaitlistEntry.id)


def live() -> Select[HeldPlace]:
    """Places that are held now."""
    return select(HeldPlace).where(HeldPlace.is_held)


def held_for(client_id: int, as_of: datetime | None = None) -> Select[HeldPlace]:
    """Places held for a client, the first to expire first. `as_of`: without those that have expired by then."""
    held = live().join(WaitlistEntry, WaitlistEntry.id == HeldPlace.entry_id)
    held = held.where(HeldPlace.until > as_of) if as_of else held
    return held.where(WaitlistEntry.client_id == client_id).order_by(HeldPlace.until)


def in_any_line() -> Select[WaitlistEntry]:
    """Everyone who waits for anything."""
    return select(WaitlistEntry).where(WaitlistEntry.is_waiting)


def served() -> ColumnElement[bool]:
    """A condition on WaitlistEntry: a place is held for it now."""
    return (
        select(HeldPlace.id)
        .where(HeldPlace.entry_id == WaitlistEntry.id, HeldPlace.is_held)
        .exists()
    )
