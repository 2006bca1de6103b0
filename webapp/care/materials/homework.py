"""Homework for everyone in a session or for some clients, what they hand in, and the feedback to it (M5)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    select,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.programs import Program
from webapp.care.directory.teams import may_read
from webapp.care.materials import drafts
from webapp.care.materials.assigned import Assigned
from webapp.care.schedule.sessions import Session
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import N_, AlreadyDone, Forbidden, Invalid


class HomeworkFor(Base):
    """One client homework is for, when it is not for everyone."""

    __tablename__ = "homework_for"
    __table_args__ = (Index("ix_homework_for_client", "client_id"),)

    homework_id: Mapped[int] = mapped_column(ForeignKey("homework.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class Homework(Assigned, Base):
    """Something a client may do between sessions."""

    __tablename__ = "homework"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        Index("ix_homework_session", "session_id"),
    )
    recipients = HomeworkFor
    tags = Tag.HOMEWORK_SET, Tag.HOMEWORK_CHANGED

    due_at: Mapped[datetime | None]
    set_at: Mapped[datetime]

    session: Mapped[Session | None] = relationship()

    @property
    def content(self) -> tuple[Any, ...]:
        return (
            self.title, self.body, self.due_at, self.session_id, self.for_everyone,
            self.withdrawn_at,
        )  # fmt: skip

    @property
    def event_fields(self) -> dict[str, Any]:
        return {"program_id": self.program_id, "session": self.session_id, "homework": self.id}

    @property
    def about(self) -> str:
        """The key of a client's draft of it (`drafts.save`, `drafts.of`)."""
        return f"homework:{self.id}"


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
    """Create the homework of this `ref`, or change it; returns (homework, whether it is new). `clients`: only these, None for
    everyone; events as in `Assigned.assign`. Raises Invalid naming the field."""
    if not title.strip():
        raise Invalid(N_("Give it a title."), field="title")
    if len(body) > drafts.LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="body", most=drafts.LONGEST)
    same_ref = select(Homework).where(Homework.program_id == program.id, Homework.ref == ref)
    existing = store.scalar(same_ref)
    homework = existing or Homework(program_id=program.id, ref=ref, set_at=now)
    before = homework.snapshot
    homework.title, homework.body, homework.due_at = title.strip(), body, due_at
    homework.session_id = session.id if session else None
    homework.assign(store, clients, before, by=by, now=now)
    return homework, existing is None


def visible_to(me: Person) -> Select[Homework]:
    """Homework `me` may see: staff what they may read; a client what is for them (S1, P12)."""
    query = select(Homework).where(Homework.program_id == me.program_id)
    mine = Homework.readable_by(me) if me.kind == Kind.STAFF else Homework.is_for(me.id)
    return query.where(mine)


def audience(homework: Homework) -> Select[Person]:
    """The clients it is for, by name: its readers, or every active client of the program."""
    if not homework.for_everyone or homework.session_id is not None:
        return homework.readers()
    query = select(Person).where(Person.program_id == homework.program_id)
    active = query.where(Person.kind == Kind.CLIENT, Person.status == Status.ACTIVE)
    return active.order_by(Person.folded_name, Person.id)


class HandIn(Base):
    """What a client handed in, and staff's feedback. At most one per client and homework is current; one that was reopened is
    kept as it was."""

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

    @hybrid_property
    def is_current(self) -> bool:
        """Handed in and not reopened since."""
        return self.reopened_at == None

    @hybrid_property
    def has_feedback(self) -> bool:
        """Staff have replied to it."""
        return self.feedback_at != None

    @classmethod
    def is_current_of(cls, client_id: Any) -> ColumnElement[bool]:
        """A join condition: this client's current hand-in of a `Homework`. `client_id` may be a column or a bind parameter."""
        return and_(cls.homework_id == Homework.id, cls.client_id == client_id, cls.is_current)


