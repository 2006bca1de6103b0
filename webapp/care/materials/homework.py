"""Homework: set for everyone in a session, or for some (M5). What comes back of it: hand_ins.py."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.programs import Program
from webapp.care.materials import drafts
from webapp.care.materials.assigned import Given
from webapp.care.schedule.sessions import Session
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid


class HomeworkFor(Base):
    """One client homework is for, when it is not for everyone."""

    __tablename__ = "homework_for"
    __table_args__ = (Index("ix_homework_for_client", "client_id"),)

    homework_id: Mapped[int] = mapped_column(ForeignKey("homework.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class Homework(Given, Base):
    """What a client may do between sessions."""

    __tablename__ = "homework"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        Index("ix_homework_session", "session_id"),
    )
    named_in = HomeworkFor
    tags = Tag.HOMEWORK_SET, Tag.HOMEWORK_CHANGED

    due_at: Mapped[datetime | None]
    set_at: Mapped[datetime]

    session: Mapped[Session | None] = relationship()

    @property
    def said(self) -> tuple[Any, ...]:
        return (
            self.title, self.body, self.due_at, self.session_id, self.for_everyone,
            self.withdrawn_at,
        )  # fmt: skip

    @property
    def facts(self) -> dict[str, Any]:
        return {"program_id": self.program_id, "session": self.session_id, "homework": self.id}

    @property
    def about(self) -> str:
        """The key of a client's draft (`drafts.save`, `drafts.of`)."""
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
    """Set homework, or change it; answers (homework, whether new). `clients`, and who hears of it: `Given.give`. Raises
    Invalid."""
    if not title.strip():
        raise Invalid(N_("Give it a title."), field="title")
    if len(body) > drafts.LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="body", most=drafts.LONGEST)
    known = select(Homework).where(Homework.program_id == program.id, Homework.ref == ref)
    found = store.scalar(known)
    homework = found or Homework(program_id=program.id, ref=ref, set_at=now)
    before = homework.standing
    homework.title, homework.body, homework.due_at = title.strip(), body, due_at
    homework.session_id = session.id if session else None
    homework.give(store, clients, before, by=by, now=now)
    return homework, found is None


def visible_to(me: Person) -> Select[Homework]:
    """Homework `me` may see: staff their program's; a client what is set for them (S1)."""
    found = select(Homework).where(Homework.program_id == me.program_id)
    return found if me.kind == Kind.STAFF else found.where(Homework.is_for(me.id))


def audience(homework: Homework) -> Select[Person]:
    """Whom it is for: its readers, or every active client of the program."""
    if not homework.for_everyone or homework.session_id is not None:
        return homework.readers()
    found = select(Person).where(Person.program_id == homework.program_id)
    active = found.where(Person.kind == Kind.CLIENT, Person.status == Status.ACTIVE)
    return active.order_by(Person.name)
