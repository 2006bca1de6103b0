"""Audit events: who did what and when, recorded by verbs, sealed in a hash chain at commit, read by notices and feeds.

Every verb records its events in its own transaction. At commit they are appended to one hash chain (S14). The head row is
locked last and briefly; positions have no gaps and follow the order of commits, so a reader needs only a cursor; an event row
is never changed. Growth: one row an event, some ten a seat.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    Text,
    bindparam,
    event,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_many, insert_or_ignore
from webapp.care.audit.tags import Tag
from webapp.db import Base, Store

GENESIS = bytes(32)
CANONICAL = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode
COLUMNS = (
    "id", "program_id", "tag", "at", "by_id", "client_id", "seat_id", "session_id", "task_id",
    "canonical", "hash",
)  # fmt: skip


class Event(Base):
    """One event. `canonical` is the exact text that was hashed; the other columns repeat it for queries.

    `id` is the position in the chain. An event holds nothing clinical and no name.
    """

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_client", "client_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    program_id: Mapped[int | None] = mapped_column(ForeignKey("program.id"))
    tag: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    client_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seat_id: Mapped[int | None]
    session_id: Mapped[int | None]
    task_id: Mapped[int | None]
    canonical: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that its tag declares (`Tag.fields`), by name."""
        fields: dict[str, Any] = json.loads(self.canonical)["fields"]
        return fields


class ChainHead(Base):
    """The end of the chain: how many events there are, and the last hash. One row."""

    __tablename__ = "chain_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Cursor(Base):
    """How far a reader of the events has come: the position of the last event it has handled."""

    __tablename__ = "cursor"

    reader: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger, default=0)


class HasId(Protocol):
    """A row that an event may name; its id may come only with the flush before the commit."""

    @property
    def id(self) -> Any: ...


Subject = Any
"""What an event is about: a person, seat, session or task, as a row or by id. Their models import this module."""
CLIENT = "client"
"""`people.Kind.CLIENT`."""
OF_SUBJECT = -1
"""Instead of a program's id: the program that the subjects belong to."""


@dataclass(slots=True)
class PendingEvent:
    """An event waiting for its place in the chain. Rows may still lack their ids; they have them at commit."""

    tag: Tag
    at: datetime
    program_id: int | None
    by: HasId | int | None
    client: Subject
    seat: Subject
    session: Subject
    task: Subject
    fields: dict[str, Any] = field(default_factory=dict)


def record(
    store: Store,
    tag: Tag,
    *,
    by: HasId | int | None,
    now: datetime,
    program_id: int | None = OF_SUBJECT,
    person: Subject = None,
    client: Subject = None,
    seat: Subject = None,
    session: Subject = None,
    task: Subject = None,
    **fields: Any,
) -> None:
    """Record an event; it is chained when `store` commits.

    `by` is the acting person (None: the system itself). Subjects may be rows or ids. A row brings what it belongs to: a seat
    its client, session and program; a task its client, seat, session, program and the field `kind`; a session or a client
    their program. `person` is a field, and if they are a client, the client too. `fields` must be those that `tag` declares
    (tags.py), holding ids, enum values, numbers or instants only. Raises ValueError for any other, TypeError when neither a row
    nor `program_id` names the program, and what `store.info["before_event"]` raises, which is called with the tag and `by`
    first and may refuse the act (S17).
    """
    if person is not None:
        fields["person"] = _id(person)
        if client is None and _is_row(person) and person.kind == CLIENT:
            client = person
    if program_id == OF_SUBJECT:
        program_id = _program_of(seat, session, task, client, person)
    if _is_row(task):
        client = task.client_id if client is None else client
        seat = task.seat_id if seat is None else seat
        session = task.session_id if session is None else session
        fields["kind"] = task.kind
    _refuse_undeclared(tag, fields)
    if before_event := store.info.get("before_event"):
        before_event(tag, by)
    _pend(store, PendingEvent(tag, now, program_id, by, client, seat, session, task, fields))


def record_shared(
    store: Store,
    tag: Tag,
    now: datetime,
    program_id: int,
    client_id: int,
    seat_id: int,
    session_id: int,
    fields: dict[str, Any],
) -> None:
    """As `record`, by the system, for many seats whose events have the same fields: pass the same dict, which is then
    encoded only once. Raises ValueError for undeclared fields."""
    _refuse_undeclared(tag, fields)
    subjects = (client_id, seat_id, session_id)
    _pend(store, PendingEvent(tag, now, program_id, None, *subjects, None, fields))


