"""Recovery codes: ten to keep on paper, each usable once in place of the second factor. Stored as hashes (S3)."""

import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, func, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import account_changes
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.crypto.keys import hash_secret
from webapp.db import Base, Store

HOW_MANY = 10
LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
"""Without those that look alike."""
LENGTH, GROUP = 24, 4
"""117 random bits: with fewer than 112 a plain hash would not be enough (ASVS 6.5.2)."""


class RecoveryCode(Base):
    """One code of a person's current ten."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]

    @hybrid_property
    def is_spent(self) -> bool:
        """It was used."""
        return self.spent_at != None


def make(store: Store, person: Person, *, by: Person, now: datetime) -> list[str]:
    """Return ten new codes, which cannot be shown again; earlier ones are void."""
    void(store, person)
    codes = [_code() for _ in range(HOW_MANY)]
    store.add_all(
        RecoveryCode(person_id=person.id, code_hash=_hash(code), made_at=now) for code in codes
    )
    account_changes.record(store, Tag.RECOVERY_CODES_MADE, person=person, by=by, now=now)
    return codes


def void(store: Store, person: Person) -> None:
    """Make the person's codes useless."""
    store.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))


def left(store: Store, person_id: int) -> int:
    """How many codes the person can still use."""
    unspent = select(func.count()).where(
        RecoveryCode.person_id == person_id, ~RecoveryCode.is_spent
    )
    return store.scalar(unspent) or 0


def accepts(store: Store, person: Person, code: str, now: datetime) -> bool:
    """Whether this is one of the person's unused codes, however it is spaced. Uses it up: of two uses at the same instant, one
    succeeds."""
    spent = (
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id, RecoveryCode.code_hash == _hash(code),
            ~RecoveryCode.is_spent,
        )
        .values(spent_at=now)
    )  # fmt: skip
    return store.execute(spent).rowcount == 1  # type: ignore[attr-defined]


def _code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return "-".join(letters[n : n + GROUP] for n in range(0, LENGTH, GROUP))


def _hash(code: str) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter in LETTERS)
    return hash_secret(plain)
