"""Homework: set for everyone in a session, or for some (M5). What comes back of it: hand_ins.py."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care import drafts, events
from webapp.care.people import Kind, Person, Status
from webapp.care.programs import Program
from webapp.care.sessions import Seat, Session
from webapp.care.tags import Tag
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid
from webapp.sealed import SealedText


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
    body: Mapped[str] = mapped_column(SealedText, default="")
    due_at: Mapped[datetime | None]
    for_everyone: Mapped[bool] = mapped_column(default=True)
    """Everyone with a place in its session; everyone in the program when it belongs to none."""
    set_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]

    session: Mapped[Session | None] = relationship()

    @property
    def said(self) -> tuple[Any, ...]:
        """All that a change of it may change, its readers aside."""
        return (
            self.title, self.body, self.due_at, self.session_id, self.for_everyone,
            self.withdrawn_at,
        )  # fmt: skip

    @property
    def about(self) -> str:
        """The key of a client's draft (`drafts.save`, `drafts.of`)."""
        return f"homework:{self.id}"


class HomeworkFor(Base):
    """One client homework is for, when it is not for everyone."""

    __tablename__ = "homework_for"
    __table_args__ = (Index("ix_homework_for_client", "client_id"),)

    homework_id: Mapped[int] = mapped_column(ForeignKey("homework.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


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
    """Set homework, or change it; answers (homework, whether new). `clients`: for these alone. The same again changes and
    tells nothing; whoever it is newly set for is an event of its own. Raises Invalid."""
    if not title.strip():
        raise Invalid(N_("Give it a title."), field="title")
    if len(body) > drafts.LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="body", most=drafts.LONGEST)
    known = select(Homework).where(Homework.program_id == program.id, Homework.ref == ref)
    found = store.scalar(known)
    homework = found or Homework(program_id=program.id, ref=ref, set_at=now)
    before = homework.said
    homework.title, homework.body, homework.due_at = title.strip(), body, due_at
    homework.session_id = session.id if session else None
    homework.withdrawn_at, homework.for_everyone = None, clients is None
    changed = homework.said != before
    if changed:
        homework.by_id = by.id if by else None
    store.add(homework)
    store.flush()
    _say(store, homework, before, _name(store, homework, list(clients or ())), changed, by, now)
    return homework, found is None


def withdraw(store: Store, homework: Homework, *, by: Person | None, now: datetime) -> None:
    """Off everybody's list. What was handed in stays."""
    if homework.withdrawn_at is None:
        homework.withdrawn_at = now
        events.record(
            store, Tag.HOMEWORK_CHANGED, by=by, now=now, program_id=homework.program_id,
            session=homework.session_id, homework=homework.id,
        )  # fmt: skip


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


def audience(homework: Homework) -> Select[Person]:
    """Whom it is for: the named; else everyone with a place in its session, or every active client of the program."""
    found = select(Person).where(Person.program_id == homework.program_id)
    if not homework.for_everyone:
        named = select(HomeworkFor.client_id).where(HomeworkFor.homework_id == homework.id)
        return found.where(Person.id.in_(named)).order_by(Person.name)
    if homework.session_id is None:
        active = found.where(Person.kind == Kind.CLIENT, Person.status == Status.ACTIVE)
        return active.order_by(Person.name)
    seated = select(Seat.client_id).where(Seat.session_id == homework.session_id)
    return found.where(Person.id.in_(seated.where(Seat.released_at.is_(None)))).order_by(
        Person.name
    )


def _name(store: Store, homework: Homework, clients: list[Person]) -> list[int]:
    """Exactly these clients; answers who is new among them. Raises Invalid for one of another program."""
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
    return sorted(wanted)


def _say(
    store: Store,
    homework: Homework,
    before: tuple[Any, ...],
    named: list[int],
    changed: bool,
    by: Person | None,
    now: datetime,
) -> None:
    """What happened: set for everyone, set for one more client, or merely changed."""
    new = before[0] is None or before[-1] is not None or (homework.for_everyone and not before[-2])
    about: dict[str, Any] = {
        "by": by, "now": now, "program_id": homework.program_id, "session": homework.session_id,
        "homework": homework.id,
    }  # fmt: skip
    for client_id in named:
        events.record(store, Tag.HOMEWORK_SET, client=client_id, **about)
    if new and homework.for_everyone:
        events.record(store, Tag.HOMEWORK_SET, **about)
    elif changed and not named:
        events.record(store, Tag.HOMEWORK_CHANGED, **about)
