"""Responses kept for 24 hours by the caller's idempotency key: a repeated request gets the first response again."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Database, Store

KEPT_FOR = timedelta(hours=24)


class KeptResponse(Base):
    """The response to one token's request with one key. Growth: a day of keyed requests."""

    __tablename__ = "answer"

    token_id: Mapped[int] = mapped_column(ForeignKey("token.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[bytes] = mapped_column(LargeBinary(32))
    """SHA-256 of method, address and body."""
    status: Mapped[int]
    """HTTP status; 0 while the request is being worked on, which no other transaction sees."""
    text: Mapped[str] = mapped_column(SealedText)
    """The body. It may repeat a note that came with the request (S15)."""
    made_at: Mapped[datetime] = mapped_column(index=True)


def take(store: Store, token_id: int, key: str, asked: bytes, now: datetime) -> KeptResponse | None:
    """Claim the key for this transaction: None if it was free, otherwise the response kept under it.

    A second request with the same key waits here until the first has committed or rolled back; the unique key is the lock.
    """
    mine = (KeptResponse.token_id == token_id, KeptResponse.key == key)
    store.execute(delete(KeptResponse).where(*mine, KeptResponse.made_at <= now - KEPT_FOR))
    row = {
        "token_id": token_id, "key": key, "asked": asked, "status": 0, "text": "", "made_at": now,
    }  # fmt: skip
    if store.scalar(
        insert_or_ignore(store, KeptResponse).values(row).returning(KeptResponse.token_id)
    ):
        return None
    return store.scalar(select(KeptResponse).where(*mine))


def keep(store: Store, token_id: int, key: str, status: int, text: str) -> None:
    """Store the response to a key that was claimed in this transaction."""
    row = prepared_row(
        store, KeptResponse, {"token_id": token_id, "key": key, "status": status, "text": text}
    )
    store.execute(
        update(KeptResponse)
        .where(KeptResponse.token_id == token_id, KeptResponse.key == key)
        .values(row)
    )


def forget(database: Database, now: datetime) -> int:
    """Chore: delete responses older than KEPT_FOR. Returns how many."""
    with database.writing() as store:
        gone = store.execute(
            delete(KeptResponse).where(KeptResponse.made_at <= now - KEPT_FOR)
        ).rowcount  # type: ignore[attr-defined]
        store.commit()
    return int(gone)
