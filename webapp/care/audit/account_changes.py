"""Changes to how a person signs in and is reached, each shown to its owner in the app until they dismiss it (S3, S19).

Notices of the same changes go to the person's addresses (notify/announcing/notices/accounts.py); these rows are read whatever has
become of the addresses. They hold no words and nothing about anybody else (P3).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.db import Base, Store


class AccountChange(Base):
    """One change to one person's account. Growth: a few rows a person and year."""

    __tablename__ = "account_change"
    __table_args__ = (Index("ix_account_change_person", "person_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    tag: Mapped[str]
    """The event's tag, as a value of `Tag`."""
    channel: Mapped[str | None]
    """Of an address: `push`, `email` or `sms`."""
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who did it: its owner, a staff member or a system; None: the command line."""
    dismissed_at: Mapped[datetime | None]
    """When its owner said that it was them."""

    @hybrid_property
    def is_dismissed(self) -> bool:
        """Its owner has seen it and said that it was them."""
        return self.dismissed_at != None


def record(
    store: Store, tag: Tag, *, person: Any, by: Any, now: datetime, **fields: Any
) -> None:  # fmt: skip
    """Record the event `tag` about `person` (a row), and the line that they read in the app. `fields` as `events.record` takes them."""
    events.record(store, tag, person=person, by=by, now=now, **fields)
    change = AccountChange(
        person_id=person.id,
        tag=tag.value,
        channel=fields.get("channel"),
        at=now,
        by_id=by and by.id,
    )
    store.add(change)


def of(person_id: int) -> Select[AccountChange]:
    """A person's changes, latest first."""
    mine = select(AccountChange).where(AccountChange.person_id == person_id)
    return mine.order_by(AccountChange.id.desc())


def waiting(person_id: int) -> Select[AccountChange]:
    """Those that their owner has not dismissed, latest first."""
    return of(person_id).where(~AccountChange.is_dismissed)


def dismiss(store: Store, person: Any, upto: int, *, by: Any, now: datetime) -> None:
    """Their owner says that it was them: for every change up to that of the id `upto`, the newest that they were shown. They stay in
    the list of changes. Nobody else can, so `by` of another person changes nothing; twice is the same."""
    shown = update(AccountChange).where(
        AccountChange.person_id == person.id, AccountChange.id <= upto, ~AccountChange.is_dismissed
    )
    if by.id == person.id:
        store.execute(shown.values(dismissed_at=now))
