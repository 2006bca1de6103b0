"""What a person is shown of the clients who let them know something: the one loader for it, by consent (P1, P3).

Each category is read as it was known while its consent counted: the client's rows of this moment while one does, the picture that
was frozen when the last one ended afterwards, until it would have expired by itself. Both are loaded for each category whether or
not they are shown, so that a page takes the same steps either way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.care.couples import pictures
from webapp.care.couples.pictures import FrozenPicture, Part
from webapp.care.directory.people import Person
from webapp.care.privacy import consents
from webapp.care.privacy.consents import Category, Consent
from webapp.db import Store


@dataclass(frozen=True, slots=True)
class SharedWith:
    """What one client lets one person know. A category without consent is not in `parts`."""

    client: Person
    parts: Mapping[str, Part]


def shown_to(store: Store, recipient: Person, now: datetime) -> list[SharedWith]:
    """What `recipient` is shown at `now` (aware), a client each, in the order in which they began to share. Two statements, and up to a
    dozen for each client."""
    whole = joinedload(Consent.client)
    listed = store.scalars(consents.shown_to(recipient.id, now).options(whole)).all()
    ids = [each.id for each in listed]
    kept = store.scalars(select(FrozenPicture).where(FrozenPicture.consent_id.in_(ids)))
    frozen = {each.consent_id: each for each in kept}
    by_client: dict[Person, list[Consent]] = {}
    for each in listed:
        by_client.setdefault(each.client, []).append(each)
    return [
        SharedWith(client, _parts(store, client, theirs, frozen, now))
        for client, theirs in by_client.items()
    ]


def preview(store: Store, client: Person, recipient_id: int, now: datetime) -> SharedWith:
    """What the client lets this person know, for the client to look at: a pause by staff does not show (P3)."""
    given = store.scalars(consents.given_by(client.id, now).where(Consent.recipient_id == recipient_id))  # fmt: skip
    chosen = {each.category for each in given}
    return SharedWith(
        client,
        {
            category: pictures.live(store, client, category, now)
            for category in Category
            if category in chosen
        },
    )


def _parts(
    store: Store,
    client: Person,
    listed: Iterable[Consent],
    frozen: Mapping[int, FrozenPicture],
    now: datetime,
) -> dict[str, Part]:
    by_category: dict[str, list[Consent]] = {}
    for each in listed:
        by_category.setdefault(each.category, []).append(each)
    parts: dict[str, Part] = {}
    for category in Category:
        if theirs := by_category.get(category):
            today = pictures.live(store, client, category, now)
            counts = any(each.counted_until(now) == now for each in theirs)
            last = max(
                (frozen[each.id] for each in theirs if each.id in frozen),
                key=lambda kept: kept.frozen_at,
                default=None,
            )
            kept = pictures.thawed(last, category) if last else []
            parts[category] = today if counts else kept
    return parts
