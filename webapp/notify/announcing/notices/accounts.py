"""Notices of changes to how a person signs in, and of a new calendar link, sent to every address, so that they learn of it if
it was not them (S3, S19)."""

from collections.abc import Iterator
from typing import Any

from webapp.care.contact import addresses
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import NEWS_LAST, PlannedNotice
from webapp.notify.kinds import NoticeKind


def changed(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """How they sign in has changed."""
    return _to_every_address(store, event, fields, NoticeKind.SIGN_IN_CHANGED)


def calendar_link(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Whoever has the new link can read their times."""
    return _to_every_address(store, event, fields, NoticeKind.CALENDAR_LINK_MADE)


def _to_every_address(
    store: Store, event: Any, fields: dict[str, Any], kind: NoticeKind
) -> Iterator[PlannedNotice]:
    """To every address that may be written to, not only the first: a stranger may hold one of them."""
    for address in store.scalars(addresses.of(fields["person"])):
        if address.usable:
            yield PlannedNotice(
                event, fields["person"], kind, event.at + NEWS_LAST,
                address=(address.channel, address.id),
            )  # fmt: skip
