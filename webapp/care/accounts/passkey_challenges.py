"""Challenges: what a passkey is asked to sign. Made by us, kept by us, good once, for one browser, for a few minutes (S3)."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, Row, delete
from sqlalchemy.orm import Mapped, mapped_column

from webapp.crypto.keys import hash_secret
from webapp.db import Base, Database, Store

LASTS = timedelta(minutes=5)


class Challenge(Base):
    """Growth: one row a question that was asked and not yet answered; `forget` clears those that time has ended."""

    __tablename__ = "challenge"

    question: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[str]
    """`register` or `sign_in`."""
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    handle: Mapped[bytes | None] = mapped_column(LargeBinary)
    """To register: how the new passkey will name its person."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


def ask(
    store: Store, purpose: str, browser: str, now: datetime, handle: bytes | None = None
) -> bytes:
    """A new question for this browser (`browser`: the secret of its cookie)."""
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
    """Use a question up: the handle asked with it. None but for the first answer: from the browser that was asked, for what was
    asked, in time."""
    spent = delete(Challenge).where(
        Challenge.question == question, Challenge.purpose == purpose,
        Challenge.browser_hash == hash_secret(browser), Challenge.expires_at > now,
    )  # fmt: skip
    return store.execute(spent.returning(Challenge.handle)).one_or_none()


def forget(database: Database, now: datetime) -> int:
    """A chore: questions nobody answered in time."""
    with database.writing() as store:
        gone = store.execute(delete(Challenge).where(Challenge.expires_at <= now)).rowcount  # type: ignore[attr-defined]
        store.commit()
    return int(gone)
