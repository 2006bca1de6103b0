"""WebAuthn challenges: random bytes for a passkey to sign, valid once, for one browser, for five minutes (S3)."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, Row, delete
from sqlalchemy.orm import Mapped, mapped_column

from webapp.crypto.keys import hash_secret
from webapp.db import Base, Database, Store

LASTS = timedelta(minutes=5)


class Challenge(Base):
    """Growth: one row a challenge that was not used yet; `forget` deletes those that have expired."""

    __tablename__ = "challenge"

    question: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[str]
    """`register` or `sign_in`."""
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    handle: Mapped[bytes | None] = mapped_column(LargeBinary)
    """For `register`: the user handle of the new passkey."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


def ask(
    store: Store, purpose: str, browser: str, now: datetime, handle: bytes | None = None
) -> bytes:
    """Return a new challenge for this browser. `browser`: the secret of its cookie. `handle`: the user handle, to register."""
    question = secrets.token_bytes(32)
    store.add(
        Challenge(
            question=question, purpose=purpose, browser_hash=hash_secret(browser), handle=handle,
            expires_at=now + LASTS,
        )
    )  # fmt: skip
    return question


def answered(
    store: Store, question: bytes, purpose: str, browser: str, now: datetime
) -> Row[bytes | None] | None:
    """Use a challenge up and return its row with the handle. None if there is none of this purpose and browser, if it has
    expired, or if it was used already."""
    spent = delete(Challenge).where(
        Challenge.question == question, Challenge.purpose == purpose,
        Challenge.browser_hash == hash_secret(browser), Challenge.expires_at > now,
    )  # fmt: skip
    return store.execute(spent.returning(Challenge.handle)).one_or_none()


def forget(database: Database, now: datetime) -> int:
    """Chore: delete challenges that have expired. Returns how many."""
    with database.writing() as store:
        gone = store.execute(delete(Challenge).where(Challenge.expires_at <= now)).rowcount  # type: ignore[attr-defined]
        store.commit()
    return int(gone)
