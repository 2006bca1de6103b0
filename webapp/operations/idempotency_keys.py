"""Answers kept for 24 hours, so that a caller who asks twice with one key is answered once."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import adding
from webapp.crypto.sealed import SealedText, ready
from webapp.db import Base, Database, Store

KEPT_FOR = timedelta(hours=24)


class KeptResponse(Base):
    """What one token was answered under one key. Growth: a day's worth of keyed posts."""

    __tablename__ = "answer"

    token_id: Mapped[int] = mapped_column(ForeignKey("token.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[bytes] = mapped_column(LargeBinary(32))
    """A hash of method, address and body."""
    status: Mapped[int]
    """0 while the work is being done; nobody else ever sees that."""
    text: Mapped[str] = mapped_column(SealedText)
    """It may repeat a note that came with the call (S15)."""
    made_at: Mapped[datetime] = mapped_column(index=True)


def take(store: Store, token_id: int, key: str, asked: bytes, now: datetime) -> KeptResponse | None:
    """Take the key for this transaction: None if it was free, else the answer that was given under it.

    Whoever comes second waits here until the first has committed or given up; the unique key is the lock.
    """
    mine = (KeptResponse.token_id == token_id, KeptResponse.key == key)
    store.execute(delete(KeptResponse).where(*mine, KeptResponse.made_at <= now - KEPT_FOR))
    row = {
        "token_id": token_id, "key": key, "asked": asked, "status": 0, "text": "", "made_at": now,
    }  # fmt: skip
    if store.scalar(adding(store, KeptResponse).values(row).returning(KeptResponse.token_id)):
        return None
    return store.scalar(select(KeptResponse).where(*mine))


def keep(store: Store, token_id: int, key: str, status: int, text: str) -> None:
    """Write down what is answered under a key that was taken in this transaction."""
    row = ready(
        store, KeptResponse, {"token_id": token_id, "key": key, "status": status, "text": text}
    )
    store.execute(
        update(KeptResponse)
        .where(KeptResponse.token_id == token_id, KeptResponse.key == key)
        .values(row)
    )


def forget(database: Database, now: datetime) -> int:
    """Chore: drop answers older than `KEPT_FOR`. Answers how many there were."""
    with database.writing() as store:
        gone = store.execute(
            delete(KeptResponse).where(KeptResponse.made_at <= now - KEPT_FOR)
        ).rowcount  # type: ignore[attr-defined]
        store.commit()
    return int(gone)
