"""How far a client has come with a resource: the place they stopped at, and when they were through (M5)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.materials.resources import Resource
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

LONGEST = 24 * 3600
"""Seconds into the longest recording."""


class ResourceUse(Base):
    """How far a client has come: the second they stopped at, and when they were through."""

    __tablename__ = "resource_use"
    __table_args__ = (CheckConstraint("position >= 0", name="position"),)

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    position: Mapped[float] = mapped_column(default=0.0)
    kept_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


def keep_place(
    store: Store, resource: Resource, client: Person, seconds: float, *, by: Person, now: datetime
) -> None:
    """The client stopped at this second; they go on there, on any device. Raises Invalid, Forbidden."""
    if by.id != client.id:
        raise Forbidden()
    if not 0 <= seconds <= LONGEST:
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
            store, Tag.RESOURCE_FINISHED, client=client, by=by, now=now, resource=resource.id
        )


def _touch(store: Store, resource: Resource, client: Person, now: datetime) -> None:
    row = {"resource_id": resource.id, "client_id": client.id, "position": 0.0, "kept_at": now}
    store.execute(insert_or_ignore(store, ResourceUse).values(row))


def _mine(resource: Resource, client: Person) -> Any:
    mine = update(ResourceUse).execution_options(synchronize_session=False)
    return mine.where(ResourceUse.resource_id == resource.id, ResourceUse.client_id == client.id)