def hand_in(store: Store, homework: Homework, body: str, *, by: Person, now: datetime) -> HandIn:
    """Hand in what the client wrote, and delete their draft. While there is a current hand-in, that one is returned unchanged, and
    another text, written in a second tab or on a second device, is kept as their draft. Raises Invalid for an empty or too
    long text, Forbidden for anybody but a client."""
    if by.kind != Kind.CLIENT:
        raise Forbidden()
    body = body.strip()
    if current := store.scalar(current_hand_in(homework, by.id)):
        if body and body != current.body:
            drafts.save(store, homework.about, body, by=by, now=now)
        return current
    if not 0 < len(body) <= drafts.LONGEST:
        raise Invalid(N_("Write a few words first."), field="body")
    row = {"homework_id": homework.id, "client_id": by.id, "body": body, "handed_in_at": now}
    # two taps at once: the unique index keeps one
    store.execute(insert_or_ignore(store, HandIn).values(prepared_row(store, HandIn, row)))
    handed_in = store.scalars(current_hand_in(homework, by.id)).one()
    drafts.clear(store, by.id, homework.about)
    return _record(store, Tag.HOMEWORK_HANDED_IN, handed_in, homework, by=by, now=now)


def give_feedback(
    store: Store, handed_in: HandIn, feedback: str, *, by: Person, now: datetime
) -> HandIn:
    """Write staff's feedback, in place of any earlier one. Raises Invalid, Forbidden for anybody but staff, AlreadyDone for a
    hand-in that was reopened."""
    if by.kind != Kind.STAFF:
        raise Forbidden()
    if not 0 < len(feedback.strip()) <= drafts.LONGEST:
        raise Invalid(N_("Write a few words first."), field="feedback")
    if not handed_in.is_current:
        raise AlreadyDone()
    handed_in.feedback, handed_in.feedback_at = feedback.strip(), now
    handed_in.feedback_by_id = by.id
    return _record(store, Tag.HOMEWORK_ANSWERED, handed_in, handed_in.homework, by=by, now=now)


def reopen(store: Store, handed_in: HandIn, *, by: Person, now: datetime) -> None:
    """Let the client go on with it: the text becomes their draft again, unless they have another draft. Twice is the same.
    Raises Forbidden for anybody but staff and the client."""
    if by.kind != Kind.STAFF and by.id != handed_in.client_id:
        raise Forbidden()
    if handed_in.is_current:
        handed_in.reopened_at, handed_in.reopened_by_id = now, by.id
        client, homework = handed_in.client, handed_in.homework
        if drafts.of(store, client, homework.about) is None:
            drafts.save(store, homework.about, handed_in.body, by=client, now=now)
        _record(store, Tag.HOMEWORK_REOPENED, handed_in, homework, by=by, now=now)


def current_hand_in(homework: Homework, client_id: int) -> Select[HandIn]:
    """What a client handed in and nobody reopened: one row or none."""
    mine = select(HandIn).where(HandIn.homework_id == homework.id, HandIn.client_id == client_id)
    return mine.where(HandIn.is_current)


def hand_in_history(homework: Homework, client_id: int) -> Select[HandIn]:
    """Everything a client ever handed in of it, latest first."""
    mine = select(HandIn).where(HandIn.homework_id == homework.id, HandIn.client_id == client_id)
    return mine.order_by(HandIn.id.desc())


def hand_ins_to_answer(me: Person) -> Select[HandIn]:
    """Current hand-ins without feedback of clients of whose care team `me` is, oldest first."""
    query = select(HandIn).join(Homework, Homework.id == HandIn.homework_id)
    return query.where(
        Homework.program_id == me.program_id, HandIn.is_current, ~HandIn.has_feedback,
        may_read(me, HandIn.client_id),
    ).order_by(HandIn.handed_in_at)  # fmt: skip


def hand_ins_visible_to(me: Person) -> Select[HandIn]:
    """Hand-ins `me` may read: a client their own; staff those of clients of whose care team they are (S1, P12)."""
    query = select(HandIn).join(Homework, Homework.id == HandIn.homework_id)
    query = query.where(Homework.program_id == me.program_id)
    whose = may_read(me, HandIn.client_id) if me.kind == Kind.STAFF else HandIn.client_id == me.id
    return query.where(whose)


def _record(
    store: Store, tag: Tag, handed_in: HandIn, homework: Homework, *, by: Person, now: datetime
) -> HandIn:
    store.flush()
    events.record(
        store, tag, by=by, now=now, program_id=homework.program_id, client=handed_in.client_id,
        session=homework.session_id, homework=homework.id, hand_in=handed_in.id,
    )  # fmt: skip
    return handed_in
