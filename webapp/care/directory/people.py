"""People: clients, supporters, staff, and integrations that act through an API token, with their roles."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    and_,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from webapp import languages, names
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.programs import Program, known_zone
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

LANGUAGES = languages.KNOWN


class Kind(StrEnum):
    CLIENT = "client"
    SUPPORTER = "supporter"
    STAFF = "staff"
    INTEGRATION = "integration"
    """Another system that acts through an API token, so that every event names who acted."""


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
    """A person in a program's directory. `ref` is the calling system's own id for them, unique in the program."""

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
    folded_name: Mapped[str] = mapped_column(
        String().with_variant(String(collation="C"), "postgresql")
    )
    """`names.folded` of the name, by which people are searched and sorted, alike on both databases."""
    email: Mapped[str | None]
    phone: Mapped[str | None]
    time_zone: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    status: Mapped[str] = mapped_column(default=Status.ACTIVE)
    status_at: Mapped[datetime]
    password_hash: Mapped[str | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Reminders: `channels` (order), `off` (rungs not wanted), `quiet_hours` ([from, to], minutes since local midnight; [] for none), `lead` (rung → minutes before
    the start). `home_zone` and `home_language`: the roster's, where the person chose their own."""
    created_at: Mapped[datetime]

    program: Mapped[Program] = relationship()
    roles: Mapped[list["Role"]] = relationship(cascade="all, delete-orphan")

    reaching = frozenset[int]()
    """Ids of clients to whom this staff member has emergency access (P8); empty in a request that changes anything (S18). Not a
    column: whoever loads the reader sets it."""
    covering = frozenset[int]()
    """Ids of the staff for whom this one covers now. Not a column either."""
    was_in_couple = False
    """They are or were in a couple. Not a column either: it comes with their login."""

    @validates("name")
    def _fold(self, _: str, name: str) -> str:
        self.folded_name = names.folded(name)
        return name

    @property
    def role_names(self) -> frozenset[str]:
        return frozenset(role.name for role in self.roles)

    def has_role(self, *names: str) -> bool:
        return any(role.name in names for role in self.roles)

    def only_reads(self, client_id: int) -> bool:
        """This staff member has emergency access to the client, which changes nothing (S18)."""
        return client_id in self.reaching

    @property
    def short_name(self) -> str:
        """First name and initial: `Maya T.`"""
        return names.short(self.name)

    @property
    def active(self) -> bool:
        return self.status == Status.ACTIVE


MOST_WORDS, MOST_LETTERS = 8, 200
"""As far as a search reads what was typed."""
JOINED = 4
"""Letters of a word from which on it is also found across two words of a name: `annemarie` in Anne-Marie."""


def named(text: str) -> ColumnElement[bool]:
    """A condition: every word of `text` is part of the person's name, in any order, whatever the case, accents, apostrophes and hyphens.
    Nobody for a text without letters; of a long one the beginning counts. Cost: reads the names of the program's people."""
    words = names.folded(text[:MOST_LETTERS]).split()[:MOST_WORDS]
    joined = func.replace(Person.folded_name, " ", "")
    parts = [
        or_(Person.folded_name.contains(word), joined.contains(word))
        if len(word) >= JOINED
        else Person.folded_name.contains(word)
        for word in words
    ]
    return and_(*parts) if parts else false()


def called(store: Store, among: Select[Person], text: str) -> list[Person]:
    """Those of `among` whose reference, e-mail address or whole name is `text`; the name as `named` reads it. Part of a name finds nobody."""
    text = text.strip()
    length = len(names.folded(text).replace(" ", ""))
    whole = func.length(func.replace(Person.folded_name, " ", "")) == length
    known_by = or_(Person.ref == text, Person.email == text.lower(), and_(named(text), whole))
    found = store.scalars(among.where(known_by).order_by(Person.folded_name, Person.id)).all()
    return [
        person
        for person in found
        if text == person.ref or text.lower() == person.email or names.same(person.name, text)
    ]


class Role(Base):
    """A staff member's role."""

    __tablename__ = "role"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)


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
) -> tuple[Person, bool]:
    """Add or change a person by the calling system's own reference; returns (person, whether new). Raises Invalid."""
    time_zone = known_zone(time_zone)
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
    _apply_roster(person, time_zone, language)
    changed = store.is_modified(person)
    store.flush()
    if new:
        events.record(store, Tag.PERSON_ADDED, person=person, by=by, now=now, kind=kind)
    elif changed:
        events.record(store, Tag.PERSON_CHANGED, person=person, by=by, now=now)
    if roles is not None:
        set_roles(store, person, roles, by=by, now=now)
    return person, new


def home_zone(person: Person) -> str:
    """The roster's time zone for this person, who may go by another."""
    return str((person.preferences or {}).get("home_zone", person.time_zone))


def home_language(person: Person) -> str:
    """The roster's language for this person, who may have chosen another."""
    return str((person.preferences or {}).get("home_language", person.language))


def _apply_roster(person: Person, zone: str, language: str) -> None:
    """Take over the roster's time zone and language. Where the person chose their own, those stay, and the roster's are only
    remembered (rule 15)."""
    kept = dict(person.preferences or {})
    if "home_language" in kept:
        kept["home_language"] = language
    else:
        person.language = language
    if "home_zone" in kept and zone != person.time_zone:
        kept["home_zone"] = zone
    else:
        person.time_zone = zone
        kept.pop("home_zone", None)
    if kept != (person.preferences or {}):
        person.preferences = kept


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
            events.record(store, tag, person=person, by=by, now=now, role=name)
