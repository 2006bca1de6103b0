"""Hand-ins: what clients handed in of their homework, what staff said to it, and opening it again (M5)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.teams import in_care_of
from webapp.care.materials import drafts
from webapp.care.materials.homework import Homework
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import N_, AlreadyDone, Forbidden, Invalid


class HandIn(Base):
    """What a client handed in, and what staff said to it. One stands; one that was opened again stays as it was."""

    __tablename__ = "hand_in"
    __table_args__ = (
        Index(
            "uq_hand_in_standing", "homework_id", "client_id", unique=True,
            sqlite_where=text("reopened_at IS NULL"),
            postgresql_where=text("reopened_at IS NULL"),
        ),
        Index("ix_hand_in_client", "client_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    homework_id: Mapped[int] = mapped_column(ForeignKey("homework.id"))
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(SealedText)
    handed_in_at: Mapped[datetime]
    feedback: Mapped[str | None] = mapped_column(SealedText)
    feedback_at: Mapped[datetime | None]
    feedback_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reopened_at: Mapped[datetime | None]
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    homework: Mapped[Homework] = relationship()
    client: Mapped[Person] = relationship(foreign_keys=client_id)


def hand_in(store: Store, homework: Homework, body: str, *, by: Person, now: datetime) -> HandIn:
    """The client hands in what they wrote; their draft has served. What was handed in stands until staff or the client
    open it again. Raises Invalid for nothing, Forbidden."""
    if by.kind != Kind.CLIENT:
        raise Forbidden()
    if standing := store.scalar(of([homework.id], by.id)):
        return standing
    body = body.strip()
    if not 0 < len(body) <= drafts.LONGEST:
        raise Invalid(N_("Write a few words first."), field="body")
    row = {"homework_id": homework.id, "client_id": by.id, "body": body, "handed_in_at": now}
    # two taps at once: the key keeps one
    store.execute(insert_or_ignore(store, HandIn).values(prepared_row(store, HandIn, row)))
    made = store.scalars(of([homework.id], by.id)).one()
    drafts.clear(store, by.id, homework.about)
    return _told(store, Tag.HOMEWORK_HANDED_IN, made, homework, by=by, now=now)


def answer(store: Store, made: HandIn, feedback: str, *, by: Person, now: datetime) -> HandIn:
    """Staff say something to it. Raises Invalid, Forbidden, AlreadyDone."""
    if by.kind != Kind.STAFF:
        raise Forbidden()
    if not 0 < len(feedback.strip()) <= drafts.LONGEST:
        raise Invalid(N_("Write a few words first."), field="feedback")
    if made.reopened_at:
        raise AlreadyDone()
    made.feedback, made.feedback_at, made.feedback_by_id = feedback.strip(), now, by.id
    return _told(store, Tag.HOMEWORK_ANSWERED, made, made.homework, by=by, now=now)


def reopen(store: Store, made: HandIn, *, by: Person, now: datetime) -> None:
    """Go on with it: what was handed in becomes the client's draft again, unless they have another. Raises Forbidden."""
    if by.kind != Kind.STAFF and by.id != made.client_id:
        raise Forbidden()
    if made.reopened_at is None:
        made.reopened_at, made.reopened_by_id = now, by.id
        if drafts.of(store, made.client, made.homework.about) is None:
            drafts.save(store, made.homework.about, made.body, by=made.client, now=now)
        _told(store, Tag.HOMEWORK_REOPENED, made, made.homework, by=by, now=now)


def of(homework_ids: Iterable[int], client_id: int) -> Select[HandIn]:
    """What stands as handed in by a client for each of these."""
    mine = select(HandIn).where(HandIn.homework_id.in_(list(homework_ids)))
    return mine.where(HandIn.client_id == client_id, HandIn.reopened_at.is_(None))


def history(homework: Homework, client_id: int) -> Select[HandIn]:
    """Everything a client ever handed in of it, the latest first."""
    mine = select(HandIn).where(HandIn.homework_id == homework.id, HandIn.client_id == client_id)
    return mine.order_by(HandIn.id.desc())


def unanswered(me: Person) -> Select[HandIn]:
    """What clients in `me`'s care handed in and nobody has said anything to, the oldest first."""
    found = select(HandIn).join(Homework, Homework.id == HandIn.homework_id)
    return found.where(
        Homework.program_id == me.program_id, HandIn.reopened_at.is_(None),
        HandIn.feedback_at.is_(None), in_care_of(me, HandIn.client_id),
    ).order_by(HandIn.handed_in_at)  # fmt: skip


def visible_to(me: Person) -> Select[HandIn]:
    """What was handed in, as far as `me` may read it: a client their own; staff that of clients in their care (S1)."""
    found = select(HandIn).join(Homework, Homework.id == HandIn.homework_id)
    found = found.where(Homework.program_id == me.program_id)
    whose = in_care_of(me, HandIn.client_id) if me.kind == Kind.STAFF else HandIn.client_id == me.id
    return found.where(whose)


def _told(
    store: Store, tag: Tag, made: HandIn, homework: Homework, *, by: Person, now: datetime
) -> HandIn:
    store.flush()
    events.record(
        store, tag, by=by, now=now, program_id=homework.program_id, client=made.client_id,
        session=homework.session_id, homework=homework.id, hand_in=made.id,
    )  # fmt: skip
    return made
