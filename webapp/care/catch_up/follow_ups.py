"""Follow-ups: staff sign off that a missed session was talked through (M21)."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid


class FollowUp(Base):
    """The sign-off for one seat."""

    __tablename__ = "follow_up"

    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), primary_key=True)
    talked_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None] = mapped_column(SealedText)


def sign_off(
    store: Store, seat: Seat, *, by: Person, now: datetime, note: str | None = None
) -> FollowUp:
    """Staff sign off that the content of this session was talked through; a second sign-off returns the first. Raises Forbidden,
    and Invalid before the session has begun."""
    if by.kind != Kind.STAFF:
        raise Forbidden()
    if now < seat.session.starts_at:
        raise Invalid(N_("This session hasn't started yet."), field="seat")
    row = {
        "seat_id": seat.id,
        "talked_at": now,
        "by_id": by.id,
        "note": (note or "").strip() or None,
    }
    signed = insert_or_ignore(store, FollowUp).values(prepared_row(store, FollowUp, row))
    if store.scalar(signed.returning(FollowUp.seat_id)):
        events.record(store, Tag.FOLLOW_UP_DONE, seat=seat, by=by, now=now)
    return store.get_one(FollowUp, seat.id)
