"""API tokens by which other software acts in one program, within scopes. A secret is shown once and stored as a hash (S10)."""

import secrets
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.programs import Program
from webapp.crypto.keys import hash_secret
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid


class Token(Base):
    """An API token: acts as `person` (kind `integration`) within `scopes`, in one program."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    program: Mapped[Program] = relationship(lazy="joined", innerjoin=True)

    @hybrid_property
    def is_revoked(self) -> bool:
        """It is accepted no more."""
        return self.revoked_at != None


SCOPES = ("roster", "presence", "care", "read")


def create_token(
    store: Store,
    program: Program,
    name: str,
    scopes: list[str],
    *,
    by: Person | None,
    now: datetime,
) -> str:
    """Create a token and return its secret, which cannot be shown again. Raises Invalid naming the field."""
    for scope in scopes:
        if scope not in SCOPES:
            raise Invalid(N_("Scopes are %(known)s."), field="scopes", known=", ".join(SCOPES))
    if store.scalar(select(Token.id).where(Token.name == name)):
        raise Invalid(N_("There is a token called %(name)s already."), field="name", name=name)
    actor = Person(
        program_id=program.id, ref=f"token:{name}", kind=Kind.INTEGRATION, name=name,
        time_zone=program.time_zone, status=Status.ACTIVE, status_at=now, created_at=now, roles=[],
        preferences={}, language="en",
    )  # fmt: skip
    secret = "rejoin_" + secrets.token_urlsafe(32)
    token = Token(
        program=program, person=actor, name=name, secret_hash=hash_secret(secret),
        scopes=list(dict.fromkeys(scopes)), made_at=now,
    )  # fmt: skip
    store.add(token)
    store.flush()
    events.record(store, Tag.TOKEN_CREATED, by=by, now=now, program_id=program.id, token=token.id)
    return secret


def revoke_token(store: Store, token: Token, *, by: Person | None, now: datetime) -> None:
    """Refuse this token from now on. Twice is the same."""
    if token.revoked_at is None:
        token.revoked_at = now
        events.record(
            store, Tag.TOKEN_REVOKED, by=by, now=now, program_id=token.program_id, token=token.id
        )


def token_of(store: Store, secret: str) -> Token | None:
    """The token of this secret; None if there is none or it is revoked."""
    return store.scalar(
        select(Token).where(Token.secret_hash == hash_secret(secret), ~Token.is_revoked)
    )
