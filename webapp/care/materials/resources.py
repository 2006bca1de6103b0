"""Resources: readings, recordings, links and assignments, and how far each client has come with them (M5)."""

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
    cast,
    or_,
    select,
    update,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.programs import Program
from webapp.care.materials.assigned import Assigned
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Session
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

LONGEST = 20_000
"""Characters of a text."""
LONGEST_RECORDING = 24 * 3600
"""Seconds."""
ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?")


class ResourceKind(StrEnum):
    READING = "reading"
    RECORDING = "recording"
    LINK = "link"
    ASSIGNMENT = "assignment"


class ResourceFor(Base):
    """One client a resource is for, when it is not for everyone."""

    __tablename__ = "resource_for"
    __table_args__ = (Index("ix_resource_for_client", "client_id"),)

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class Resource(Assigned, Base):
    """Something to read, watch or do."""

    __tablename__ = "resource"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        CheckConstraint("minutes IS NULL OR minutes > 0", name="minutes"),
        Index("ix_resource_session", "session_id"),
    )
    recipients = ResourceFor
    tags = Tag.RESOURCE_PUBLISHED, Tag.RESOURCE_CHANGED

    kind: Mapped[str]
    url: Mapped[str | None]
    minutes: Mapped[float | None]
    """How long it takes; what it counts for as a make-up."""
    makes_up: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Kinds of missed sessions that this may make up for, with a short reflection."""
    published_at: Mapped[datetime]
    available_until: Mapped[datetime | None]

    @property
    def content(self) -> tuple[Any, ...]:
        return (
            self.title, self.kind, self.body, self.url, self.minutes, self.makes_up, self.session_id,
            self.available_until, self.for_everyone, self.withdrawn_at,
        )  # fmt: skip

    @property
    def event_fields(self) -> dict[str, Any]:
        return {
            "program_id": self.program_id, "session": self.session_id, "resource": self.id,
            "kind": self.kind,
        }  # fmt: skip


class ResourceUse(Base):
    """How far a client has come with a resource: the second they stopped at, and when they finished it."""

    __tablename__ = "resource_use"
    __table_args__ = (CheckConstraint("position >= 0", name="position"),)

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    position: Mapped[float] = mapped_column(default=0.0)
    kept_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @hybrid_property
    def is_finished(self) -> bool:
        """Read or watched to the end."""
        return self.finished_at != None


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
    """Create the resource of this `ref`, or change it; returns (resource, whether it is new). `clients`: only these, None for
    everyone; events as in `Assigned.assign`. Raises Invalid naming the field."""
    makes_up = list(dict.fromkeys(makes_up))
    _check(kind, title, body, url, minutes, makes_up)
    same_ref = select(Resource).where(Resource.program_id == program.id, Resource.ref == ref)
    existing = store.scalar(same_ref)
    resource = existing or Resource(program_id=program.id, ref=ref, published_at=now)
    before = resource.snapshot
    resource.kind, resource.title, resource.body = ResourceKind(kind), title.strip(), body
    resource.url, resource.minutes, resource.makes_up = url, minutes, makes_up
    resource.session_id, resource.available_until = session.id if session else None, available_until
    resource.assign(store, clients, before, by=by, now=now)
    return resource, existing is None


def visible_to(me: Person, as_of: datetime) -> Select[Resource]:
    """Resources `me` may see at `as_of`: staff what they may read; a client what is available to them (S1, P12)."""
    query = select(Resource).where(Resource.program_id == me.program_id)
    if me.kind == Kind.STAFF:
        return query.where(Resource.readable_by(me))
    return (
        query.where(*_available(me.id, as_of))
        if me.kind == Kind.CLIENT
        else query.where(Resource.id.is_(None))
    )


def making_up(client: Person, kind: str, as_of: datetime, but: Collection[int]) -> Select[Resource]:
    """Recordings and assignments available to `client` that make up for a session of `kind`, shortest first. `but`: ids to
    leave out."""
    return (
        select(Resource)
        .where(Resource.program_id == client.program_id, *_available(client.id, as_of))
        .where(Resource.kind.in_((ResourceKind.RECORDING, ResourceKind.ASSIGNMENT)))
        .where(cast(Resource.makes_up, Text).contains(f'"{kind}"'), Resource.id.not_in(but))
        .order_by(Resource.minutes, Resource.id)
    )


def _available(client_id: int, as_of: datetime) -> tuple[Any, ...]:
    kept = or_(Resource.available_until.is_(None), Resource.available_until > as_of)
    return Resource.is_for(client_id), kept


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


def keep_place(
    store: Store, resource: Resource, client: Person, seconds: float, *, by: Person, now: datetime
) -> None:
    """Remember that the client stopped `seconds` into it, to go on there on any device. Raises Invalid, Forbidden."""
    if by.id != client.id:
        raise Forbidden()
    if not 0 <= seconds <= LONGEST_RECORDING:
        raise Invalid(N_("Seconds from the beginning."), field="seconds")
    _ensure_use(store, resource, client, now)
    store.execute(_update_use(resource, client).values(position=seconds, kept_at=now))


def finish(
    store: Store, resource: Resource, client: Person, *, by: Person | None, now: datetime
) -> None:
    """Record that the client read or watched it to the end. Twice is the same."""
    _ensure_use(store, resource, client, now)
    first = _update_use(resource, client).where(~ResourceUse.is_finished).values(finished_at=now)
    if store.execute(first).rowcount:  # type: ignore[attr-defined]
        events.record(
            store, Tag.RESOURCE_FINISHED, by=by, now=now,
            client=client, resource=resource.id,
        )  # fmt: skip


def _ensure_use(store: Store, resource: Resource, client: Person, now: datetime) -> None:
    row = {"resource_id": resource.id, "client_id": client.id, "position": 0.0, "kept_at": now}
    store.execute(insert_or_ignore(store, ResourceUse).values(row))


def _update_use(resource: Resource, client: Person) -> Any:
    mine = update(ResourceUse).execution_options(synchronize_session=False)
    return mine.where(ResourceUse.resource_id == resource.id, ResourceUse.client_id == client.id)
