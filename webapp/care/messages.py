"""Secure messages between a client and their care team: one thread a client (M18).

Nobody else sees them, supervisors and coordinators of other clients and administrators included. That nobody reads at
night is for the page to say, beside 988.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    Text,
    UniqueConstraint,
    and_,
    func,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.bulk import adding
from webapp.care import contacts, events
from webapp.care.contacts import ContactChannel, Outcome
from webapp.care.people import Kind, Person
from webapp.care.tags import Tag
from webapp.care.teams import CareTeam, Couple, Cover
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

LONGEST = 5000
"""Letters."""


class Message(Base):
    """What a client or one of their care team wrote in the client's thread. Growth: what people write."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("by_id", "request_id"),
        Index("ix_message_client", "client_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]
    request_id: Mapped[str | None]
    """The writer's own UUID: sent again after a lost answer, it is the same message."""

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


def send(
    store: Store,
    client: Person,
    body: str,
    *,
    by: Person,
    now: datetime,
    request_id: str | None = None,
) -> Message:
    """Write to each other. A client's message is a sign of life; staff's is an attempt that reached nobody yet. The same
    `request_id` again answers the same message. Raises Invalid, Forbidden for anybody but the two sides."""
    if not store.scalar(select(_may_see(by, literal(client.id), now))):
        raise Forbidden()
    body = body.strip()
    if not 0 < len(body) <= LONGEST:
        raise Invalid(N_("Between a word and %(most)s letters."), field="body", most=LONGEST)
    request_id = _known_uuid(request_id)
    row = {
        "client_id": client.id, "by_id": by.id, "body": body, "sent_at": now,
        "request_id": request_id,
    }  # fmt: skip
    made = store.scalar(adding(store, Message).values(row).returning(Message.id))
    if made is None:
        same = select(Message).where(Message.by_id == by.id, Message.request_id == request_id)
        return store.scalars(same).one()
    contacts.record(
        store, client, channel=ContactChannel.MESSAGE, by=by, now=now,
        outcome=Outcome.REACHED if by.id == client.id else Outcome.LEFT_MESSAGE,
    )  # fmt: skip
    _mark(store, client.id, by, made, now)
    events.record(
        store, Tag.MESSAGE_WRITTEN, by=by, now=now, program_id=client.program_id, client=client,
        message=made,
    )  # fmt: skip
    return store.get_one(Message, made)


def mark_read(store: Store, client: Person, *, by: Person, now: datetime) -> None:
    """`by` has seen the thread to its end. Staff's reading is written down for the client to see (P7). Raises Forbidden."""
    if not store.scalar(select(_may_see(by, literal(client.id), now))):
        raise Forbidden()
    last = store.scalar(select(func.max(Message.id)).where(Message.client_id == client.id))
    if last is not None and _mark(store, client.id, by, last, now) and by.id != client.id:
        events.record(
            store, Tag.CHART_READ, by=by, now=now, program_id=client.program_id, client=client,
            what="messages",
        )  # fmt: skip


def visible_to(me: Person, as_of: datetime) -> Select[Message]:
    """Messages `me` may see: a client their own thread; staff those of clients whose care team they are in, or cover for
    (S1). Oldest first."""
    found = select(Message).where(_may_see(me, Message.client_id, as_of))
    return found.order_by(Message.client_id, Message.id)


def unread(store: Store, me: Person, as_of: datetime) -> int:
    """How many messages wait for `me`."""
    return sum(thread.unread for thread in threads(store, me, as_of))


def threads(store: Store, me: Person, as_of: datetime) -> list[Thread]:
    """The threads `me` may see, the latest first. One statement; grows with the messages in them."""
    mark = and_(ReadMark.client_id == Message.client_id, ReadMark.person_id == me.id)
    new = and_(Message.id > func.coalesce(ReadMark.message_id, 0), Message.by_id != me.id)
    query = (
        select(Person, func.max(Message.sent_at), func.count().filter(new))
        .select_from(Message)
        .join(Person, Person.id == Message.client_id)
        .outerjoin(ReadMark, mark)
        .where(_may_see(me, Message.client_id, as_of))
        .group_by(Person.id)
        .order_by(func.max(Message.id).desc())
    )
    return [Thread(*row) for row in store.execute(query)]


def read_by_others(store: Store, client: Person, me: Person) -> int:
    """The last message of the thread that somebody of the other side has read; 0 for none. For "seen" marks: a client
    learns that their team has read it, not who."""
    other = ReadMark.person_id != me.id
    if me.kind == Kind.STAFF:
        other = ReadMark.person_id == client.id
    marks = select(func.max(ReadMark.message_id)).where(ReadMark.client_id == client.id, other)
    return store.scalar(marks) or 0


def _may_see(me: Person, client_id: Any, as_of: datetime) -> Any:
    """A condition on `client_id`: their own thread, or that of a client they look after or cover for."""
    if me.kind != Kind.STAFF:
        return client_id == me.id if me.kind == Kind.CLIENT else client_id.is_(None)
    away = select(Cover.person_id).where(
        Cover.covered_by_id == me.id, Cover.starts_at <= as_of, Cover.ends_at > as_of
    )

    def mine(column: Any) -> Any:
        return or_(column == me.id, column.in_(away))

    team = or_(
        mine(CareTeam.counselor_id), mine(CareTeam.supervisor_id), mine(CareTeam.coordinator_id)
    )
    couple = and_(Couple.ended_at.is_(None), mine(Couple.therapist_id))
    looked_after = union(
        select(CareTeam.client_id).where(team),
        select(Couple.a_id).where(couple),
        select(Couple.b_id).where(couple),
    )
    return client_id.in_(looked_after)


def _mark(store: Store, client_id: int, by: Person, message_id: int, now: datetime) -> bool:
    """Move `by`'s mark forward, never back; answers whether it moved."""
    row = {"client_id": client_id, "person_id": by.id, "message_id": 0, "read_at": now}
    store.execute(adding(store, ReadMark).values(row))
    mine = (ReadMark.client_id == client_id, ReadMark.person_id == by.id)
    moved = store.execute(
        update(ReadMark)
        .where(*mine, ReadMark.message_id < message_id)
        .values(message_id=message_id, read_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]


def _known_uuid(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise Invalid(N_("This is not a UUID."), field="request_id") from error
