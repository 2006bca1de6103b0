"""Resources: readings, recordings, links and assignments, and how far each client has come with them (M5)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    Text,
    UniqueConstraint,
    and_,
    cast,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import adding
from webapp.care import events
from webapp.care.people import Kind, Person
from webapp.care.programs import Program
from webapp.care.session_kinds import SessionKind
from webapp.care.sessions import Seat, Session
from webapp.care.tags import Tag
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

LONGEST = 20_000
"""Letters of a text."""


class ResourceKind(StrEnum):
    READING = "reading"
    RECORDING = "recording"
    LINK = "link"
    ASSIGNMENT = "assignment"


class Resource(Base):
    """Something to read, watch or do. `ref` is the caller's own name for it, unique in the program."""

    __tablename__ = "resource"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        CheckConstraint("minutes IS NULL OR minutes > 0", name="minutes"),
        Index("ix_resource_session", "session_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    ref: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    body: Mapped[str] = mapped_column(Text, default="")
    """Markdown; shown through `markdown.html`."""
    url: Mapped[str | None]
    minutes: Mapped[float | None]
    """How long it takes; what it counts for as a make-up."""
    makes_up: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Kinds of missed sessions that this may make up for, with a short reflection."""
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    """The session it belongs to, if to one."""
    for_everyone: Mapped[bool] = mapped_column(default=True)
    published_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    available_until: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class ResourceFor(Base):
    """One client a resource is for, when it is not for everyone."""

    __tablename__ = "resource_for"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class ResourceUse(Base):
    """How far a client has come: the second they stopped at, and when they were through."""

    __tablename__ = "resource_use"
    __table_args__ = (CheckConstraint("position >= 0", name="position"),)

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    position: Mapped[float] = mapped_column(default=0.0)
    kept_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


def put(
    store: Store,
    program: Program,
    ref: str,
    *,
    kind: str,
    title: str,
    by: Person | None,
    now: datetime,
    body: str = "",
    url: str | None = None,
    minutes: float | None = None,
    makes_up: Iterable[str] = (),
    session: Session | None = None,
    clients: Iterable[Person] | None = None,
    available_until: datetime | None = None,
) -> tuple[Resource, bool]:
    """Put something on the shelf, or change it; answers (resource, whether new). `clients`: for these alone (None: for
    everyone in the program, or in its session). Raises Invalid naming the field."""
    makes_up = list(dict.fromkeys(makes_up))
    _check(kind, title, body, url, minutes, makes_up)
    known = select(Resource).where(Resource.program_id == program.id, Resource.ref == ref)
    found = store.scalar(known)
    resource = found or Resource(program_id=program.id, ref=ref, published_at=now)
    resource.kind, resource.title, resource.body = ResourceKind(kind), title.strip(), body
    resource.url, resource.minutes, resource.makes_up = url, minutes, makes_up
    resource.session_id, resource.available_until = session.id if session else None, available_until
    resource.by_id, resource.withdrawn_at = (by.id if by else None), None
    store.add(resource)
    store.flush()
    resource.for_everyone = clients is None
    _name_readers(store, resource, list(clients or ()))
    events.record(
        store, Tag.RESOURCE_PUBLISHED, by=by, now=now, program_id=program.id, session=session,
        resource=resource.id, kind=resource.kind,
    )  # fmt: skip
    return resource, found is None


def _name_readers(store: Store, resource: Resource, clients: list[Person]) -> None:
    """Exactly these clients. Raises Invalid for one of another program."""
    for client in clients:
        if client.program_id != resource.program_id or client.kind != Kind.CLIENT:
            raise Invalid(N_("%(ref)s is not a client here."), field="for", ref=client.ref)
    wanted = {client.id for client in clients}
    mine = select(ResourceFor).where(ResourceFor.resource_id == resource.id)
    for row in store.scalars(mine):
        if row.client_id not in wanted:
            store.delete(row)
        wanted.discard(row.client_id)
    store.add_all(ResourceFor(resource_id=resource.id, client_id=each) for each in sorted(wanted))
    store.flush()


def withdraw(store: Store, resource: Resource, *, by: Person | None, now: datetime) -> None:
    """Off the shelf. What was done with it stays."""
    resource.withdrawn_at = resource.withdrawn_at or now


def keep_place(
    store: Store, resource: Resource, client: Person, seconds: float, *, by: Person, now: datetime
) -> None:
    """The client stopped at this second; they go on there, on any device. Raises Invalid, Forbidden."""
    if by.id != client.id:
        raise Forbidden()
    if not 0 <= seconds <= 24 * 3600:
        raise Invalid(N_("Seconds from the beginning."), field="seconds")
    _touch(store, resource, client, now)
    store.execute(_mine(resource, client).values(position=seconds, kept_at=now))


def finish(
    store: Store, resource: Resource, client: Person, *, by: Person | None, now: datetime
) -> None:
    """Read, or watched, to the end. Twice is the same."""
    _touch(store, resource, client, now)
    first = _mine(resource, client).where(ResourceUse.finished_at.is_(None)).values(finished_at=now)
    if store.execute(first).rowcount:  # type: ignore[attr-defined]
        events.record(
            store, Tag.RESOURCE_FINISHED, by=by, now=now, program_id=client.program_id,
            client=client, resource=resource.id,
        )  # fmt: skip


def visible_to(me: Person, as_of: datetime) -> Select[Resource]:
    """What `me` may read: staff all of their program's; a client what is on the shelf for them (S1)."""
    found = select(Resource).where(Resource.program_id == me.program_id)
    if me.kind == Kind.STAFF:
        return found
    return (
        found.where(*_on_the_shelf(me.id, as_of))
        if me.kind == Kind.CLIENT
        else found.where(Resource.id.is_(None))
    )


def making_up(client: Person, kind: str, as_of: datetime, but: Collection[int]) -> Select[Resource]:
    """Recordings and assignments on the shelf for `client` that make up for a session of `kind`, the shortest first."""
    return (
        select(Resource)
        .where(Resource.program_id == client.program_id, *_on_the_shelf(client.id, as_of))
        .where(Resource.kind.in_((ResourceKind.RECORDING, ResourceKind.ASSIGNMENT)))
        .where(cast(Resource.makes_up, Text).contains(f'"{kind}"'), Resource.id.not_in(but))
        .order_by(Resource.minutes, Resource.id)
    )


def _on_the_shelf(client_id: int, as_of: datetime) -> tuple[Any, ...]:
    named = select(ResourceFor.resource_id).where(ResourceFor.client_id == client_id)
    seated = select(Seat.session_id).where(Seat.client_id == client_id, Seat.released_at.is_(None))
    theirs = or_(Resource.session_id.is_(None), Resource.session_id.in_(seated))
    return (
        Resource.withdrawn_at.is_(None),
        or_(Resource.available_until.is_(None), Resource.available_until > as_of),
        or_(Resource.id.in_(named), and_(Resource.for_everyone, theirs)),
    )


def _touch(store: Store, resource: Resource, client: Person, now: datetime) -> None:
    row = {"resource_id": resource.id, "client_id": client.id, "position": 0.0, "kept_at": now}
    store.execute(adding(store, ResourceUse).values(row))


def _mine(resource: Resource, client: Person) -> Any:
    mine = update(ResourceUse).execution_options(synchronize_session=False)
    return mine.where(ResourceUse.resource_id == resource.id, ResourceUse.client_id == client.id)


def _check(
    kind: str, title: str, body: str, url: str | None, minutes: float | None, makes_up: list[str]
) -> None:
    if kind not in list(ResourceKind):
        raise Invalid(N_("%(kind)s is not a kind of resource."), field="kind", kind=kind)
    if not title.strip():
        raise Invalid(N_("Give it a title."), field="title")
    if len(body) > LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="body", most=LONGEST)
    parts = urlsplit(url or "https://here")
    if parts.scheme != "https" or not parts.hostname:
        raise Invalid(N_("Write an address that begins with https://."), field="url")
    if minutes is not None and not 0 < minutes <= 24 * 60:
        raise Invalid(N_("Between a minute and a day."), field="minutes")
    if unknown := [each for each in makes_up if each not in list(SessionKind)]:
        raise Invalid(
            N_("%(kind)s is not a kind of session."), field="makes_up", kind=unknown[0]
        )  # fmt: skip
