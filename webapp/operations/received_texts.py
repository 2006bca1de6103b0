"""Text messages received, kept as they came and acknowledged at once, so that none is lost and none acts twice (R8).

notify/replies.py acts on them. Growth: one row a text. Texts that became a message or an answer are deleted after a while
(retention.py); those that a task shows are part of the record and stay.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Select, func, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.care.contact.addresses import Address
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store

BY_ITSELF_AFTER = timedelta(seconds=30)
"""When the worker takes up a text on which its request did not act: it was killed, or something raised."""

MOST_SHOWN = 50
"""Texts in one task: of a flood, the latest."""


class ReceivedText(Base):
    """One text message. `sid`: the provider's id for it, the same when it is sent to us again."""

    __tablename__ = "received_text"
    __table_args__ = (
        Index("ix_received_text_phone", "phone", "received_at"),
        Index(
            "ix_received_text_waiting", "received_at",
            sqlite_where=text("heeded_at IS NULL"), postgresql_where=text("heeded_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str]
    """The sender's number in E.164."""
    body: Mapped[str] = mapped_column(SealedText)
    """What was written; empty once it stands in a thread."""
    keyword: Mapped[str | None]
    """What the provider has acted on by itself: `STOP`, `START`, `HELP`."""
    received_at: Mapped[datetime]
    heeded_at: Mapped[datetime | None]
    """When it was acted on."""
    settled_at: Mapped[datetime | None]
    """When nothing needed this row any more; null while a task shows it."""
    reply: Mapped[str | None]
    """How it was read (`reply_words.Reply`)."""
    answer: Mapped[str | None]
    """The automatic answer it got (`text_answers.Answer`); null for none."""
    language: Mapped[str | None]
    """Of that answer."""

    @hybrid_property
    def is_heeded(self) -> bool:
        """It was acted on."""
        return self.heeded_at != None


class ShownText(Base):
    """A task that shows a text to staff. Growth: texts of which nobody knows whose they are."""

    __tablename__ = "shown_text"
    __table_args__ = (Index("ix_shown_text_task", "task_id"),)

    text_id: Mapped[int] = mapped_column(ForeignKey("received_text.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)


def keep(
    store: Store, sid: str, phone: str, body: str, keyword: str | None, *, now: datetime
) -> ReceivedText:
    """Store a text whose sender has been verified; the same `sid` again returns the first one."""
    row = {
        "sid": sid, "phone": phone, "body": body, "keyword": keyword, "received_at": now,
    }  # fmt: skip
    new = insert_or_ignore(store, ReceivedText).values(prepared_row(store, ReceivedText, row))
    store.execute(new)
    return store.scalars(select(ReceivedText).where(ReceivedText.sid == sid)).one()


def waiting(as_of: datetime) -> Select[ReceivedText]:
    """Texts on which nobody has acted, oldest first."""
    late = ReceivedText.received_at <= as_of - BY_ITSELF_AFTER
    return select(ReceivedText).where(~ReceivedText.is_heeded, late).order_by(ReceivedText.id)


def answered_since(store: Store, phone: str, answer: str, since: datetime) -> bool:
    """Whether this number has got this automatic answer after `since`. By ix_received_text_phone."""
    got = select(ReceivedText.id).where(
        ReceivedText.phone == phone, ReceivedText.received_at > since, ReceivedText.answer == answer
    )
    return store.scalar(got.limit(1)) is not None


def show(store: Store, received: ReceivedText, task: Task) -> None:
    """Let a task show a text. Twice is the same."""
    if store.get(ShownText, (received.id, task.id)) is None:
        store.add(ShownText(text_id=received.id, task_id=task.id))
        store.flush()


def open_tasks_of(phone: str, kind: str, program_id: int) -> Select[Task]:
    """The open tasks of a kind that show texts of this number, oldest first. By ix_received_text_phone."""
    showing = (
        select(ShownText.task_id)
        .join(ReceivedText, ReceivedText.id == ShownText.text_id)
        .where(ReceivedText.phone == phone)
    )
    open_ones = select(Task).where(Task.id.in_(showing), Task.is_open, Task.kind == kind)
    return open_ones.where(Task.program_id == program_id).order_by(Task.id)


def shown_by(store: Store, task_ids: Collection[int]) -> dict[int, list[ReceivedText]]:
    """Task → the texts that it shows, oldest first, the last `MOST_SHOWN` of each. One statement."""
    found: dict[int, list[ReceivedText]] = defaultdict(list)
    shown = (
        select(ShownText.task_id, ReceivedText)
        .join(ReceivedText, ReceivedText.id == ShownText.text_id)
        .where(ShownText.task_id.in_(task_ids))
        .order_by(ReceivedText.id)
    )
    for task_id, received in store.execute(shown) if task_ids else ():
        found[task_id].append(received)
    return {task_id: texts[-MOST_SHOWN:] for task_id, texts in found.items()}


def program_of(text_id: int) -> Select[int | None]:
    """A program in which the sender's number is known; null for a number that nobody has."""
    known = select(func.min(Person.program_id)).join(Address, Address.person_id == Person.id)
    return known.join(ReceivedText, ReceivedText.phone == Address.value).where(
        ReceivedText.id == text_id
    )
