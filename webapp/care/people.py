"""People: clients, supporters, staff and their roles; couples; care teams; how each may be reached."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care import events
from webapp.care.programs import Program, known_zone
from webapp.care.tags import Tag
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

LANGUAGES = ("en", "es")


class Kind(StrEnum):
    CLIENT = "client"
    SUPPORTER = "supporter"
    STAFF = "staff"
    INTEGRATION = "integration"
    """A program that acts through an API token, so that every act has an actor."""


class Status(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    DISCHARGED = "discharged"


class RoleName(StrEnum):
    COUNSELOR = "counselor"
    COUPLES_THERAPIST = "couples_therapist"
    SUPERVISOR = "supervisor"
    COORDINATOR = "coordinator"
    TECHNICIAN = "technician"
    ADMIN = "admin"


class Person(Base):
    """Somebody the program knows. `ref` is the caller's own name for them, unique in the program."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        Index("ix_person_email", "email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    ref: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    time_zone: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    status: Mapped[str] = mapped_column(default=Status.ACTIVE)
    status_at: Mapped[datetime]
    password_hash: Mapped[str | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Reminders: `channels` (order), `off` (rungs not wanted), `quiet_hours` ([from, to] local)."""
    created_at: Mapped[datetime]

    program: Mapped[Program] = relationship()
    roles: Mapped[list["Role"]] = relationship()

    @property
    def role_names(self) -> frozenset[str]:
        return frozenset(role.name for role in self.roles)

    def has_role(self, *names: str) -> bool:
        return any(role.name in names for role in self.roles)

    @property
    def active(self) -> bool:
        return self.status == Status.ACTIVE

    def change_status(self, store: Store, status: str, *, by: Any, now: datetime) -> None:
        """Pause, discharge or take up again. Reminders stop by the fact alone (rule 3)."""
        if status == self.status:
            return
        self.status, self.status_at = Status(status), now
        events.record(
            store,
            Tag.PERSON_STATUS_CHANGED,
            by=by,
            now=now,
            program_id=self.program_id,
            client=self if self.kind == Kind.CLIENT else None,
            person=self.id,
            status=status,
        )


class Role(Base):
    """A staff member's role."""

    __tablename__ = "role"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)


