"""Make-ups: a seat in another session, a recording or an assignment that makes up for a missed seat."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care import sessions
from webapp.care.people import Person
from webapp.care.sessions import Seat, look_again
from webapp.care.tags import Tag
from webapp.db import Base, Store


class MakeUp(Base):
    """`by_seat` (or another `kind` of work) stands in for `seat`; it counts from `completed_at` on."""

    __tablename__ = "make_up"
    __table_args__ = (
        Index("ix_make_up_seat", "seat_id"),
        Index("ix_make_up_by_seat", "by_seat_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    by_seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    kind: Mapped[str]
    booked_at: Mapped[datetime]
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

    seat: Mapped[Seat] = relationship(foreign_keys=seat_id)
    by_seat: Mapped[Seat | None] = relationship(foreign_keys=by_seat_id)

    def complete(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """It was done: the missed seat is made up."""
        if self.completed_at is None:
            self.completed_at = now
            look_again(store, now, id=self.seat_id)
            sessions.record(
                store, Tag.MAKE_UP_COMPLETED, self.seat, by=by, now=now, make_up=self.id
            )


def book(
    store: Store,
    seat: Seat,
    *,
    kind: str,
    by: Person | None,
    now: datetime,
    by_seat: Seat | None = None,
) -> MakeUp:
    """Set down what will make up for `seat`. Offers, windows and the waitlist come with *The client app*."""
    made = MakeUp(seat=seat, by_seat=by_seat, kind=kind, booked_at=now, booked_by_id=by and by.id)
    store.add(made)
    store.flush()
    sessions.record(store, Tag.MAKE_UP_BOOKED, seat, by=by, now=now, make_up=made.id, kind=kind)
    return made
