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
    cast,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.programs import Program
from webapp.care.materials.assigned import Given
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Session
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

LONGEST = 20_000
"""Letters of a text."""
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


class Resource(Given, Base):
    """Something to read, watch or do."""

    __tablename__ = "resource"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        CheckConstraint("minutes IS NULL OR minutes > 0", name="minutes"),
        Index("ix_resource_session", "session_id"),
    )
    named_in = ResourceFor
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
    def said(self) -> tuple[Any, ...]:
        return (
            self.title, self.kind, self.body, self.url, self.minutes, self.makes_up, self.session_id,
            self.available_until, self.for_everyone, self.withdrawn_at,
        )  # fmt: skip

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "program_id": self.program_id, "session": self.session_id, "resource": self.id,
            "kind": self.kind,
        }  # fmt: skip


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
    """Put something on the shelf, or change it; answers (resource, whether new). `clients`, and who hears of it:
    `Given.give`. Raises Invalid naming the field."""
    makes_up = list(dict.fromkeys(makes_up))
    _check(kind, title, body, url, minutes, makes_up)
    known = select(Resource).where(Resource.program_id == program.id, Resource.ref == ref)
    found = store.scalar(known)
    resource = found or Resource(program_id=program.id, ref=ref, published_at=now)
    before = resource.standing
    resource.kind, resource.title, resource.body = ResourceKind(kind), title.strip(), body
    resource.url, resource.minutes, resource.makes_up = url, minutes, makes_up
    resource.session_id, resource.available_until = session.id if session else None, available_until
    resource.give(store, clients, before, by=by, now=now)
    return resource, found is None


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
