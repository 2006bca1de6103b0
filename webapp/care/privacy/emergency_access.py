"""Emergency access: a staff member outside a client's care team may see that client for two hours, with a reason (P8). They may
read that one chart and change nothing (S18)."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, and_, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import task_owners, tasks
from webapp.care.contact.tasks import TaskKind
from webapp.care.directory import people, teams
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, AlreadyDone, Forbidden, Invalid, Unknown

LONGEST = timedelta(hours=2)
REVIEW_WITHIN = timedelta(hours=24)
SHORTEST_REASON = 15
"""Characters: a single word ("urgent") would tell a supervisor nothing."""


class EmergencyAccess(Base):
    """`staff` may read what is kept about `client`, and change nothing (S18), until `ends_at`, or until `ended_at` if somebody ended it
    earlier. Growth: a few rows a year.
    """

    __tablename__ = "emergency_access"
    __table_args__ = (
        CheckConstraint("ends_at > began_at", name="ends_later"),
        Index("ix_emergency_access_staff", "staff_id", "ends_at"),
        Index("ix_emergency_access_client", "client_id", "began_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(SealedText)
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    client: Mapped[Person] = relationship(foreign_keys=client_id)
    staff: Mapped[Person] = relationship(foreign_keys=staff_id)

    @hybrid_property
    def is_ended(self) -> bool:
        """Somebody ended it before its time."""
        return self.ended_at != None

    def end(self, store: Store, *, by: Person, now: datetime) -> None:
        """End it early: by whoever has it, or by staff who may see everyone. Twice is the same. Raises Forbidden."""
        if by.id != self.staff_id and not by.has_role(*teams.SEE_EVERYONE):
            raise Forbidden()
        if self.ended_at is None and now < self.ends_at:
            self.ended_at, self.ended_by_id = now, by.id
            _record(store, Tag.EMERGENCY_ACCESS_ENDED, self, by=by, now=now)


def begin(
    store: Store, client: Person, reason: str, *, by: Person, now: datetime
) -> EmergencyAccess:
    """Give `by` access to `client` for two hours, and open a task for the supervisor to review it within a day.

    `reason` has at least 15 characters. The caller has checked for a fresh sign-in. Raises Forbidden (not active staff),
    Unknown (another program), AlreadyDone (they can see the client already), Invalid (no reason).
    """
    if by.kind != Kind.STAFF or not by.active:
        raise Forbidden()
    if client.program_id != by.program_id or client.kind != Kind.CLIENT:
        raise Unknown()
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise Invalid(N_("Say in a sentence why this can't wait."), field="reason")
    reached = client.id in store.scalars(reached_by(by.id, now)).all()
    if reached or store.scalar(teams.readable_by(by).where(Person.id == client.id)):
        raise AlreadyDone(N_("You can open this person already."))
    access = EmergencyAccess(
        client=client, staff=by, reason=reason, began_at=now, ends_at=now + LONGEST
    )
    store.add(access)
    store.flush()
    _record(store, Tag.EMERGENCY_ACCESS_BEGAN, access, by=by, now=now)
    tasks.open_one(
        store, key=f"{TaskKind.EMERGENCY_REVIEW}:{access.id}", kind=TaskKind.EMERGENCY_REVIEW,
        program_id=client.program_id, client=client, due_at=now + REVIEW_WITHIN, now=now, by=by,
        owner_id=task_owners.owner_for(store, client, RoleName.SUPERVISOR, now),
        brief={"emergency_access": access.id},
    )  # fmt: skip
    return access


def end_all(store: Store, staff: Person, *, by: Person | None, now: datetime) -> None:
    """End every access that this staff member has: they leave (S19)."""
    for access in store.scalars(in_force(now).where(EmergencyAccess.staff_id == staff.id)):
        access.ended_at, access.ended_by_id = now, by.id if by else None
        _record(store, Tag.EMERGENCY_ACCESS_ENDED, access, by=by, now=now)


def sought(store: Store, me: Person, text: str) -> list[Person]:
    """Clients of the program whose whole name, e-mail address or reference is `text`: there is no browsing."""
    clients = select(Person).where(Person.program_id == me.program_id, Person.kind == Kind.CLIENT)
    return people.called(store, clients, text)


def in_force(as_of: datetime) -> Select[EmergencyAccess]:
    """Emergency accesses in force at `as_of`."""
    return select(EmergencyAccess).where(
        and_(EmergencyAccess.ends_at > as_of, ~EmergencyAccess.is_ended)
    )


def reached_by(staff_id: int, as_of: datetime) -> Select[int]:
    """Ids of the clients whom this staff member may see by emergency access at `as_of`."""
    theirs = in_force(as_of).where(EmergencyAccess.staff_id == staff_id)
    return theirs.with_only_columns(EmergencyAccess.client_id)


def _record(
    store: Store, tag: Tag, access: EmergencyAccess, *, by: Person | None, now: datetime
) -> None:
    events.record(
        store, tag, person=access.staff_id, client=access.client, by=by, now=now, access=access.id,
        until=access.ends_at,
    )  # fmt: skip
