"""Resources: readings, recordings, links and assignments (M5). How far each client has come with them: resource_uses.py."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

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
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care import events
from webapp.care.people import Kind, Person
from webapp.care.programs import Program
from webapp.care.session_kinds import SessionKind
from webapp.care.sessions import Seat, Session
from webapp.care.tags import Tag
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid
from webapp.sealed import SealedText

LONGEST = 20_000
"""Letters of a text."""
ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?")


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
    body: Mapped[str] = mapped_column(SealedText, default="")
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

    @property
    def said(self) -> tuple[Any, ...]:
        """All that a change of it may change, its readers aside."""
        return (
            self.title, self.kind, self.body, self.url, self.minutes, self.makes_up, self.session_id,
            self.available_until, self.for_everyone, self.withdrawn_at,
        )  # fmt: skip


class ResourceFor(Base):
    """One client a resource is for, when it is not for everyone."""

    __tablename__ = "resource_for"
    __table_args__ = (Index("ix_resource_for_client", "client_id"),)

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


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
    everyone in the program, or in its session). The same again changes and tells nothing; whoever it is newly for is an
    event of its own. Raises Invalid naming the field."""
    makes_up = list(dict.fromkeys(makes_up))
    _check(kind, title, body, url, minutes, makes_up)
    known = select(Resource).where(Resource.program_id == program.id, Resource.ref == ref)
    found = store.scalar(known)
    resource = found or Resource(program_id=program.id, ref=ref, published_at=now)
    before = resource.said
    resource.kind, resource.title, resource.body = ResourceKind(kind), title.strip(), body
    resource.url, resource.minutes, resource.makes_up = url, minutes, makes_up
    resource.session_id, resource.available_until = session.id if session else None, available_until
    resource.withdrawn_at, resource.for_everyone = None, clients is None
    changed = resource.said != before
    if changed:
        resource.by_id = by.id if by else None
    store.add(resource)
    store.flush()
    named = _name_readers(store, resource, list(clients or ()))
    _say(store, resource, before, named, changed, by, now)
    return resource, found is None


def audience(resource: Resource) -> Select[Person]:
    """Whom it was put there for: the named, or everyone with a place in its session. Nobody in particular when it simply
    stands on the shelf."""
    named = select(ResourceFor.client_id).where(ResourceFor.resource_id == resource.id)
    seated = select(Seat.client_id).where(
        Seat.session_id == resource.session_id, Seat.released_at.is_(None)
    )
    return (
        select(Person)
        .where(Person.id.in_(seated if resource.for_everyone else named))
        .order_by(Person.name)
    )


def _name_readers(store: Store, resource: Resource, clients: list[Person]) -> list[int]:
    """Exactly these clients; answers who is new among them. Raises Invalid for one of another program."""
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
    return sorted(wanted)


def _say(
    store: Store,
    resource: Resource,
    before: tuple[Any, ...],
    named: list[int],
    changed: bool,
    by: Person | None,
    now: datetime,
) -> None:
    """What happened: put there for everyone, for one more client, or merely changed."""
    new = before[0] is None or before[-1] is not None or (resource.for_everyone and not before[-2])
    about: dict[str, Any] = {
        "by": by, "now": now, "program_id": resource.program_id, "session": resource.session_id,
        "resource": resource.id, "kind": resource.kind,
    }  # fmt: skip
    for client_id in named:
        events.record(store, Tag.RESOURCE_PUBLISHED, client=client_id, **about)
    if new and resource.for_everyone:
        events.record(store, Tag.RESOURCE_PUBLISHED, **about)
    elif changed and not named:
        events.record(store, Tag.RESOURCE_CHANGED, **about)


def withdraw(store: Store, resource: Resource, *, by: Person | None, now: datetime) -> None:
    """Off the shelf. What was done with it stays."""
    if resource.withdrawn_at is None:
        resource.withdrawn_at = now
        events.record(
            store, Tag.RESOURCE_CHANGED, by=by, now=now, program_id=resource.program_id,
            session=resource.session_id, resource=resource.id, kind=resource.kind,
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


def _check(
    kind: str, title: str, body: str, url: str | None, minutes: float | None, makes_up: list[str]
) -> None:
    if kind not in list(ResourceKind):
        raise Invalid(N_("%(kind)s is not a kind of resource."), field="kind", kind=kind)
    if not title.strip():
        raise Invalid(N_("Give it a title."), field="title")
    if len(body) > LONGEST:
        raise Invalid(N_("Keep it under %(most)s letters."), field="body", most=LONGEST)
    if url is not None and not ADDRESS.fullmatch(url):
        raise Invalid(N_("Write an address that begins with https://."), field="url")
    if minutes is not None and not 0 < minutes <= 24 * 60:
        raise Invalid(N_("Between a minute and a day."), field="minutes")
    if unknown := [each for each in makes_up if each not in list(SessionKind)]:
        raise Invalid(
            N_("%(kind)s is not a kind of session."), field="makes_up", kind=unknown[0]
        )  # fmt: skip
