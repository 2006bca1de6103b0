"""Notices of changes to how a person signs in and is reached, of a new calendar link and of a copy of their data: sent to every
address, so that they learn of it if it was not them (S3, S19)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, or_, select

from webapp.care.contact.addresses import REPLACED, Address, Channel
from webapp.care.directory.people import Person, Status
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import NEWS_LAST, PlannedNotice
from webapp.notify.kinds import NoticeKind


def changed(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """How they sign in has changed."""
    return _to_every_address(store, event, fields, NoticeKind.SIGN_IN_CHANGED)


def calendar_link(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Whoever has the new link can read their times."""
    return _to_every_address(store, event, fields, NoticeKind.CALENDAR_LINK_MADE)


def copy_taken(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Whoever has the copy can read all that is theirs."""
    return _to_every_address(store, event, fields, NoticeKind.ACCOUNT_CHANGED)


def address_added(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A new device or address gets what is for them: the others are told. Not of the addresses with which somebody is entered, nor
    when one takes another's place, of which `address_stopped` tells."""
    entered_at = store.get_one(Person, fields["person"]).created_at
    if fields["channel"] != Channel.PUSH and entered_at >= event.at:
        return
    replaces = select(Address.id).where(
        Address.person_id == fields["person"], Address.channel == fields["channel"],
        Address.stopped_why == REPLACED, Address.stopped_at == event.at,
    )  # fmt: skip
    if store.scalar(replaces.limit(1)) is None:
        yield from _to_every_address(store, event, fields, NoticeKind.ACCOUNT_CHANGED)


def address_stopped(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """An address of theirs was replaced or removed. A stop word, a device that signed out or an address that is gone is no news."""
    if fields["why"] in (REPLACED, "removed") and fields["channel"] != Channel.PUSH:
        yield from _to_every_address(store, event, fields, NoticeKind.ACCOUNT_CHANGED)


def address_closed(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """An address was marked unsafe or switched off: the others are told."""
    return _to_every_address(store, event, fields, NoticeKind.ACCOUNT_CHANGED)


def _to_every_address(
    store: Store, event: Any, fields: dict[str, Any], kind: NoticeKind
) -> Iterator[PlannedNotice]:
    """To every address that may be written to, not only the first: a stranger may hold one of them. The address that the event is about
    is told only when another took its place. To whoever is paused too: only who is discharged can't sign in."""
    person, about = fields["person"], Address.id == fields.get("address", 0)
    told = and_(Address.usable, ~about)
    if fields.get("why") == REPLACED:
        told = or_(told, and_(about, Address.is_opted_in, ~Address.is_unsafe))
    can_sign_in = Address.person.has(Person.status != Status.DISCHARGED)
    mine = select(Address).where(Address.person_id == person, told, can_sign_in)
    for address in store.scalars(mine.order_by(Address.id)):
        yield PlannedNotice(
            event, person, kind, event.at + NEWS_LAST, address=(address.channel, address.id)
        )
