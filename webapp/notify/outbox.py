"""The outbox: one row for each notice to one person at one address.

A state is an instant: `sent_at`, `expired_at`, `cancelled_at` and `failed_at` are ends; a row without any is open. Open rows
wait for `due_at` (the app's clock) and, while a worker has them in hand, for `leased_until` (the database's clock, rule
12). Growth: one to three rows a reminder; claiming reads open rows only, so history costs nothing.
"""

import base64
import hmac
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    and_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_missing
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory.people import Person
from webapp.db import Base, Store
from webapp.notify.kinds import LINKS, NoticeKind
from webapp.refusals import N_, Invalid

OPEN = "sent_at IS NULL AND expired_at IS NULL AND cancelled_at IS NULL AND failed_at IS NULL"


class Notification(Base):
    """A notice of `kind` to `person_id` at `address_id`, because of the event `event_id`.

    The unique key makes a repeat harmless. It keeps no words: they are made when it is sent, from `kind` and
    `about_at`.
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("event_id", "person_id", "channel", "address_id"),
        Index(
            "ix_notification_due", "due_at", sqlite_where=text(OPEN), postgresql_where=text(OPEN)
        ),
        Index("ix_notification_seat", "seat_id", "person_id", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    """The event it tells of; null for a link, which has no event behind it."""
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"))
    kind: Mapped[str]
    client_id: Mapped[int | None]
    """The client it is about, if any."""
    seat_id: Mapped[int | None]
    session_id: Mapped[int | None]
    task_id: Mapped[int | None]
    about_id: Mapped[int | None]
    """The message, hand-in or held place it is about, as its kind says."""
    consent_category: Mapped[str | None]
    """Sent only while the client's consent of this category names the recipient (P1)."""
    about_at: Mapped[datetime | None]
    """The one instant the words may name: a session's start, a task's due."""
    link_path: Mapped[str | None]
    """A secret path to open; wiped when the row ends."""
    decided_at: Mapped[datetime]
    """When it was decided to send it; facts recorded since are checked before it goes (rule 3)."""
    due_at: Mapped[datetime]
    not_after: Mapped[datetime]
    """Useless from this instant on (rule 5)."""
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    """The provider accepted it; that is not yet delivery."""
    expired_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    why: Mapped[str | None]
    """Why it was cancelled or failed, or what went wrong in the last attempt; a word of ours (`objections`) or a provider's status."""

    @hybrid_property
    def is_open(self) -> bool:
        """Not sent, expired, cancelled or failed."""
        return not (self.sent_at or self.expired_at or self.cancelled_at or self.failed_at)

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> ColumnElement[bool]:
        """Spelled like the partial index, so that the index serves it."""
        return and_(
            cls.sent_at.is_(None), cls.expired_at.is_(None), cls.cancelled_at.is_(None),
            cls.failed_at.is_(None),
        )  # fmt: skip


TABLE: Any = Notification.__table__


class NewNotification(NamedTuple):
    """A row to be added to the outbox in bulk: the columns of `Notification` that are filled at first, by their names."""

    event_id: int
    person_id: int
    channel: str
    address_id: int
    kind: str
    decided_at: datetime
    due_at: datetime
    not_after: datetime
    client_id: int | None = None
    seat_id: int | None = None
    session_id: int | None = None
    about_at: datetime | None = None
    task_id: int | None = None
    about_id: int | None = None
    consent_category: str | None = None
    attempts: int = 0


def insert_new(store: Store, notifications: list[NewNotification]) -> int:
    """Insert those that are not in the outbox yet (by event, person, channel and address); returns how many were new."""
    return insert_missing(store, TABLE, NewNotification._fields, notifications)


def put_link(
    store: Store,
    person: Person,
    kind: NoticeKind,
    path: str,
    *,
    now: datetime,
    not_after: datetime,
) -> Notification:
    """Send an invitation or sign-in link to the person's own e-mail address; `path` holds the secret.

    Needs no opt-in: it validates that very address (S3). Raises ValueError for another kind, or without an address, and Invalid
    when it is marked unsafe (P9).
    """
    if kind not in LINKS or not person.email:
        raise ValueError("a link goes to the e-mail address of its person")
    if person.email in addresses.unsafe(store, [person.id])[person.id]:
        raise Invalid(
            N_("Their e-mail address is marked unsafe. Nothing is sent there."), field="way"
        )
    address = addresses.add(
        store, person, Channel.EMAIL, person.email, by=None, now=now, opted_in=False
    )
    notification = Notification(
        person_id=person.id, channel=Channel.EMAIL, address_id=address.id, kind=kind,
        link_path=path, decided_at=now, due_at=now, not_after=not_after, attempts=0,
    )  # fmt: skip
    store.add(notification)
    store.flush()
    return notification


def topic(key: str, about: str, person_id: int) -> str:
    """32 characters that say nothing to a push service, the same for all notices about one thing to one person.

    A newer push takes the older one's place by it, on the way (RFC 8030, 5.4) and as `tag` on the screen.
    """
    digest = hmac.digest(key.encode(), f"topic|{about}|{person_id}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:24]).decode()


LATE_ENOUGH = timedelta(minutes=15)
"""How long after the start a partner's reminder is still of use."""
