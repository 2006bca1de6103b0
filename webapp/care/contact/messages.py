"""Secure messages between a client and their care team, one thread a client (M18). thread_members.py says who is in it."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import contacts, thread_members
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.contact.thread_members import may_see
from webapp.care.directory.people import Kind, Person
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid, Refusal

LONGEST = 5000
"""Characters."""
TOGETHER_WITHIN = timedelta(minutes=10)
"""Texts of one client within this time of the first are one message, while nobody has read it."""


class Message(Base):
    """One message in a client's thread, by the client or one of their care team. Growth: what people write."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("by_id", "request_id"),
        Index("ix_message_client", "client_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(SealedText)
    sent_at: Mapped[datetime]
    request_id: Mapped[str | None]
    """Made of the caller's UUID and the text (`_key`): the same text sent again after a lost response is the same message, a
    changed text is another message."""
    by_text: Mapped[bool] = mapped_column(default=False)
    """It came as a text message: whoever holds the phone may have written it."""

    by: Mapped[Person] = relationship(foreign_keys=by_id)
    client: Mapped[Person] = relationship(foreign_keys=client_id)


class ReadMark(Base):
    """Up to which message of a client's thread a person has read."""

    __tablename__ = "read_mark"

    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    message_id: Mapped[int]
    read_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Thread:
    """A client's thread as one person sees it in a list."""

    client: Person
    last_at: datetime
    unread: int
    unanswered: bool
    """The client had the last word."""


def send(
    store: Store,
    client: Person,
    body: str,
    *,
    by: Person,
    now: datetime,
    request_id: str | None = None,
    by_text: bool = False,
) -> Message:
    """Add a message. A client's counts as contact, staff's as an attempt that left a message. The same text with the same
    `request_id` returns the message that is there. Does not mark anything as read. Raises Invalid, Forbidden for anybody
    outside the thread, Refusal when a client has no care team that could read it."""
    _check(store, client, by, now)
    body = body.strip()
    if not 0 < len(body) <= LONGEST:
        raise Invalid(N_("Write a few words, up to %(most)s letters."), field="body", most=LONGEST)
    if by.id == client.id and not thread_members.readers(store, client.id):
        raise Refusal(N_("Nobody is named yet who could read this."))
    key = _key(request_id, client.id, body)
    row = {
        "client_id": client.id, "by_id": by.id, "body": body, "sent_at": now, "request_id": key,
        "by_text": by_text,
    }  # fmt: skip
    written = insert_or_ignore(store, Message).values(prepared_row(store, Message, row))
    made = store.scalar(written.returning(Message.id))
    if made is None:
        return store.scalars(
            select(Message).where(Message.by_id == by.id, Message.request_id == key)
        ).one()
    _record_contact(store, client, by, now)
    events.record(store, Tag.MESSAGE_WRITTEN, client=client, by=by, now=now, message=made)
    return store.get_one(Message, made)


def send_text(store: Store, client: Person, body: str, *, now: datetime) -> Message:
    """Add what a client wrote by text message. Texts close together that nobody has read yet are one message, of which somebody was
    told already: people write in pieces, and a flood stays one notice. Each of them is contact at its own time all the same, since a
    miss may lie between two (rules 1, 16). Raises what `send` raises."""
    last = store.scalar(newest_first(client.id).limit(1))
    if last is not None and last.by_text and last.sent_at > now - TOGETHER_WITHIN:
        seen = select(ReadMark.message_id).where(
            ReadMark.client_id == client.id, ReadMark.person_id != client.id,
            ReadMark.message_id >= last.id,
        )  # fmt: skip
        whole = f"{last.body}\n{body.strip()}"
        if len(whole) <= LONGEST and store.scalar(seen.limit(1)) is None:
            last.body = whole
            _record_contact(store, client, client, now)
            return last
    return send(store, client, body, by=client, now=now, by_text=True)


def _record_contact(store: Store, client: Person, by: Person, now: datetime) -> None:
    contacts.record(
        store, client, channel=ContactChannel.MESSAGE, by=by, now=now,
        outcome=Outcome.REACHED if by.id == client.id else Outcome.LEFT_MESSAGE,
    )  # fmt: skip


def record_view(store: Store, client: Person, *, by: Person, now: datetime) -> None:
    """Record that `by` was shown messages of this thread, for the client to see (P7); nothing for one's own thread. Raises
    Forbidden."""
    _check(store, client, by, now)
    if by.id != client.id:
        events.record(store, Tag.CHART_READ, client=client, by=by, now=now, what="messages")


def mark_read(
    store: Store, client: Person, *, by: Person, now: datetime, up_to: int | None = None
) -> bool:
    """Mark the thread as read by `by` up to that message (default: all of it); returns whether the mark moved. Raises
    Forbidden."""
    _check(store, client, by, now)
    last = select(func.max(Message.id)).where(Message.client_id == client.id)
    newest = store.scalar(last.where(Message.id <= up_to) if up_to is not None else last)
    return newest is not None and _mark(store, client.id, by, newest, now)


def newest_first(client_id: int, before: int | None = None) -> Select[Message]:
    """A thread's messages with their writers, newest first; `before`: only those before this message id. The caller limits them."""
    query = select(Message).where(Message.client_id == client_id).options(joinedload(Message.by))
    if before is not None:
        query = query.where(Message.id < before)
    return query.order_by(Message.id.desc())


def unread(store: Store, me: Person, as_of: datetime) -> int:
    """How many messages `me` has not read. One statement by index; grows with `me`'s clients and with what is unread."""
    waiting = select(func.coalesce(func.sum(_unread_count(me)), 0)).select_from(Person)
    waiting = waiting.outerjoin(ReadMark, _marked_by(me)).where(_thread_of(me, as_of))
    return int(store.scalar(waiting) or 0)


def threads(store: Store, me: Person, as_of: datetime) -> list[Thread]:
    """The threads `me` may see that have a message: those with unread messages first, then by the latest message. One statement
    by index; grows with `me`'s clients and with what is unread, not with the length of the threads."""
    any_word = aliased(Message)
    last = select(func.max(any_word.id)).where(any_word.client_id == Person.id)
    new = _unread_count(me)
    query = (
        select(Person, Message.sent_at, new, Message.by_id == Person.id)
        .join(Message, Message.id == last.correlate(Person).scalar_subquery())
        .outerjoin(ReadMark, _marked_by(me))
        .where(_thread_of(me, as_of))
        .order_by(new == 0, Message.id.desc())
    )
    return [Thread(*row) for row in store.execute(query)]


def last_read(store: Store, client_id: int, me: Person) -> int:
    """The id of the last message of the thread that `me` has read; 0 for none."""
    mark = select(ReadMark.message_id).where(ReadMark.client_id == client_id)
    return store.scalar(mark.where(ReadMark.person_id == me.id)) or 0


def read_by_others(store: Store, client: Person, me: Person) -> int:
    """The id of the last message that somebody on the other side has read; 0 for none. For "seen" marks: a client learns that
    their team has read it, not who."""
    other = ReadMark.person_id != me.id
    if me.kind == Kind.STAFF:
        other = ReadMark.person_id == client.id
    marks = select(func.max(ReadMark.message_id)).where(ReadMark.client_id == client.id, other)
    return store.scalar(marks) or 0


def _check(store: Store, client: Person, by: Person, now: datetime) -> None:
    if not store.scalar(select(may_see(by, literal(client.id), now))):
        raise Forbidden()


def _thread_of(me: Person, as_of: datetime) -> Any:
    return and_(Person.program_id == me.program_id, may_see(me, Person.id, as_of))


def _marked_by(me: Person) -> Any:
    return and_(ReadMark.client_id == Person.id, ReadMark.person_id == me.id)


def _unread_count(me: Person) -> Any:
    """How many messages of a person's thread come after `me`'s mark and are not by `me`."""
    newer = aliased(Message)
    return (
        select(func.count(newer.id))
        .where(
            newer.client_id == Person.id, newer.by_id != me.id,
            newer.id > func.coalesce(ReadMark.message_id, 0),
        )
        .correlate(Person, ReadMark)
        .scalar_subquery()
    )  # fmt: skip


def _mark(store: Store, client_id: int, by: Person, message_id: int, now: datetime) -> bool:
    """Move `by`'s mark forward, never back; returns whether it moved."""
    row = {"client_id": client_id, "person_id": by.id, "message_id": 0, "read_at": now}
    store.execute(insert_or_ignore(store, ReadMark).values(row))
    mine = (ReadMark.client_id == client_id, ReadMark.person_id == by.id)
    moved = store.execute(
        update(ReadMark)
        .where(*mine, ReadMark.message_id < message_id)
        .values(message_id=message_id, read_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]


def _key(request_id: str | None, client_id: int, body: str) -> str | None:
    """What makes a repeat harmless: a UUID of the caller's, the thread and the text. Raises Invalid for what is not a UUID."""
    if not request_id:
        return None
    try:
        return str(uuid.uuid5(uuid.UUID(request_id), f"{client_id}:{body}"))
    except ValueError as error:
        raise Invalid(N_("This is not a UUID."), field="request_id") from error
