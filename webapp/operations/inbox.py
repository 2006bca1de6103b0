"""Webhooks received from other systems, stored raw and acknowledged at once, interpreted later (R8).

One that turned into evidence loses its body. One that could not be matched to a session and a person keeps it and is shown to
staff, since nothing is guessed.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, Select, UniqueConstraint, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store

TRY_AGAIN_AFTER = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(hours=24)
"""How long one that matches nobody is tried again: the roster may arrive after the event."""


class Arrival(StrEnum):
    NEW = "new"
    AGAIN = "again"
    """The same body with another signature: the sender repeated it."""
    REPLAYED = "replayed"
    """The same body and signature."""


class ReceivedWebhook(Base):
    """One request from outside. Growth: one to three rows a seat that the platform reports on."""

    __tablename__ = "letter"
    __table_args__ = (
        UniqueConstraint("program_id", "source", "digest"),
        Index(
            "ix_letter_waiting", "next_try_at",
            sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL"),
        ),
        Index(
            "ix_letter_unmatched", "program_id",
            sqlite_where=text("why IS NOT NULL"), postgresql_where=text("why IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    source: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    signature: Mapped[str]
    body: Mapped[str] = mapped_column(SealedText)
    received_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    why: Mapped[str | None]
    """Why it is not evidence: `malformed`, `unknown_session`, `unknown_person`, `ambiguous_person`, `no_seat`."""

    @hybrid_property
    def is_settled(self) -> bool:
        """Interpreted, or given up."""
        return self.settled_at != None

    def settle(self, why: str | None, now: datetime, *, final: bool = False) -> None:
        """Finish it (`why` None), or record why it is not evidence and try again later, unless it is too old or `final`."""
        self.why = why
        if why is None:
            self.settled_at, self.body = now, ""
        elif final or now >= self.received_at + GIVE_UP_AFTER:
            self.settled_at = now
        else:
            self.next_try_at = now + TRY_AGAIN_AFTER


def keep(
    store: Store, program_id: int, source: str, raw: bytes, signature: str, *, now: datetime
) -> Arrival:
    """Store a body (UTF-8) whose sender has been verified; a repeat changes nothing. Returns whether it is new."""
    digest = hashlib.sha256(raw).digest()
    row = {
        "program_id": program_id, "source": source, "digest": digest, "signature": signature,
        "body": raw.decode(), "received_at": now, "next_try_at": now,
    }  # fmt: skip
    kept = insert_or_ignore(store, ReceivedWebhook).values(
        prepared_row(store, ReceivedWebhook, row)
    )
    if store.scalar(kept.returning(ReceivedWebhook.id)):
        return Arrival.NEW
    known = select(ReceivedWebhook.signature).where(
        ReceivedWebhook.program_id == program_id,
        ReceivedWebhook.source == source,
        ReceivedWebhook.digest == digest,
    )
    return Arrival.REPLAYED if store.scalar(known) == signature else Arrival.AGAIN


def waiting(source: str, as_of: datetime) -> Select[ReceivedWebhook]:
    """Those of `source` that are due to be interpreted, oldest first."""
    return (
        select(ReceivedWebhook)
        .where(
            ~ReceivedWebhook.is_settled,
            ReceivedWebhook.next_try_at <= as_of,
            ReceivedWebhook.source == source,
        )
        .order_by(ReceivedWebhook.id)
    )


def program_of(letter_id: int) -> Select[int]:
    """The program that a letter was sent to."""
    return select(ReceivedWebhook.program_id).where(ReceivedWebhook.id == letter_id)
