"""Phone keys: one for each person, with which their own phones encrypt what they keep (S6, S19).

A phone has the key only while its person is signed in there. When the login ends from elsewhere the phone drops the key, and
words that were not sent yet stay on it unreadable, until the same person signs in and is given the key again.
"""

import base64
import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.care.directory.people import Person
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import Forbidden

BYTES = 32
"""AES-256."""


class PhoneKey(Base):
    """One person's key, base64, sealed like clinical text. Growth: one row a person."""

    __tablename__ = "phone_key"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    key: Mapped[str] = mapped_column(SealedText)
    made_at: Mapped[datetime]


def key_of(store: Store, person: Person, *, by: Person, now: datetime) -> str:
    """The person's key in base64, made at first use; two tabs that ask at once get the same. Raises Forbidden for anybody else."""
    if by.id != person.id:
        raise Forbidden()
    mine = select(PhoneKey).where(PhoneKey.person_id == person.id)
    kept = store.scalar(mine)
    if kept is None:
        key = base64.b64encode(secrets.token_bytes(BYTES)).decode()
        row = prepared_row(store, PhoneKey, {"person_id": person.id, "key": key, "made_at": now})
        store.execute(insert_or_ignore(store, PhoneKey).values(row))
        kept = store.scalars(mine).one()
    return kept.key
