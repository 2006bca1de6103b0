"""Disclosures: what the program told others about a client and under which consent, for the accounting a client may ask for (P7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.care.directory.people import Kind, Person
from webapp.care.privacy.consents import Consent
from webapp.db import Store
from webapp.notify.outbox import Notification


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One notice to one person who is not of the program's staff. `at` is aware UTC."""

    at: datetime
    recipient: str
    category: str
    """A `consents.Category`: what the client had allowed."""
    channel: str
    kind: str
    """The kind of notice."""
    description: str
    """What may be told and what for, in the words of the consent valid then; empty when none is known."""
    purpose: str


def of(store: Store, client: Person) -> list[Disclosure]:
    """Every disclosure about `client`, latest first: one for each notice, however many devices it reached (45 CFR 164.528(b)(2)).
    Two statements; grows with the client's own notices."""
    rows = (
        select(
            Notification.event_id, Notification.sent_at, Person.name,
            Notification.consent_category, Notification.channel, Notification.kind, Person.id,
        )
        .join(Person, Person.id == Notification.person_id)
        .where(Notification.client_id == client.id, Notification.person_id != client.id)
        .where(Notification.sent_at.is_not(None), Notification.consent_category.is_not(None))
        .where(Person.kind != Kind.STAFF)
        .order_by(Notification.sent_at.desc(), Notification.id)
    )  # fmt: skip
    signed = store.scalars(
        select(Consent).where(Consent.client_id == client.id).order_by(Consent.id)
    ).all()
    disclosures = {}
    for event_id, sent_at, name, category, channel, kind, person_id in store.execute(rows):
        if sent_at and category:
            words = _words_of_consent(signed, person_id, category, sent_at)
            disclosures[event_id, name, channel] = Disclosure(
                sent_at, name, category, channel, kind, *words
            )
    return list(disclosures.values())


def _words_of_consent(
    signed: Sequence[Consent], person_id: int, category: str, at: datetime
) -> tuple[str, str]:
    """Description and purpose of the consent that was valid at `at`: the last signed."""
    mine = [c for c in signed if (c.recipient_id, c.category) == (person_id, category)]
    stood = [c for c in mine if c.signed_at <= at < min(c.expires_at, c.revoked_at or c.expires_at)]
    return (stood[-1].description, stood[-1].purpose) if stood else ("", "")
