"""Homework: set for everyone in a session or for some, written with autosave, handed in, answered, opened again (M5)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, UniqueConstraint, and_, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.bulk import adding
from webapp.care import drafts, events
from webapp.care.people import Kind, Person
from webapp.care.programs import Program
from webapp.care.sessions import Seat, Session
from webapp.care.tags import Tag
from webapp.care.teams import in_care_of
from webapp.db import Base, Store
from webapp.refusals import N_, AlreadyDone, Forbidden, Invalid


class Homework(Base):
    """`body` is Markdown. `ref` is the caller's own name for it, unique in the program."""

    __tablename__ = "homework"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        Index("ix_homework_session", "session_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    ref: Mapped[str]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    title: Mapped[str]
    body: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime | None]
    for_everyone: Mapped[bool] = mapped_column(default=True)
    """Everyone with a place in its session; everyone in the program when it belongs to none."""
    set_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]

    session: Mapped[Session | None] = relationship()

    @property
    def about(self) -> str:
        """The key of a client's draft (`drafts.save`, `drafts.of`)."""
        return f"homework:{self.id}"


class HomeworkFor(Base):
    """One client homework is for, when it is not for everyone."""

    __tablename__ = "homework_for"

    homework_id: Mapped[int] = mapped_column(ForeignKey("homework.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


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
    body: Mapped[str] = mapped_column(Text)
    handed_in_at: Mapped[datetime]
    feedback: Mapped[str | None] = mapped_column(Text)
    feedback_at: Mapped[datetime | None]
    feedback_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reopened_at: Mapped[datetime | None]
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    homework: Mapped[Homework] = relationship()
    client: Mapped[Person] = relationship(foreign_keys=client_id)


def put(
    store: Store,
    program: Program,
    ref: str,
    *,
    title: str,
    by: Person | None,
    now: datetime,
    body: str = "",
    session: Session | None = None,
    clients: Iterable[Person] | None = None,
    due_at: datetime | None = None,
) -> tuple[Homework, bool]:
    """Set homework, or change it; answers (homework, whether new). `clients`: for these alone. Raises Invalid."""
    if not title.strip():
        raise Invalid(N_("Give it a title."), field="title")
    if len(body) > drafts.LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="body", most=drafts.LONGEST)
    known = select(Homework).where(Homework.program_id == program.id, Homework.ref == ref)
    found = store.scalar(known)
    homework = found or Homework(program_id=program.id, ref=ref, set_at=now)
    homework.title, homework.body, homework.due_at = title.strip(), body, due_at
    homework.session_id = session.id if session else None
    homework.by_id, homework.withdrawn_at = (by.id if by else None), None
    homework.for_everyone = clients is None
    store.add(homework)
    store.flush()
    _name(store, homework, list(clients or ()))
    events.record(
        store, Tag.HOMEWORK_SET, by=by, now=now, program_id=program.id, session=session,
        homework=homework.id,
    )  # fmt: skip
    return homework, found is None


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
    store.execute(adding(store, HandIn).values(row))  # two taps at once: the key keeps one
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


def unanswered(me: Person) -> Select[HandIn]:
    """What clients in `me`'s care handed in and nobody has said anything to, the oldest first."""
    found = select(HandIn).join(Homework, Homework.id == HandIn.homework_id)
    return found.where(
        Homework.program_id == me.program_id, HandIn.reopened_at.is_(None),
        HandIn.feedback_at.is_(None), in_care_of(me, HandIn.client_id),
    ).order_by(HandIn.handed_in_at)  # fmt: skip


def visible_to(me: Person) -> Select[Homework]:
    """Homework `me` may see: staff their program's; a client what is set for them (S1)."""
    found = select(Homework).where(Homework.program_id == me.program_id)
    return found if me.kind == Kind.STAFF else found.where(set_for(me.id))


def set_for(client_id: int) -> Any:
    """A condition: set for this client, and not withdrawn."""
    named = select(HomeworkFor.homework_id).where(HomeworkFor.client_id == client_id)
    seated = select(Seat.session_id).where(Seat.client_id == client_id, Seat.released_at.is_(None))
    theirs = or_(Homework.session_id.is_(None), Homework.session_id.in_(seated))
    everyone = and_(Homework.for_everyone, theirs)
    return and_(Homework.withdrawn_at.is_(None), or_(Homework.id.in_(named), everyone))


def _name(store: Store, homework: Homework, clients: list[Person]) -> None:
    for client in clients:
        if client.program_id != homework.program_id or client.kind != Kind.CLIENT:
            raise Invalid(N_("%(ref)s is not a client here."), field="for", ref=client.ref)
    wanted = {client.id for client in clients}
    for row in store.scalars(select(HomeworkFor).where(HomeworkFor.homework_id == homework.id)):
        if row.client_id not in wanted:
            store.delete(row)
        wanted.discard(row.client_id)
    store.add_all(HomeworkFor(homework_id=homework.id, client_id=each) for each in sorted(wanted))
    store.flush()


def _told(
    store: Store, tag: Tag, made: HandIn, homework: Homework, *, by: Person, now: datetime
) -> HandIn:
    store.flush()
    events.record(
        store, tag, by=by, now=now, program_id=homework.program_id, client=made.client_id,
        session=homework.session_id, homework=homework.id, hand_in=made.id,
    )  # fmt: skip
    return made
