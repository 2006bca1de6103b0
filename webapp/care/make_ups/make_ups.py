"""Make-ups: what a missed seat is made up for with, a place in another session, a recording or an assignment (M6, M27)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, and_, or_, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.make_ups import busy_slots
from webapp.care.materials.resources import Resource
from webapp.care.schedule.sessions import PlaceReason, Seat, look_again
from webapp.db import Base, Store

ENDED_WITH_COUPLE = "couple_ended"
FOR_BOTH = ("cancelled", "moved", "session_cancelled", "partner", ENDED_WITH_COUPLE)
"""Why a couple's make-up ends for both. Any other end is about one of them, and the other's place and row stay (P11)."""
STANDS = "cancelled_at IS NULL AND lapsed_at IS NULL"


class MakeUpKind(StrEnum):
    """What a seat is made up for with. `other`: staff noted that it was, in some other way."""

    SESSION = "session"
    RECORDING = "recording"
    ASSIGNMENT = "assignment"
    OTHER = "other"


class MakeUp(Base):
    """`by_seat` or `resource` makes up for `seat`, from `completed_at` on.

    One make-up *stands* for a seat at a time: it is neither cancelled nor lapsed (its session went by without the client). A
    couple's make-up gives both a seat: `partner_seat_id` is the one that the partner has by it. What the partner missed
    themselves it makes up for by a row of theirs, which names this one's seat in turn.
    """

    __tablename__ = "make_up"
    __table_args__ = (
        Index(
            "uq_make_up_standing", "seat_id", unique=True,
            sqlite_where=text(STANDS), postgresql_where=text(STANDS),
        ),
        Index("ix_make_up_seat", "seat_id"),
        Index("ix_make_up_by_seat", "by_seat_id"),
        Index("ix_make_up_partner_seat", "partner_seat_id"),
        Index(
            "ix_make_up_look", "next_look_at",
            sqlite_where=text("next_look_at IS NOT NULL"),
            postgresql_where=text("next_look_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    by_seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    partner_seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    kind: Mapped[str]
    instead_of_id: Mapped[int | None] = mapped_column(ForeignKey("make_up.id"))
    """The make-up that was moved to this one."""
    booked_at: Mapped[datetime]
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    next_look_at: Mapped[datetime | None]
    """When `settlement.settle` looks whether its session was attended; null when nothing more can follow."""
    completed_at: Mapped[datetime | None]
    completed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    cancel_why: Mapped[str | None]
    """`cancelled`, `moved`, `told` (the client reported that they can't come to it), `session_cancelled`, `place_taken_back`,
    `partner` (cancelled by the other of the couple), `couple_ended`."""
    lapsed_at: Mapped[datetime | None]

    seat: Mapped[Seat] = relationship(foreign_keys=seat_id)
    by_seat: Mapped[Seat | None] = relationship(foreign_keys=by_seat_id)
    partner_seat: Mapped[Seat | None] = relationship(foreign_keys=partner_seat_id)
    resource: Mapped[Resource | None] = relationship()

    @hybrid_property
    def is_cancelled(self) -> bool:
        """Given up."""
        return self.cancelled_at != None

    @hybrid_property
    def stands(self) -> bool:
        """Booked or done: no other can be booked for the seat."""
        return not (self.cancelled_at or self.lapsed_at)

    @stands.inplace.expression
    @classmethod
    def _stands(cls) -> ColumnElement[bool]:
        return and_(cls.cancelled_at.is_(None), cls.lapsed_at.is_(None))

    @hybrid_property
    def is_open(self) -> bool:
        """Booked, and neither done nor given up."""
        return not (self.completed_at or self.cancelled_at or self.lapsed_at)

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> ColumnElement[bool]:
        return and_(cls.completed_at.is_(None), cls.cancelled_at.is_(None), cls.lapsed_at.is_(None))

    def is_over(self, as_of: datetime) -> bool:
        """The session that is booked has taken place."""
        return self.by_seat is not None and self.by_seat.session.ends_at <= as_of

    def complete(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """The missed seat is made up for. A lapsed make-up too can be completed, after a correction of who was there."""
        if self.completed_at is None and self.cancelled_at is None:
            self.completed_at, self.completed_by_id = now, by.id if by else None
            self.lapsed_at = self.next_look_at = None
            self._record(store, Tag.MAKE_UP_COMPLETED, by=by, now=now)

    def cancel(
        self, store: Store, *, by: Person | None, now: datetime, why: str = "cancelled"
    ) -> None:
        """Cancel an open make-up: its place is free again. `why` decides whether it ends for the partner too (FOR_BOTH). A make-up
        that is not open stays as it is."""
        if not self.is_open:
            return
        self.cancelled_at, self.cancelled_by_id, self.cancel_why = now, by.id if by else None, why
        self.next_look_at = None
        for_both = why in FOR_BOTH
        for taken in (self.by_seat, self.partner_seat if for_both else None):
            if taken is not None and taken.session.ends_at > now:
                taken.release(store, by=by, now=now, why=PlaceReason.MAKE_UP)
                busy_slots.give_back(store, taken.id)
        self._record(store, Tag.MAKE_UP_CANCELLED, by=by, now=now, why=why)
        for other in store.scalars(_together(self)) if for_both else ():
            reason = "partner" if why == "cancelled" else why
            other.cancel(store, by=by, now=now, why=reason)

    def lapse(self, store: Store, *, now: datetime) -> None:
        """Its session went by without the client: another make-up may be booked."""
        if self.is_open:
            self.lapsed_at = now
            self._record(store, Tag.MAKE_UP_LAPSED, by=None, now=now)

    def _record(
        self, store: Store, tag: Tag, *, by: Person | None, now: datetime, **more: Any
    ) -> None:
        look_again(store, now, id=self.seat_id)
        events.record(store, tag, seat=self.seat, by=by, now=now, make_up=self.id, **more)


def note_down(
    store: Store, seat: Seat, *, kind: str = MakeUpKind.OTHER, by: Person | None, now: datetime
) -> MakeUp:
    """Staff note that `seat` is made up for without a booking; `complete()` follows."""
    made = MakeUp(seat=seat, kind=MakeUpKind(kind), booked_at=now, booked_by_id=by and by.id)
    return add(store, made, by=by, now=now)


def add(store: Store, made: MakeUp, *, by: Person | None, now: datetime) -> MakeUp:
    """Store a new make-up and record that it was booked."""
    store.add(made)
    store.flush()
    events.record(
        store, Tag.MAKE_UP_BOOKED, seat=made.seat, by=by, now=now, make_up=made.id, kind=made.kind,
        by_seat=made.by_seat_id, resource=made.resource_id, instead_of=made.instead_of_id,
    )  # fmt: skip
    return made


def standing_for(seat_ids: Iterable[int]) -> Select[MakeUp]:
    """The make-up that stands for each of these seats: booked or done."""
    return select(MakeUp).where(MakeUp.seat_id.in_(list(seat_ids)), MakeUp.stands)


def seats_of_others(client_id: int) -> Select[int]:
    """Ids of a client's seats that were booked to make up for another seat, or for a partner's."""
    theirs = select(Seat.id).where(Seat.client_id == client_id)
    booked_as = or_(MakeUp.by_seat_id == Seat.id, MakeUp.partner_seat_id == Seat.id)
    return theirs.where(select(MakeUp.id).where(booked_as).exists())


def _together(made: MakeUp) -> Select[MakeUp]:
    """The partner's row of a couple's make-up."""
    return select(MakeUp).where(
        MakeUp.by_seat_id == made.partner_seat_id, MakeUp.by_seat_id.is_not(None), MakeUp.is_open
    )
