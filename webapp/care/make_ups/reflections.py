"""Reflections: a few sentences on a recording or an assignment, with which it makes up for a missed session (M6)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials import drafts
from webapp.care.schedule.sessions import Seat, Session
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, AlreadyDone, Forbidden, Invalid

SHORTEST = 40
"""Characters: about one sentence. It is there to help the client remember, not to be graded."""


class Reflection(Base):
    """What a client took from a recording or an assignment. Handing it in completes the make-up; staff may confirm a make-up
    with or without one."""

    __tablename__ = "reflection"

    make_up_id: Mapped[int] = mapped_column(ForeignKey("make_up.id"), primary_key=True)
    body: Mapped[str] = mapped_column(SealedText, default="")
    handed_in_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    feedback: Mapped[str | None] = mapped_column(SealedText)
    """Words of staff for the client to read."""

    make_up: Mapped[MakeUp] = relationship()
    confirmed_by: Mapped[Person | None] = relationship()


def about(made: MakeUp) -> str:
    """The key of its draft (`drafts.save`, `drafts.of`)."""
    return f"make_up:{made.id}"


def unanswered(program_id: int) -> Select[Reflection]:
    """Reflections of a program that were handed in and not yet confirmed, the longest waiting first."""
    return (
        select(Reflection)
        .join(MakeUp, MakeUp.id == Reflection.make_up_id)
        .join(Seat, Seat.id == MakeUp.seat_id)
        .join(Session, Session.id == Seat.session_id)
        .where(Session.program_id == program_id, ~MakeUp.is_cancelled)
        .where(Reflection.handed_in_at.is_not(None), Reflection.confirmed_at.is_(None))
        .order_by(Reflection.handed_in_at)
    )


def hand_in(store: Store, made: MakeUp, body: str, *, by: Person, now: datetime) -> Reflection:
    """The client hands in a reflection, and the session is made up for. Handing in again changes nothing. Raises Invalid,
    AlreadyDone, Forbidden."""
    if by.id != made.seat.client_id:
        raise Forbidden()
    store.refresh(made, with_for_update=True)  # two taps at once: one after the other
    earlier = store.get(Reflection, made.id)
    if earlier is not None and earlier.handed_in_at is not None:
        return earlier
    if made.cancelled_at or made.resource_id is None:
        raise AlreadyDone()
    body = body.strip()
    if len(body) < SHORTEST:
        raise Invalid(N_("A sentence or two is enough: what stayed with you?"), field="body")
    if len(body) > drafts.LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="body", most=drafts.LONGEST)
    reflection = earlier or Reflection(make_up_id=made.id)
    reflection.body, reflection.handed_in_at = body, now
    store.add(reflection)
    drafts.clear(store, by.id, about(made))
    events.record(store, Tag.REFLECTION_HANDED_IN, seat=made.seat, by=by, now=now, make_up=made.id)
    made.complete(store, by=by, now=now)
    return reflection


def confirm(
    store: Store, made: MakeUp, *, by: Person, now: datetime, feedback: str = ""
) -> Reflection:
    """Staff confirm that it was done, also when the client told them instead of writing, with a few words of `feedback` if they
    like. Raises Forbidden, AlreadyDone, Invalid."""
    if by.kind != Kind.STAFF:
        raise Forbidden()
    if made.cancelled_at:
        raise AlreadyDone()
    if len(feedback) > drafts.LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="feedback", most=drafts.LONGEST)
    reflection = store.get(Reflection, made.id) or Reflection(make_up_id=made.id, body="")
    store.add(reflection)
    made.complete(store, by=by, now=now)
    if reflection.confirmed_at is None:
        reflection.confirmed_at, reflection.confirmed_by = now, by
        events.record(
            store, Tag.REFLECTION_CONFIRMED, seat=made.seat, by=by, now=now, make_up=made.id
        )
    if (words := feedback.strip()) and words != reflection.feedback:
        reflection.feedback = words
        events.record(
            store, Tag.REFLECTION_ANSWERED, seat=made.seat, by=by, now=now, make_up=made.id
        )
    store.flush()
    return reflection
