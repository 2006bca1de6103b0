"""Disclosures: what the program told others about a client, under which consent; the accounting a client may have (P7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.care.people import Kind, Person
from webapp.db import Store
from webapp.notify.outbox import Notification


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One thing told to one person who is not of the program's staff. `at` is aware UTC."""

    at: datetime
    recipient: str
    category: str
    """A `consents.Category`: what the client had allowed."""
    channel: str


def of(store: Store, client: Person) -> list[Disclosure]:
    """Everything that left, latest first; one line a thing told, however many devices it reached. One statement; grows with
    the client's own."""
    rows = (
        select(
            Notification.event_id, Notification.sent_at, Person.name,
            Notification.consent_category, Notification.channel,
        )
        .join(Person, Person.id == Notification.person_id)
        .where(Notification.client_id == client.id, Notification.person_id != client.id)
        .where(Notification.sent_at.is_not(None), Notification.consent_category.is_not(None))
        .where(Person.kind != Kind.STAFF)
        .order_by(Notification.sent_at.desc(), Notification.id)
    )  # fmt: skip
    told = {
        (event_id, name, channel): Disclosure(sent_at, name, category, channel)
        for event_id, sent_at, name, category, channel in store.execute(rows)
        if sent_at and category
    }
    return list(told.values())