class Couple(Base):
    """Two people who heal together; `therapist` is never either one's individual counselor (product.md)."""

    __tablename__ = "couple"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        CheckConstraint("a_id <> b_id", name="two_people"),
        Index("ix_couple_a", "a_id"),
        Index("ix_couple_b", "b_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    ref: Mapped[str]
    a_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    b_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    therapist_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    formed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    a: Mapped[Person] = relationship(foreign_keys=a_id)
    b: Mapped[Person] = relationship(foreign_keys=b_id)
    therapist: Mapped[Person | None] = relationship(foreign_keys=therapist_id)

    def partner_of(self, person_id: int) -> Person:
        return self.b if person_id == self.a_id else self.a


class CareTeam(Base):
    """Who looks after a client. The couples therapist stands on the couple."""

    __tablename__ = "care_team"
    __table_args__ = (Index("ix_care_team_counselor", "counselor_id"),)

    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    counselor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    supervisor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    coordinator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    counselor: Mapped[Person | None] = relationship(foreign_keys=counselor_id)
    supervisor: Mapped[Person | None] = relationship(foreign_keys=supervisor_id)
    coordinator: Mapped[Person | None] = relationship(foreign_keys=coordinator_id)


class Cover(Base):
    """A staff member is away and somebody else has their tasks (rule 9)."""

    __tablename__ = "cover"
    __table_args__ = (Index("ix_cover_person", "person_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    covered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


def put(
    store: Store,
    program: Program,
    ref: str,
    *,
    kind: str,
    name: str,
    time_zone: str,
    by: Person | None,
    now: datetime,
    email: str | None = None,
    phone: str | None = None,
    language: str = "en",
    roles: list[str] | None = None,
    status: str | None = None,
) -> tuple[Person, bool]:
    """Add or change a person by the caller's own reference; answers (person, whether new). Raises Invalid."""
    known_zone(time_zone)
    if language not in LANGUAGES:
        raise Invalid(N_("We speak %(known)s."), field="language", known=", ".join(LANGUAGES))
    person = store.scalar(select(Person).where(Person.program_id == program.id, Person.ref == ref))
    new = person is None
    if person is None:
        person = Person(
            program_id=program.id, ref=ref, kind=kind, created_at=now, status_at=now, roles=[],
            status=Status.ACTIVE, preferences={},
        )  # fmt: skip
        store.add(person)
    elif person.kind != kind:
        raise Invalid(
            N_("%(ref)s is registered as %(kind)s."), field="kind", ref=ref, kind=person.kind
        )
    if roles and kind != Kind.STAFF:
        raise Invalid(N_("Only staff have roles."), field="roles")
    person.name, person.email, person.phone = name, email and email.lower(), phone
    person.time_zone, person.language = time_zone, language
    store.flush()
    tag = Tag.PERSON_ADDED if new else Tag.PERSON_CHANGED
    fields: dict[str, Any] = {"person": person.id} | ({"kind": kind} if new else {})
    client = person if kind == Kind.CLIENT else None
    events.record(store, tag, by=by, now=now, program_id=program.id, client=client, **fields)
    if roles is not None:
        set_roles(store, person, roles, by=by, now=now)
    if status:
        person.change_status(store, status, by=by, now=now)
    return person, new


def set_roles(
    store: Store, person: Person, names: list[str], *, by: Person | None, now: datetime
) -> None:
    """Give `person` (staff) exactly these roles. Raises Invalid for one that does not exist."""
    for name in names:
        if name not in list(RoleName):
            raise Invalid(N_("%(name)s is not a role."), field="roles", name=name)
    had = person.role_names
    person.roles = [r for r in person.roles if r.name in names]
    person.roles += [
        Role(person_id=person.id, name=n) for n in dict.fromkeys(names) if n not in had
    ]
    for tag, changed in ((Tag.ROLE_GIVEN, set(names) - had), (Tag.ROLE_TAKEN, had - set(names))):
        for name in sorted(changed):
            events.record(
                store, tag, by=by, now=now, program_id=person.program_id, person=person.id, role=name
            )  # fmt: skip


def form_couple(
    store: Store,
    program: Program,
    ref: str,
    a: Person,
    b: Person,
    *,
    therapist: Person | None,
    by: Person | None,
    now: datetime,
) -> tuple[Couple, bool]:
    """Look after two people as a couple. Refused when the therapist is either one's counselor, or one is in another
    couple; raises Invalid."""
    if a.id == b.id or Kind.CLIENT not in (a.kind, b.kind) or Kind.STAFF in (a.kind, b.kind):
        raise Invalid(N_("A couple is a client and a partner."), field="partners")
    _check_therapist(store, [a.id, b.id], therapist)
    known = select(Couple).where(Couple.program_id == program.id, Couple.ref == ref)
    couple = store.scalar(known)
    others = select(Couple).where(
        Couple.ended_at.is_(None), or_(_with(a.id), _with(b.id)), Couple.ref != ref
    )
    if store.scalar(others):
        raise Invalid(N_("One of the two is in another couple."), field="partners")
    new = couple is None
    if couple is None:
        couple = Couple(program_id=program.id, ref=ref, formed_at=now)
        store.add(couple)
    couple.a, couple.b, couple.therapist, couple.ended_at = a, b, therapist, None
    store.flush()
    events.record(store, Tag.COUPLE_FORMED, by=by, now=now, program_id=program.id, couple=couple.id)
    return couple, new


def _check_therapist(store: Store, partner_ids: list[int], therapist: Person | None) -> None:
    if therapist is None:
        return
    if not therapist.has_role(RoleName.COUPLES_THERAPIST):
        raise Invalid(N_("A couple's therapist needs that role."), field="therapist")
    counselors = select(CareTeam.counselor_id).where(CareTeam.client_id.in_(partner_ids))
    if therapist.id in store.scalars(counselors).all():
        raise Invalid(
            N_("The couple's therapist can't be either one's own counselor."), field="therapist"
        )


def set_care_team(
    store: Store,
    client: Person,
    *,
    counselor: Person | None,
    supervisor: Person | None,
    coordinator: Person | None,
    by: Person | None,
    now: datetime,
) -> tuple[CareTeam, bool]:
    """Name who looks after `client`. Raises Invalid for a missing role or a counselor who is the couple's therapist."""
    named = {
        RoleName.COUNSELOR: counselor,
        RoleName.SUPERVISOR: supervisor,
        RoleName.COORDINATOR: coordinator,
    }
    for role, person in named.items():
        if person is not None and not person.has_role(role):
            raise Invalid(N_("%(ref)s doesn't have that role."), field=role, ref=person.ref)
    couple = store.scalar(couple_of(client.id))
    if couple and counselor and couple.therapist_id == counselor.id:
        raise Invalid(N_("The counselor can't be the couple's therapist too."), field="counselor")
    team = store.get(CareTeam, client.id)
    new = team is None
    if team is None:
        team = CareTeam(client_id=client.id)
        store.add(team)
    team.counselor, team.supervisor, team.coordinator = counselor, supervisor, coordinator
    store.flush()
    ids: dict[str, Any] = {role.value: person and person.id for role, person in named.items()}
    events.record(
        store, Tag.CARE_TEAM_SET, by=by, now=now, program_id=client.program_id, client=client, **ids
    )
    return team, new


def couple_of(person_id: int) -> Select[Couple]:
    """The couple this person is in now, if any."""
    return select(Couple).where(Couple.ended_at.is_(None), _with(person_id))


def _with(person_id: int) -> Any:
    return or_(Couple.a_id == person_id, Couple.b_id == person_id)


def by_ref(program: Program, ref: str, *kinds: str) -> Select[Person]:
    found = select(Person).where(Person.program_id == program.id, Person.ref == ref)
    return found.where(Person.kind.in_(kinds)) if kinds else found


def visible_to(me: Person) -> Select[Person]:
    """Whom `me` may look up: oneself; for staff, the clients and supporters in their care or, for supervisors,
    coordinators and administrators, everyone in the program (S1). A partner is not visible by being a partner."""
    found = select(Person).where(Person.program_id == me.program_id)
    if me.kind != Kind.STAFF:
        return found.where(Person.id == me.id)
    return found.where(or_(Person.id == me.id, in_care_of(me, Person.id)))


def in_care_of(me: Person, client_id: Any) -> Any:
    """A condition on `client_id`: this staff member looks after that client."""
    if me.has_role(RoleName.SUPERVISOR, RoleName.COORDINATOR, RoleName.ADMIN):
        return true()
    counseled = select(CareTeam.client_id).where(CareTeam.counselor_id == me.id)
    a = select(Couple.a_id).where(Couple.therapist_id == me.id, Couple.ended_at.is_(None))
    b = select(Couple.b_id).where(Couple.therapist_id == me.id, Couple.ended_at.is_(None))
    return client_id.in_(counseled.union(a, b))
