"""Codes from an authenticator app (TOTP, RFC 6238), the second factor beside a password; each code counts once (S3)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import account_changes, events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

STEP = 30
"""Seconds a code lasts."""
DRIFT = 1
"""How many steps a phone's clock may be fast or slow."""
BEGUN = timedelta(minutes=10)
"""How long a secret waits for its first code."""


class Authenticator(Base):
    """The secret that a person's authenticator app shares with us; in use once a first code has confirmed it."""

    __tablename__ = "authenticator"
    __table_args__ = (Index("ix_authenticator_person", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    secret: Mapped[str] = mapped_column(SealedText)
    """Base32."""
    last_step: Mapped[int] = mapped_column(default=0)
    """The newest step whose code was accepted: no code of it or an older step is accepted again."""
    login_id: Mapped[int | None]
    """Until it is confirmed, the login in which it was begun: shown in no other. Not a foreign key, since logins are deleted
    earlier (retention)."""
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    @hybrid_property
    def is_confirmed(self) -> bool:
        """A first code has confirmed it, so it is in use."""
        return self.confirmed_at != None

    @hybrid_property
    def is_removed(self) -> bool:
        """Its codes are accepted no more."""
        return self.removed_at != None

    def address(self, person: Person, app_name: str) -> str:
        """The `otpauth:` URI for the QR code. It names the app neutrally, and the person by their e-mail address (P5)."""
        return _clock(self).provisioning_uri(name=person.email or person.name, issuer_name=app_name)


def of(person_id: int) -> Select[Authenticator]:
    """The person's confirmed authenticator: one row or none."""
    return _of(person_id).where(Authenticator.is_confirmed)


def begin(
    store: Store, person: Person, *, by: Person, now: datetime, login: int | None = None
) -> Authenticator:
    """Return a new secret, to be confirmed with its first code; or the one begun in the same login within the last ten minutes,
    since one begun in another login may have been seen by somebody else (S3)."""
    import pyotp

    begun = _begun(person.id).where(Authenticator.login_id == login)
    known = store.scalar(begun.where(Authenticator.made_at > now - BEGUN).limit(1))
    if known is not None:
        return known
    made = Authenticator(
        person_id=person.id, secret=pyotp.random_base32(), last_step=0, made_at=now, login_id=login
    )
    store.add(made)
    store.flush()
    events.record(store, Tag.SECOND_FACTOR_BEGUN, person=person, by=by, now=now)
    return made


def confirm(
    store: Store, person: Person, code: str, *, by: Person, now: datetime, login: int | None = None
) -> Authenticator:
    """Put the secret that was begun into use, in place of any other, if `code` is right. Raises Invalid."""
    made = begin(store, person, by=by, now=now, login=login)
    if not _take(store, made, code, now):
        raise Invalid(
            N_("This code doesn't fit. Wait for the next one and type that."), field="code"
        )
    for other in store.scalars(_of(person.id).where(Authenticator.id != made.id)):
        other.removed_at = now
    made.confirmed_at, made.login_id = now, None
    account_changes.record(store, Tag.SECOND_FACTOR_SET, person=person, by=by, now=now)
    return made


def accepts(store: Store, person: Person, code: str, now: datetime) -> bool:
    """Whether this is the person's code of this half minute or a neighbouring one, not used before. Uses it up."""
    known = store.scalar(of(person.id))
    return known is not None and _take(store, known, code, now)


def remove(store: Store, person: Person, *, by: Person | None, now: datetime) -> None:
    """Remove the person's authenticator: no code is asked for or accepted any more. Without one nothing changes."""
    there = store.scalars(_of(person.id)).all()
    if not there:
        return
    for each in there:
        each.removed_at = now
    account_changes.record(store, Tag.SECOND_FACTOR_REMOVED, person=person, by=by, now=now)


def forget_begun(store: Store, person: Person, *, now: datetime) -> None:
    """Remove secrets that wait for their first code: somebody else may have seen them (S3)."""
    for each in store.scalars(_begun(person.id)):
        each.removed_at = now


def _begun(person_id: int) -> Select[Authenticator]:
    return _of(person_id).where(~Authenticator.is_confirmed).order_by(Authenticator.id)


def _of(person_id: int) -> Select[Authenticator]:
    return select(Authenticator).where(
        Authenticator.person_id == person_id, ~Authenticator.is_removed
    )


def _take(store: Store, known: Authenticator, code: str, now: datetime) -> bool:
    """Accept a code and use it up: of two uses at the same instant, one succeeds."""
    from pyotp.utils import strings_equal

    written = "".join(code.split())
    current = int(now.timestamp()) // STEP
    clock = _clock(known)
    for step in range(current - DRIFT, current + DRIFT + 1):
        if strings_equal(clock.generate_otp(step), written):
            taken = (
                update(Authenticator)
                .where(Authenticator.id == known.id, Authenticator.last_step < step)
                .values(last_step=step)
            )
            return store.execute(taken).rowcount == 1  # type: ignore[attr-defined]
    return False


def _clock(known: Authenticator) -> Any:
    import pyotp

    return pyotp.TOTP(known.secret, interval=STEP)
