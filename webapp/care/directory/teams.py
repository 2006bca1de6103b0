"""Couples, care teams, and cover for absent staff; and which clients are in a staff member's care."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    exists,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.programs import Program
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid


class Couple(Base):
    """Two people treated as a couple; `therapist` is never either one's individual counselor (docs/product.md, *Words*)."""

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
    """When the couple ended (leaving.end_couple); null again when the same two form a couple anew."""

    a: Mapped[Person] = relationship(foreign_keys=a_id)
    b: Mapped[Person] = relationship(foreign_keys=b_id)
    therapist: Mapped[Person | None] = relationship(foreign_keys=therapist_id)

    @hybrid_property
    def is_current(self) -> bool:
        """Not ended."""
        return self.ended_at == None

    def partner_of(self, person_id: int) -> Person:
        return self.b if person_id == self.a_id else self.a


SEE_EVERYONE = (RoleName.SUPERVISOR, RoleName.COORDINATOR, RoleName.ADMIN)
"""Roles that lead a program: they see all of its clients, sessions and tasks. Reading a client's texts takes more: `may_read`."""


class CareTeam(Base):
    """Who looks after a client. The couples therapist is a column of the couple."""

    __tablename__ = "care_team"
    __table_args__ = (Index("ix_care_team_counselor", "counselor_id"),)

    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    counselor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    supervisor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    coordinator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    counselor: Mapped[Person | None] = relationship(foreign_keys=counselor_id)
    supervisor: Mapped[Person | None] = relationship(foreign_keys=supervisor_id)
    coordinator: Mapped[Person | None] = relationship(foreign_keys=coordinator_id)


NAMED = (CareTeam.counselor_id, CareTeam.supervisor_id, CareTeam.coordinator_id)


class Cover(Base):
    """A staff member is away, and another takes their tasks (rule 9)."""

    __tablename__ = "cover"
    __table_args__ = (Index("ix_cover_person", "person_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    covered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


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
    """Form a couple, form the same two anew, or change their therapist; returns (couple, whether new). A reference that is another
    two's is for `leaving.put_couple`. Raises Invalid when the therapist is either one's counselor, or one is in another couple."""
    if a.id == b.id or Kind.CLIENT not in (a.kind, b.kind) or Kind.STAFF in (a.kind, b.kind):
        raise Invalid(N_("A couple is a client and a partner."), field="partners")
    _check_therapist(store, [a.id, b.id], therapist)
    known = select(Couple).where(Couple.program_id == program.id, Couple.ref == ref)
    couple = store.scalar(known)
    others = select(Couple).where(
        Couple.is_current, or_(_includes(a.id), _includes(b.id)), Couple.ref != ref
    )
    if store.scalar(others):
        raise Invalid(N_("One of the two is in another couple."), field="partners")
    new = couple is None
    if couple is None:
        couple = Couple(program_id=program.id, ref=ref, formed_at=now)
        store.add(couple)
    before = (couple.a, couple.b, couple.therapist, couple.ended_at)
    couple.a, couple.b, couple.therapist, couple.ended_at = after = a, b, therapist, None
    store.flush()
    if new or before != after:
        events.record(
            store, Tag.COUPLE_FORMED, by=by, now=now, program_id=program.id, couple=couple.id
        )
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
    """Set the care team of `client`; returns (team, whether new). Raises Invalid for a missing role or a counselor who is the
    couple's therapist."""
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
    before = (team.counselor, team.supervisor, team.coordinator)
    team.counselor, team.supervisor, team.coordinator = after = counselor, supervisor, coordinator
    store.flush()
    ids: dict[str, Any] = {role.value: person and person.id for role, person in named.items()}
    if new or before != after:
        events.record(store, Tag.CARE_TEAM_SET, client=client, by=by, now=now, **ids)
    return team, new


def couple_of(person_id: int) -> Select[Couple]:
    """The couple this person is in now, if any."""
    return select(Couple).where(Couple.is_current, _includes(person_id))


def ever_in_couple(person_id: Any) -> ColumnElement[bool]:
    """A condition on `person_id`: they are or were in a couple."""
    return exists().where(_includes(person_id))


def former_partners(store: Store, person_id: int) -> set[int]:
    """Ids of the people with whom this person was in a couple and is no longer."""
    couples = store.scalars(select(Couple).where(_includes(person_id))).all()
    ended, current = set[int](), set[int]()
    for couple in couples:
        (current if couple.ended_at is None else ended).add(couple.partner_of(person_id).id)
    return ended - current


def _includes(person_id: int) -> Any:
    return or_(Couple.a_id == person_id, Couple.b_id == person_id)


def visible_to(me: Person) -> Select[Person]:
    """The people `me` may see: oneself; for staff also those in their care; for supervisors, coordinators and administrators
    everyone in the program (S1). Partners do not see each other. Whose texts they may read is `readable_by`."""
    found = select(Person).where(Person.program_id == me.program_id)
    if me.kind != Kind.STAFF:
        return found.where(Person.id == me.id)
    return found.where(or_(Person.id == me.id, in_care_of(me, Person.id)))


def readable_by(me: Person) -> Select[Person]:
    """The clients whose texts this staff member may read, and change where the request changes anything (P12)."""
    clients = select(Person).where(Person.program_id == me.program_id, Person.kind == Kind.CLIENT)
    return clients.where(may_read(me, Person.id))


def in_care_of(me: Person, client_id: Any) -> Any:
    """A condition on `client_id`: this staff member may know of the client, where their sessions are and what is to be done. Those
    who lead the program know of everyone in it."""
    return true() if me.has_role(*SEE_EVERYONE) else may_read(me, client_id)


def may_read(me: Person, client_id: Any) -> Any:
    """A condition on `client_id`: this staff member may read texts for and about the client (P12). They are on the care team or cover
    for one who is; they lead the program and nobody is named for the client; or they have emergency access, in requests that change
    nothing (P8, S18)."""
    ours = clients_of_team(lambda column: column.in_(me.covering | {me.id}))
    mine = or_(client_id.in_(ours), client_id.in_(me.reaching))
    if not me.has_role(*SEE_EVERYONE):
        return mine
    anybody = or_(*(column.is_not(None) for column in NAMED))
    return or_(mine, client_id.not_in(select(CareTeam.client_id).where(anybody)))


def clients_of_team(mine: Callable[[Any], Any]) -> Any:
    """Ids of the clients with somebody on their care team of whom `mine`, a condition on a column of staff ids, is true; the couple's
    therapist too. Reads every team and couple."""
    team = or_(*(mine(column) for column in NAMED))
    couple = and_(Couple.is_current, mine(Couple.therapist_id))
    return union(
        select(CareTeam.client_id).where(team),
        select(Couple.a_id).where(couple),
        select(Couple.b_id).where(couple),
    )


def covered_by(person_id: int, as_of: datetime) -> Select[int]:
    """Ids of the staff for whom this one covers at `as_of` (aware)."""
    return select(Cover.person_id).where(
        Cover.covered_by_id == person_id, Cover.starts_at <= as_of, Cover.ends_at > as_of
    )
