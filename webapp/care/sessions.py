"""Sessions and seats. *Session* is one dated occurrence of treatment; everything hangs on the seat."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Select,
    UniqueConstraint,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care import events
from webapp.care.people import Kind, Person, in_care_of
from webapp.care.tags import Tag
from webapp.db import Base, Store
from webapp.refusals import N_, Cancelled, Full, Invalid, TooLate


class SessionKind(StrEnum):
    INDIVIDUAL = "individual"
    GROUP = "group"
    FAMILY = "family"
    COUPLES = "couples"
    PSYCHOEDUCATION = "psychoeducation"
    SUPPORT_GROUP = "support_group"
    MEDICATION = "medication"
    CASE_MANAGEMENT = "case_management"
    ACTIVITY = "activity"


class PresenceFrom(StrEnum):
    """Where evidence of presence comes from: the video platform, or the host's own marks."""

    PLATFORM = "platform"
    STAFF = "staff"


class Session(Base):
    """One dated occurrence. `time_zone` is where its wall time was planned; instants are UTC."""

    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        UniqueConstraint("series_id", "occurs_on"),
        UniqueConstraint("id", "capacity"),
        CheckConstraint("ends_at > starts_at", name="ends_later"),
        CheckConstraint("capacity > 0", name="capacity"),
        Index("ix_session_starts", "program_id", "starts_at"),
        Index("ix_session_host", "host_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    ref: Mapped[str]
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    occurs_on: Mapped[str | None]
    """Which occurrence of its series: the local start as the pattern has it, also when this one was moved."""
    kind: Mapped[str]
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    time_zone: Mapped[str]
    host_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    join_url: Mapped[str | None]
    capacity: Mapped[int]
    presence_from: Mapped[str] = mapped_column(default=PresenceFrom.PLATFORM)
    makes_up: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Kinds of missed sessions that a seat here may make up for."""
    sequence: Mapped[int] = mapped_column(default=0)
    """Rises with every change a calendar must follow (RFC 5545)."""
    planned_at: Mapped[datetime]
    moved_at: Mapped[datetime | None]
    """The last instant at which its time was changed: reminders that fell due before are not given again (rule 4)."""
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cancel_reason: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    """When staff or the reconciled platform confirmed who was there (P4)."""

    host: Mapped[Person] = relationship(foreign_keys=host_id)
    seats: Mapped[list["Seat"]] = relationship(back_populates="session", order_by="Seat.number")

    def move(
        self,
        store: Store,
        starts_at: datetime,
        ends_at: datetime,
        *,
        by: Person | None,
        now: datetime,
    ) -> None:
        """Another time. Every future look is derived anew; who had been told is told once more (rule 4)."""
        if self.cancelled_at:
            raise Cancelled()
        if ends_at <= starts_at:
            raise Invalid(N_("A session ends after it starts."), field="ends_at")
        if (starts_at, ends_at) == (self.starts_at, self.ends_at):
            return
        was_at, self.starts_at, self.ends_at = self.starts_at, starts_at, ends_at
        self.moved_at = now
        self.sequence += 1
        look_again(store, now, session_id=self.id)
        events.record(
            store, Tag.SESSION_MOVED, by=by, now=now, program_id=self.program_id, session=self,
            was_at=was_at, starts_at=starts_at, ends_at=ends_at, sequence=self.sequence,
        )  # fmt: skip

    def cancel(self, store: Store, reason: str, *, by: Person | None, now: datetime) -> None:
        """The program calls it off: nobody missed anything. Saying so twice changes nothing."""
        if self.cancelled_at:
            return
        if not reason.strip():
            raise Invalid(N_("Say why, for the record."), field="reason")
        self.cancelled_at, self.cancel_reason = now, reason
        self.cancelled_by_id = by.id if by else None
        self.sequence += 1
        look_again(store, now, session_id=self.id)
        events.record(
            store, Tag.SESSION_CANCELLED, by=by, now=now, program_id=self.program_id, session=self,
            starts_at=self.starts_at,
        )  # fmt: skip

    def confirm(self, store: Store, source: str, *, by: Person | None, now: datetime) -> None:
        """Who was there is now certain: `source` is `staff` or `platform` (P4)."""
        if self.confirmed_at is None:
            self.confirmed_at = now
            look_again(store, now, session_id=self.id)
            events.record(
                store, Tag.SESSION_CONFIRMED, by=by, now=now, program_id=self.program_id,
                session=self, source=source,
            )  # fmt: skip


class Seat(Base):
    """One client's place in one session.

    `number` is unique among the places taken and never above the capacity: the database itself cannot overbook (R9).
    `next_look_at` is the one timer of the ladder: when the engine looks at this seat again; null when all is said.
    """

    __tablename__ = "seat"
    __table_args__ = (
        ForeignKeyConstraint(
            ["session_id", "capacity"], ["session.id", "session.capacity"], onupdate="CASCADE"
        ),
        CheckConstraint("number BETWEEN 1 AND capacity", name="within_capacity"),
        UniqueConstraint("session_id", "client_id"),
        Index(
            "uq_seat_number", "session_id", "number", unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index(
            "ix_seat_look", "next_look_at",
            sqlite_where=text("next_look_at IS NOT NULL"),
            postgresql_where=text("next_look_at IS NOT NULL"),
        ),
        Index("ix_seat_client", "client_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int]
    capacity: Mapped[int]
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    given_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    next_look_at: Mapped[datetime | None]

    session: Mapped[Session] = relationship(back_populates="seats", lazy="joined", innerjoin=True)
    client: Mapped[Person] = relationship()

    def release(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """The client no longer has this place. Its history stays."""
        if self.released_at is None:
            self.released_at, self.next_look_at = now, None
            record(store, Tag.SEAT_RELEASED, self, by=by, now=now)


def record(
    store: Store, tag: Tag, seat: Seat, *, by: Person | None, now: datetime, **fields: Any
) -> None:
    """A fact about a seat."""
    program_id = seat.session.program_id
    events.record(store, tag, by=by, now=now, program_id=program_id, seat=seat, **fields)


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
    presence_from: str = PresenceFrom.PLATFORM,
    makes_up: Iterable[str] = (),
    seats: Iterable[Person] | None = None,
) -> tuple[Session, bool]:
    """Plan a session, or change the one of that reference; answers (session, whether new).

    `seats`: exactly these clients (None: as they are). Raises Invalid, Full, Cancelled.
    """
    _check(kind, host, starts_at, ends_at, capacity)
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
    session.kind, session.title, session.time_zone = kind, title, time_zone
    session.host, session.join_url = host, join_url
    session.presence_from, session.makes_up = presence_from, list(makes_up)
    resize(store, session, capacity)
    tag = Tag.SESSION_PLANNED if new else Tag.SESSION_CHANGED
    events.record(store, tag, by=by, now=now, program_id=program_id, session=session)
    session.move(store, starts_at, ends_at, by=by, now=now)
    if seats is not None:
        seat_exactly(store, session, seats, by=by, now=now)
    return session, new


def _check(kind: str, host: Person, starts_at: datetime, ends_at: datetime, capacity: int) -> None:
    if kind not in list(SessionKind):
        raise Invalid(N_("%(kind)s is not a kind of session."), field="kind", kind=kind)
    if host.kind != Kind.STAFF:
        raise Invalid(N_("A session is hosted by staff."), field="host")
    if ends_at <= starts_at:
        raise Invalid(N_("A session ends after it starts."), field="ends_at")
    if ends_at - starts_at > timedelta(hours=24):
        raise Invalid(N_("A session lasts a day at most."), field="ends_at")
    if not 1 <= capacity <= 1000:
        raise Invalid(N_("Between 1 and 1000 places."), field="capacity")


def resize(store: Store, session: Session, capacity: int) -> None:
    """Change how many places there are. Raises Invalid when more are taken."""
    highest = 0
    if session.id:
        highest = (
            store.scalar(
                select(func.max(Seat.number)).where(
                    Seat.session_id == session.id, Seat.released_at.is_(None)
                )
            )
            or 0
        )
    if highest > capacity:
        raise Invalid(N_("%(taken)s places are taken."), field="capacity", taken=highest)
    session.capacity = capacity
    store.flush()


def seat_exactly(
    store: Store, session: Session, clients: Iterable[Person], *, by: Person | None, now: datetime
) -> None:
    """Give these clients a place each, and release everyone else's."""
    wanted = {client.id: client for client in clients}
    for seat in taken(store, session):
        if seat.client_id not in wanted:
            seat.release(store, by=by, now=now)
    store.flush()
    for client in wanted.values():
        give_seat(store, session, client, by=by, now=now)


def give_seat(
    store: Store, session: Session, client: Person, *, by: Person | None, now: datetime
) -> Seat:
    """A place for `client`, the lowest free number. Their own place again if they have or had one. Raises Full,
    Cancelled, Invalid."""
    if session.cancelled_at:
        raise Cancelled()
    if client.kind != Kind.CLIENT or client.program_id != session.program_id:
        raise Invalid(N_("%(ref)s is not a client here."), field="seats", ref=client.ref)
    lock(store, session)
    columns = (Seat.id, Seat.client_id, Seat.number, Seat.released_at)
    seats = store.execute(select(*columns).where(Seat.session_id == session.id)).all()
    own = next((seat.id for seat in seats if seat.client_id == client.id), None)
    mine = store.get_one(Seat, own) if own else None
    if mine and mine.released_at is None:
        return mine
    used = {seat.number for seat in seats if seat.released_at is None}
    number = next((n for n in range(1, session.capacity + 1) if n not in used), None)
    if number is None:
        raise Full(field="seats")
    if mine is None:
        mine = Seat(session=session, capacity=session.capacity, client=client, given_at=now)
        store.add(mine)
    mine.number, mine.released_at, mine.next_look_at = number, None, now
    store.flush()
    record(store, Tag.SEAT_GIVEN, mine, by=by, now=now, number=number)
    return mine


def lock(store: Store, session: Session) -> None:
    """Have this session's places to oneself until the commit, so that two who want the last one get an answer, not an
    error (R9). Whoever needs a client's row too takes that first (`clashes.lock`)."""
    store.execute(
        select(Session.id).where(Session.id == session.id).with_for_update(key_share=True)
    )


def taken(store: Store, session: Session) -> list[Seat]:
    """The seats of a session that are somebody's, by number."""
    found = select(Seat).where(Seat.session_id == session.id, Seat.released_at.is_(None))
    return list(store.scalars(found.order_by(Seat.number)))


def confirm_coming(store: Store, seat: Seat, *, by: Person | None, now: datetime) -> None:
    """ "I'll be there": a reply, which is contact."""
    if seat.session.cancelled_at:
        raise Cancelled()
    if now > seat.session.ends_at:
        raise TooLate(N_("This session is over."))
    record(store, Tag.COMING_CONFIRMED, seat, by=by, now=now)


def look_again(store: Store, now: datetime, **which: int) -> None:
    """Have the engine look at these seats at once: `session_id=`, `client_id=` or `id=`.

    The engine decides from facts; this only says when. A client's older seats (14 days) are looked at too, so that
    contact closes what it answers (rule 2). A seat that is due already is set too: if the engine holds it at this
    moment, with facts read before this one, it looks once more.
    """
    where = [getattr(Seat, name) == value for name, value in which.items()]
    if "client_id" in which:
        recent = select(Session.id).where(
            Session.starts_at.between(now - timedelta(days=14), now + timedelta(days=2))
        )
        where.append(Seat.session_id.in_(recent))
    store.flush()
    store.execute(
        update(Seat)
        .where(*where, Seat.released_at.is_(None))
        .values(next_look_at=now)
        .execution_options(synchronize_session=False)
    )


def seats_visible_to(me: Person) -> Select[Seat]:
    """Seats `me` may see: a client their own; staff those of clients in their care and of sessions they host (S1)."""
    found = select(Seat).join(Session, Session.id == Seat.session_id)
    found = found.where(Session.program_id == me.program_id, Seat.released_at.is_(None))
    if me.kind != Kind.STAFF:
        return found.where(Seat.client_id == me.id)
    return found.where(or_(in_care_of(me, Seat.client_id), Session.host_id == me.id))


def visible_to(me: Person) -> Select[Session]:
    """Sessions `me` may see: a client those with a seat of theirs; staff those they host or with a client of theirs."""
    found = select(Session).where(Session.program_id == me.program_id)
    seats = select(Seat.session_id).where(Seat.released_at.is_(None))
    if me.kind != Kind.STAFF:
        return found.where(Session.id.in_(seats.where(Seat.client_id == me.id)))
    theirs = Session.id.in_(seats.where(in_care_of(me, Seat.client_id)))
    return found.where(or_(Session.host_id == me.id, theirs))


def upcoming(seats: Select[Any], as_of: datetime) -> Select[Any]:
    """Of a select over seats joined to sessions: those not over yet, soonest first."""
    return seats.where(Session.ends_at > as_of, Session.cancelled_at.is_(None)).order_by(
        Session.starts_at, Seat.id
    )
