"""Which version of the attendance policy each client has read and acknowledged (M11).

Nothing depends on it: joining a session, reporting an absence and 988 work without it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory import programs
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.policy import Policy
from webapp.care.directory.programs import PolicyVersion
from webapp.db import Base, Store

MATERIAL = (
    "weekly_hours", "excused_allowance", "early_notice", "attended_share", "make_up_within", "missed_fee",
)  # fmt: skip
"""The fields that the page shows. A new version is shown only when one of these changed."""


class Acknowledgement(Base):
    """This client has read this version of the policy."""

    __tablename__ = "acknowledgement"
    __table_args__ = (UniqueConstraint("person_id", "version_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"))
    made_at: Mapped[datetime]

    version: Mapped[PolicyVersion] = relationship()


def last_of(store: Store, person: Person) -> Acknowledgement | None:
    """The person's latest acknowledgement; None if there is none."""
    mine = select(Acknowledgement).where(Acknowledgement.person_id == person.id)
    return store.scalar(mine.order_by(Acknowledgement.id.desc()).limit(1))


def due(store: Store, person: Person, as_of: datetime) -> bool:
    """Whether to show the policy: to a client who never read it, or if a field of MATERIAL has changed since they did."""
    if person.kind != Kind.CLIENT:
        return False
    read = last_of(store, person)
    if read is None:
        return True
    version = programs.version_at(store, person.program_id, as_of)
    return read.version_id != version.id and _shown_fields(read.version.policy) != _shown_fields(
        version.policy
    )


def acknowledge(
    store: Store, person: Person, version: PolicyVersion, *, by: Person, now: datetime
) -> None:
    """Record that the person has read this version. Twice is the same."""
    row = {"person_id": person.id, "version_id": version.id, "made_at": now}
    new = insert_or_ignore(store, Acknowledgement).values(row).returning(Acknowledgement.id)
    if store.execute(new).scalar() is not None:
        events.record(store, Tag.ORIENTED, person=person, by=by, now=now, version=version.version)


def _shown_fields(policy: Policy) -> tuple[Any, ...]:
    return tuple(getattr(policy, name) for name in MATERIAL)