def _pend(store: Store, event: PendingEvent) -> None:
    store.info.setdefault("pending_events", []).append(event)


def _program_of(seat: Subject, *others: Subject) -> int | None:
    for row in others:
        if _is_row(row):
            program_id: int | None = row.program_id
            return program_id
    if not _is_row(seat):
        raise TypeError("name the program: program_id=, or a row that belongs to one")
    return _program_of(None, seat.session)


def _is_row(subject: Subject) -> bool:
    return subject is not None and not isinstance(subject, int)


def _refuse_undeclared(tag: Tag, fields: dict[str, Any]) -> None:
    if not fields.keys() <= tag.fields:
        undeclared = sorted(fields.keys() - tag.fields)
        raise ValueError(f"{tag} does not declare {undeclared}; see webapp/care/audit/tags.py")


_LOCKED_HEAD = select(ChainHead.count, ChainHead.hash).with_for_update()
_MOVE_HEAD = update(ChainHead).values(count=bindparam("upto"), hash=bindparam("last"))


@event.listens_for(Store, "before_commit")
def seal(store: Store) -> None:
    """Append the recorded events to the chain, in order, as the last step before the commit."""
    if not store.info.get("pending_events"):
        return
    store.flush()
    encoded = _encoded(store.info.pop("pending_events"))
    connection = store.connection()
    found = connection.execute(_LOCKED_HEAD).one_or_none()
    if found is None:  # the first event ever; of two transactions at once one makes the row
        store.execute(insert_or_ignore(store, ChainHead).values(id=1, count=0, hash=GENESIS))
        found = connection.execute(_LOCKED_HEAD).one()
    count, digest = found
    rows = []
    for columns, text in encoded:
        count += 1
        canonical = f'{{"event":[{count}{text}'
        digest = chained_hash(digest, canonical)
        rows.append((count, *columns, canonical, digest))
    insert_many(store, Event.__table__, COLUMNS, rows)  # type: ignore[arg-type]
    connection.execute(_MOVE_HEAD, {"upto": count, "last": digest})


@event.listens_for(Store, "after_rollback")
def forget(store: Store) -> None:
    """Drop the events of a transaction that was rolled back."""
    store.info.pop("pending_events", None)


def chained_hash(before: bytes, canonical: str) -> bytes:
    """The hash of an event, given the hash before it and its canonical text."""
    return hashlib.sha256(before + canonical.encode()).digest()


def since(program_id: int, after: int, limit: int) -> Select[Event]:
    """The event feed: up to `limit` of a program's events after the position `after`, in order."""
    return (
        select(Event)
        .where(Event.program_id == program_id, Event.id > after)
        .order_by(Event.id)
        .limit(limit)
    )


def _id(subject: Any) -> int | None:
    return subject if subject is None or isinstance(subject, int) else subject.id


@lru_cache(maxsize=4096)
def _instant_text(instant: datetime) -> str:
    """An instant in canonical text. Events of a batch share a few instants, so this is cached."""
    return instant.isoformat()


def _encoded(pending: list[PendingEvent]) -> list[tuple[tuple[Any, ...], str]]:
    """Each event's columns, and its canonical text after the position; encoded before the chain's head is locked."""
    texts: dict[int, str] = {}
    encoded = []
    for one in pending:
        seat, client, session = one.seat, one.client, one.session
        if _is_row(seat):
            client = seat.client_id if client is None else client
            session = seat.session_id if session is None else session
        ids = (_id(one.by), _id(client), _id(seat), _id(session), _id(one.task))
        fields = texts.get(id(one.fields))
        if fields is None:
            fields = texts[id(one.fields)] = CANONICAL(
                {
                    k: _instant_text(v) if isinstance(v, datetime) else v
                    for k, v in one.fields.items()
                }
            )
        numbers = ",".join(["null" if id is None else str(id) for id in ids])
        program_id, tag = one.program_id, one.tag.value
        program = "null" if program_id is None else program_id
        text = f',{program},"{tag}","{_instant_text(one.at)}",{numbers}],"fields":{fields}}}'
        encoded.append(((program_id, tag, one.at, *ids), text))
    return encoded
