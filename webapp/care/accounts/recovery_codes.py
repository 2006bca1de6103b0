"""Recovery codes: ten on paper, for the day a phone is lost. Each stands once for the second factor; kept as hashes (S3)."""

import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.crypto.keys import hash_secret
from webapp.db import Base, Store

HOW_MANY = 10
LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
"""Without the ones that look alike."""
LENGTH, GROUP = 24, 4
"""117 random bits: with fewer than 112 a plain hash would be too little (ASVS 6.5.2)."""


class RecoveryCode(Base):
    """One code of a person's present set."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]


def make(store: Store, person: Person, *, by: Person, now: datetime) -> list[str]:
    """Ten new codes, shown this once; the earlier ones are void."""
    void(store, person)
    codes = [_code() for _ in range(HOW_MANY)]
    store.add_all(
        RecoveryCode(person_id=person.id, code_hash=_hash(code), made_at=now) for code in codes
    )
    events.record(store, Tag.RECOVERY_CODES_MADE, person=person, by=by, now=now)
    return codes


def void(store: Store, person: Person) -> None:
    """The present set counts no more."""
    store.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))


def left(store: Store, person_id: int) -> int:
    """How many can still be used."""
    unspent = select(func.count()).where(
        RecoveryCode.person_id == person_id, RecoveryCode.spent_at.is_(None)
    )
    return store.scalar(unspent) or 0


def accepts(store: Store, person: Person, code: str, now: datetime) -> bool:
    """Use a code up, however it was spaced: once, also when it comes twice in the same instant."""
    spent = (
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id, RecoveryCode.code_hash == _hash(code),
            RecoveryCode.spent_at.is_(None),
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
