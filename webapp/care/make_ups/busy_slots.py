"""Five-minute slots of a client's time that booked make-ups take: the database refuses a double booking (R9).

The primary key refuses a second booking of a slot, on both databases and however requests race. Ordinary seats, which staff
may plan over one another, take no slots: they are read in the same transaction, with the client's row locked.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    bindparam,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Base, Store
from webapp.refusals import Clash

SLOT = 300
"""Seconds. Short enough that a session may begin at ten to seven when another ends then."""


class BusySlot(Base):
    """Five minutes of a client's time, taken by a booked make-up. `slot` counts them since 1970, UTC.

    Growth: 36 rows for a make-up of three hours that is still ahead; past ones are deleted at the client's next booking.
    """

    __tablename__ = "busy_slot"
    __table_args__ = (Index("ix_busy_slot_seat", "seat_id"),)

    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))


_TAKE = text(
    "WITH RECURSIVE span(slot) AS (SELECT CAST(:first AS BIGINT) UNION ALL "
    "SELECT slot + 1 FROM span WHERE slot + 1 < :beyond) "
    "INSERT INTO busy_slot (client_id, slot, seat_id) "
    "SELECT :client, slot, :seat FROM span WHERE slot < :beyond ON CONFLICT DO NOTHING"
)


def slots_of(starts_at: datetime, ends_at: datetime) -> range:
    """The slots that lie wholly within a session, so that one that ends where another begins shares none with it."""
    first = -(-int(starts_at.timestamp()) // SLOT)
    return range(first, max(first, int(ends_at.timestamp()) // SLOT))


_LOCK = (
    select(Person.id)
    .where(Person.id.in_(bindparam("ids", expanding=True)))
    .order_by(Person.id)
    .with_for_update(key_share=True)
)
_TIMES = (Seat.released_at, Session.cancelled_at, Session.starts_at, Session.ends_at)
_SPANS = (
    select(
        BusySlot.seat_id, func.min(BusySlot.slot), func.max(BusySlot.slot), func.count(), *_TIMES
    )
    .join(Seat, Seat.id == BusySlot.seat_id)
    .join(Session, Session.id == Seat.session_id)
    .where(BusySlot.client_id == bindparam("client"))
    .group_by(BusySlot.seat_id, *_TIMES)
)


def lock(store: Store, clients: Iterable[Person]) -> None:
    """Lock these clients until the commit: what is read about their time stays true. In the order of their ids, and before any
    session is locked (`planning.lock`)."""
    ids = sorted({client.id for client in clients})
    if store.get_bind().dialect.name != "sqlite":  # where a writing store is the only writer
        store.execute(_LOCK, {"ids": ids})


def take(
    store: Store, seat: Seat, now: datetime, *, free: bool = False, strict: bool = True
) -> None:
    """Take the slots of this seat's session. `free`: the client is known to have no booking. Raises Clash when another booking
    of the client has one of them; not `strict`: takes those that are left, for a partner whose calendar nobody asked."""
    if not free:
        refresh(store, seat.client_id, now)
    slots = slots_of(seat.session.starts_at, seat.session.ends_at)
    _fill(store, seat.id, seat.client_id, slots, strict)


def _fill(store: Store, seat_id: int, client_id: int, slots: range, strict: bool = True) -> None:
    if not slots:
        return
    values = {
        "first": slots.start, "beyond": slots.stop, "client": client_id, "seat": seat_id,
    }  # fmt: skip
    taken = store.execute(_TAKE, values).rowcount  # type: ignore[attr-defined]
    if strict and taken < len(slots):
        raise Clash(field="session")


def give_back(store: Store, seat_id: int) -> None:
    """Free the slots of this seat."""
    store.execute(delete(BusySlot).where(BusySlot.seat_id == seat_id))


def refresh(store: Store, client_id: int, now: datetime) -> None:
    """Bring a client's slots up to date with sessions that were moved or cancelled or are over, and seats that were given back.
    One statement when none was; the caller has locked the client."""
    store.flush()
    spans = store.connection().execute(_SPANS, {"client": client_id}).all()
    for seat_id, first, last, count, released_at, cancelled_at, starts_at, ends_at in spans:
        kept = released_at is None and not cancelled_at and ends_at > now
        now_at = slots_of(starts_at, ends_at) if kept else range(0)
        if (first, last + 1, count) != (now_at.start, now_at.stop, len(now_at)):
            give_back(store, seat_id)
            _fill(store, seat_id, client_id, now_at, strict=False)
