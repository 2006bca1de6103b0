"""Accounts: how a person is known again (logins, one-time links, passwords) and how a program is (API tokens).

Everything that lets somebody in is stored as a hash; the secret itself is shown once (S2, S10).
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ForeignKey, Index, LargeBinary, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care import events
from webapp.care.people import Kind, Person, Status
from webapp.care.tags import Tag
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

IDLE = {Kind.STAFF: timedelta(minutes=15)}
IDLE_OTHERWISE = timedelta(hours=1)
OVERALL = timedelta(hours=24)
"""How long a login lasts (S3): unused, and at most."""
LINK_LASTS = {"invitation": timedelta(days=7), "recovery": timedelta(hours=1)}
SHORTEST_PASSWORD = 15
"""NIST SP 800-63B-4 for a password that is the only factor."""

_hasher = PasswordHasher()
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$53V1j2eGKTz3IGwGqVW6OA"
    "$VwZX76kewLUAVyP/YT2GSma+/HDs2+nhqkm8cO4qF2s"
)
"""Hash of a forgotten random password, made once with the same parameters: hashing one at each start takes too long."""


class Login(Base):
    """One person signed in on one device: a row with who and when, so that it can be listed and ended (S2)."""

    __tablename__ = "login"
    __table_args__ = (Index("ix_login_person", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    way: Mapped[str]
    """How: `link`, `password`, `passkey`."""
    device: Mapped[str | None]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    def live(self, as_of: datetime) -> bool:
        """In force at `as_of`: not ended, not idle too long, not too old, its person not discharged."""
        idle = IDLE.get(Kind(self.person.kind), IDLE_OTHERWISE)
        return (
            self.ended_at is None
            and self.seen_at + idle > as_of
            and self.made_at + OVERALL > as_of
            and self.person.status != Status.DISCHARGED
        )

    def end(self, store: Store, why: str, *, by: Person | None, now: datetime) -> None:
        """Signed out; a copied cookie is dead from here on (S2)."""
        if self.ended_at is None:
            self.ended_at = now
            _about(store, Tag.SIGNED_OUT, self.person, by=by, now=now, why=why)


class Link(Base):
    """A one-time link to sign in with: invites or recovers, spent by POST, so that mail scanners burn nothing (S3)."""

    __tablename__ = "link"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    purpose: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


def hashed(secret: str) -> bytes:
    """How a random secret is stored: it has 256 bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def sign_in(
    store: Store, person: Person, way: str, *, now: datetime, device: str | None = None
) -> tuple[Login, str]:
    """A new login for `person`; answers it and its secret, which goes into the cookie and nowhere else."""
    secret = secrets.token_urlsafe(32)
    login = Login(
        person=person, secret_hash=hashed(secret), way=way, device=device, made_at=now, seen_at=now
    )
    store.add(login)
    store.flush()
    _about(store, Tag.SIGNED_IN, person, by=person, now=now, way=way)
    return login, secret


def login_of(store: Store, secret: str, as_of: datetime) -> Login | None:
    """The live login this secret opens."""
    login = store.scalar(select(Login).where(Login.secret_hash == hashed(secret)))
    return login if login and login.live(as_of) else None


def end_all(store: Store, person: Person, why: str, *, by: Person | None, now: datetime) -> None:
    """End every login of a person: on disabling them, or when they ask (S2)."""
    for login in store.scalars(
        select(Login).where(Login.person_id == person.id, Login.ended_at.is_(None))
    ):
        login.end(store, why, by=by, now=now)


def issue_link(
    store: Store, person: Person, purpose: str, *, by: Person | None, now: datetime
) -> str:
    """A secret for a one-time link; audited. `purpose`: `invitation` or `recovery`."""
    secret = secrets.token_urlsafe(32)
    store.add(
        Link(
            person=person,
            secret_hash=hashed(secret),
            purpose=purpose,
            made_at=now,
            expires_at=now + LINK_LASTS[purpose],
        )  # fmt: skip
    )
    _about(store, Tag.LINK_ISSUED, person, by=by, now=now, purpose=purpose)
    return secret


def link_of(store: Store, secret: str, as_of: datetime) -> Link | None:
    """The unspent link of this secret, for showing whom it is for; looking spends nothing."""
    link = store.scalar(select(Link).where(Link.secret_hash == hashed(secret)))
    if link is None or link.spent_at is not None or link.expires_at <= as_of:
        return None
    return link if link.person.status != Status.DISCHARGED else None


def spend_link(store: Store, secret: str, *, now: datetime) -> Person | None:
    """Use the link up: one caller gets the person, every later one None, also in the same instant."""
    link = link_of(store, secret, now)
    if link is None:
        return None
    spent = store.execute(
        update(Link).where(Link.id == link.id, Link.spent_at.is_(None)).values(spent_at=now)
    )
    return link.person if spent.rowcount == 1 else None  # type: ignore[attr-defined]


def set_password(store: Store, person: Person, password: str, *, by: Person, now: datetime) -> None:
    """Raises Invalid for one that is too short or is the person's own name or address."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            N_("Use at least %(least)s letters. A few words in a row are good."),
            field="password", least=SHORTEST_PASSWORD,
        )  # fmt: skip
    if len(password) > 200 or password.lower() in (person.name.lower(), person.email):
        raise Invalid(N_("Choose another one."), field="password")
    person.password_hash = _hasher.hash(password)
    _about(store, Tag.PERSON_CHANGED, person, by=by, now=now)


def person_by_password(store: Store, email: str, password: str) -> Person | None:
    """Who signs in with these. Takes as long for an address nobody has (S12)."""
    people = select(Person).where(
        Person.email == email.strip().lower(), Person.status != Status.DISCHARGED
    )
    person = next((p for p in store.scalars(people.order_by(Person.id)) if p.password_hash), None)
    known = person.password_hash if person and person.password_hash else _NOBODY
    try:
        _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return None
    return person


def _about(
    store: Store, tag: Tag, person: Person, *, by: Person | None, now: datetime, **fields: Any
) -> None:
    client = person if person.kind == Kind.CLIENT else None
    events.record(
        store, tag, by=by, now=now, program_id=person.program_id, client=client, person=person.id,
        **fields,
    )  # fmt: skip
