"""Sessions (one dated occurrence of treatment) and seats (one client's place in one session)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Select,
    UniqueConstraint,
    bindparam,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.teams import SEE_EVERYONE, in_care_of
from webapp.care.schedule.kinds import PresenceFrom
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Cancelled, Invalid, TooLate

BEHIND = timedelta(days=14)
LONGEST_SESSION = timedelta(hours=24)
CORRECTED_WITHIN = timedelta(days=90)
"""How long afterwards the time of a session may be corrected (rule 10)."""
OCCUPIED = "released_at IS NULL OR held_until IS NOT NULL"


LONGEST_REASON = 500
"""Letters of why a session was cancelled."""
TOOK_PLACE = N_("It took place, so it stays where it was held. Correct who was there, or let somebody who leads correct its time.")  # fmt: skip


class PlaceReason(StrEnum):
    """Why a place was given or released: of a change by staff or their systems its client is told (rule 4), of the others they
    know otherwise, or nothing changed for them."""

    STAFF = "staff"
    """Somebody planned it so: for one session, or by a change of a series or its members."""
    PATTERN = "pattern"
    """The next session of a series in which the client has a place anyway."""
    MAKE_UP = "make_up"
    """A make-up was booked or cancelled."""
    GROUP_TIME = "group_time"
    """The client changed to another time of the same group."""


class Session(Base):
    """One dated occurrence. `time_zone` is the zone of its planned local time; instants are UTC."""

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
    """Which occurrence of its series: the local start as the pattern has it, also when this one was moved. The day alone tells
    it from the others (rule 13)."""
    as_planned: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What its series last made of it (`series.py`). Whatever is otherwise now was changed by hand, and stands (rule 13)."""
    kind: Mapped[str]
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    time_zone: Mapped[str]
    host_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    join_url: Mapped[str | None]
    dial_in: Mapped[str | None]
    """Number and code for joining by telephone, in the form of `care/schedule/dial_ins.py`."""
    capacity: Mapped[int]
    presence_from: Mapped[str] = mapped_column(default=PresenceFrom.PLATFORM)
    makes_up: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Kinds of missed sessions that a seat here may make up for."""
    sequence: Mapped[int] = mapped_column(default=0)
    """Rises with every change a calendar must follow (RFC 5545)."""
    planned_at: Mapped[datetime]
    moved_at: Mapped[datetime | None]
    """When its time was last changed: reminders that were due before are not sent again (rule 4)."""
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cancel_reason: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    """When staff or the reconciled platform confirmed who was there (P4)."""

    host: Mapped[Person] = relationship(foreign_keys=host_id)
    seats: Mapped[list["Seat"]] = relationship(back_populates="session", order_by="Seat.number")

    @hybrid_property
    def is_on(self) -> bool:
        """Not cancelled."""
        return self.cancelled_at == None

    def is_hosted_by(self, me: Person) -> bool:
        """This staff member is its host, or covers for its host now."""
        return self.host_id in me.covering | {me.id}

    def is_run_by(self, me: Person) -> bool:
        """This staff member may move it, cancel it and mark who was there: its host, their cover, or one who leads the program (S18).
        The caller has loaded it through `visible_to`."""
        return self.is_hosted_by(me) or me.has_role(*SEE_EVERYONE)

    def move(
        self,
        store: Store,
        starts_at: datetime,
        ends_at: datetime,
        *,
        by: Person | None,
        now: datetime,
    ) -> None:
        """Change its time. The engine plans every step anew, and people who were told of the old time are told again (rule 4).
        Raises Cancelled, Invalid; TooLate for one that has begun, whose time a lead corrects instead (rule 14)."""
        if self.cancelled_at:
            raise Cancelled()
        check_times(starts_at, ends_at)
        if (starts_at, ends_at) == (self.starts_at, self.ends_at):
            return
        if self.starts_at <= now or self.confirmed_at:
            raise TooLate(N_("This session has begun, so it stays where it is. Somebody who leads can correct its time."), field="starts_at")  # fmt: skip
        if starts_at <= now:
            raise Invalid(N_("Choose a time that is still to come."), field="starts_at")
        was_at, self.starts_at, self.ends_at = self.starts_at, starts_at, ends_at
        self.moved_at = now
        self.sequence += 1
        look_again(store, now, session_id=self.id)
        events.record(
            store, Tag.SESSION_MOVED, session=self, by=by, now=now, was_at=was_at,
            starts_at=starts_at, ends_at=ends_at, sequence=self.sequence,
        )  # fmt: skip

    def cancel(self, store: Store, reason: str, *, by: Person | None, now: datetime) -> None:
        """The program cancels it: nobody missed anything. A second time changes nothing. Raises Invalid without a reason; TooLate once
        it is over (rule 14). Whoever calls one off that has begun asks `presence.call_off`, which knows who was there."""
        if self.cancelled_at:
            return
        if self.ends_at <= now or self.confirmed_at:
            raise TooLate(TOOK_PLACE)
        if not reason.strip():
            raise Invalid(N_("Say why, for the record."), field="reason")
        if len(reason) > LONGEST_REASON:
            raise Invalid(
                N_("Keep it under %(most)s letters."), field="reason", most=LONGEST_REASON
            )
        self.cancelled_at, self.cancel_reason = now, reason
        self.cancelled_by_id = by.id if by else None
        self.sequence += 1
        look_again(store, now, session_id=self.id)
        events.record(
            store, Tag.SESSION_CANCELLED, session=self, by=by, now=now, starts_at=self.starts_at
        )

    def reinstate(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """Take place after all, with the places it had and whatever is known of who was there. One that was not cancelled is left as
        it is. Raises TooLate once it would be over."""
        if not self.cancelled_at:
            return
        if self.ends_at <= now:
            raise TooLate(N_("It would be over by now. Plan another one."))
        off_since = self.cancelled_at
        self.cancelled_at, self.cancel_reason, self.cancelled_by_id = None, None, None
        self.sequence += 1
        look_again(store, now, session_id=self.id)
        events.record(
            store, Tag.SESSION_REINSTATED, session=self, by=by, now=now, starts_at=self.starts_at,
            ends_at=self.ends_at, off_since=off_since,
        )  # fmt: skip

    def correct_time(
        self,
        store: Store,
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
        *,
        by: Person,
        now: datetime,
    ) -> None:
        """Say when it really took place, for one that has begun: attendance is kept and seen against the right time (rules 10 and
        14). The caller checks that `by` leads. Raises Cancelled, Invalid, TooLate."""
        if self.cancelled_at:
            raise Cancelled()
        if not reason.strip():
            raise Invalid(N_("Say why, for the record."), field="reason")
        check_times(starts_at, ends_at)
        if self.starts_at > now:
            raise Invalid(N_("It has not begun. Move it instead."), field="starts_at")
        if starts_at > now:
            raise Invalid(
                N_("It has begun, so its time can't be still to come."), field="starts_at"
            )
        if now - min(starts_at, self.starts_at) > CORRECTED_WITHIN:
            raise TooLate(N_("It is too long ago to correct this."), field="starts_at")
        if (starts_at, ends_at) == (self.starts_at, self.ends_at):
            return
        store.add(
            TimeCorrection(
                session_id=self.id,
                was_starts_at=self.starts_at,
                was_ends_at=self.ends_at,
                reason=reason.strip(),
                at=now,
                by_id=by.id,
            )  # fmt: skip
        )
        self.starts_at, self.ends_at = starts_at, ends_at
        self.sequence += 1
        look_again(store, now, session_id=self.id)
        events.record(
            store, Tag.SESSION_TIME_CORRECTED, session=self, by=by, now=now, starts_at=starts_at,
            ends_at=ends_at,
        )  # fmt: skip

    def confirm(self, store: Store, source: str, *, by: Person | None, now: datetime) -> None:
        """Note that it is now certain who was there: `source` is `staff` or `platform` (P4)."""
        if self.confirmed_at is None:
            self.confirmed_at = now
            look_again(store, now, session_id=self.id)
            events.record(store, Tag.SESSION_CONFIRMED, session=self, by=by, now=now, source=source)


class TimeCorrection(Base):
    """Somebody who leads said when a session really took place. Growth: a few a year."""

    __tablename__ = "time_correction"
    __table_args__ = (Index("ix_time_correction_session", "session_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    was_starts_at: Mapped[datetime]
    was_ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(SealedText)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


def check_times(starts_at: datetime, ends_at: datetime) -> None:
    """Raises Invalid unless a session may have these times."""
    if ends_at <= starts_at:
        raise Invalid(N_("A session ends after it starts."), field="ends_at")
    if ends_at - starts_at > LONGEST_SESSION:
        raise Invalid(N_("A session lasts a day at most."), field="ends_at")


class Seat(Base):
    """One client's place in one session.

    `number` is unique among the occupied places and at most the capacity, so the database itself refuses overbooking (R9).
    `next_look_at` is the ladder's only timer: when the engine next looks at this seat; null when nothing is left to do.
    """

    __tablename__ = "seat"
    __table_args__ = (
        ForeignKeyConstraint(
            ["session_id", "capacity"], ["session.id", "session.capacity"], onupdate="CASCADE"
        ),
        CheckConstraint("number BETWEEN 1 AND capacity", name="within_capacity"),
        UniqueConstraint("session_id", "client_id"),
        Index(
            "uq_seat_place", "session_id", "number", unique=True,
            sqlite_where=text(OCCUPIED), postgresql_where=text(OCCUPIED),
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
    """When the client got it; for a place that was only held for them, when that began."""
    released_at: Mapped[datetime | None]
    """When it was released; set from the start for a place that is only held for them."""
    held_until: Mapped[datetime | None]
    """Until when it is held for the client (`waitlist.HeldPlace`), so that nobody else can have it; no page, ladder or feed
    counts it."""
    next_look_at: Mapped[datetime | None]

    session: Mapped[Session] = relationship(back_populates="seats", lazy="joined", innerjoin=True)
    client: Mapped[Person] = relationship()

    @hybrid_property
    def is_given(self) -> bool:
        """The client has this place: given and not released. A place that is only held for them is not given."""
        return self.released_at == None

    def release(
        self,
        store: Store,
        *,
        by: Person | None,
        now: datetime,
        why: PlaceReason = PlaceReason.STAFF,
    ) -> None:
        """The client no longer has this place. Its history stays."""
        if self.released_at is None:
            self.released_at, self.next_look_at = now, None
            events.record(store, Tag.SEAT_RELEASED, seat=self, by=by, now=now, why=why.value)


def occupied(seat: Any = Seat) -> ColumnElement[bool]:
    """A condition: nobody else can have this place, since it is given to its client or held for them."""
    return or_(seat.is_given, seat.held_until.is_not(None))


def ever_theirs() -> ColumnElement[bool]:
    """A condition: the client has or had this place; it was not only held for them."""
    return or_(Seat.is_given, Seat.released_at > Seat.given_at)


_AGAIN = update(Seat).where(Seat.is_given).values(next_look_at=bindparam("at"))
_TIMES = Session.starts_at.between(bindparam("since"), bindparam("until"))
_LOOKS = {
    "id": _AGAIN.where(Seat.id == bindparam("which")),
    "session_id": _AGAIN.where(Seat.session_id == bindparam("which")),
    "client_id": _AGAIN.where(Seat.client_id == bindparam("which"))
    .where(Seat.session_id.in_(select(Session.id).where(_TIMES))),
}  # fmt: skip
"""Built once: on SQLite every other writer would wait while a statement is built."""


def program_of(session_id: int) -> Select[int]:
    """The program of a session."""
    return select(Session.program_id).where(Session.id == session_id)


def program_of_seat(seat_id: int) -> Select[int]:
    """The program of a seat."""
    theirs = select(Session.program_id).join(Seat, Seat.session_id == Session.id)
    return theirs.where(Seat.id == seat_id)


def look_again(
    store: Store, now: datetime, *, ahead: timedelta = timedelta(days=2), **which: int
) -> None:
    """Have the engine look at these seats at once: `session_id=`, `client_id=` or `id=` (of one seat).

    Of a client, the seats of the last 14 days are included, so that contact closes the tasks it settles (rule 2), and the
    coming ones up to `ahead`. Seats that are due already are set too: if the engine is deciding about one right now from
    older facts, it looks once more.
    """
    [(name, value)] = which.items()
    times = {"since": now - BEHIND, "until": now + ahead} if name == "client_id" else {}
    store.flush()
    store.connection().execute(_LOOKS[name], {"at": now, "which": value, **times})


def seats_visible_to(me: Person) -> Select[Seat]:
    """The seats `me` may see: a client their own; staff those of clients in their care and of sessions they host, or whose host they
    cover for (S1)."""
    found = select(Seat).join(Session, Session.id == Seat.session_id)
    found = found.where(Session.program_id == me.program_id, Seat.is_given)
    if me.kind != Kind.STAFF:
        return found.where(Seat.client_id == me.id)
    return found.where(or_(in_care_of(me, Seat.client_id), _hosted_by(me)))


def _hosted_by(me: Person) -> ColumnElement[bool]:
    return Session.host_id.in_(me.covering | {me.id})


def visible_to(me: Person) -> Select[Session]:
    """The sessions `me` may see: a client those in which they have a place; staff those they host, or whose host they cover for, and
    those with a client in their care."""
    found = select(Session).where(Session.program_id == me.program_id)
    seats = select(Seat.session_id).where(Seat.is_given)
    if me.kind != Kind.STAFF:
        return found.where(Session.id.in_(seats.where(Seat.client_id == me.id)))
    theirs = Session.id.in_(seats.where(in_care_of(me, Seat.client_id)))
    return found.where(or_(_hosted_by(me), theirs))
