"""Who may be told of an event, and at which of their addresses. Read for whole ranges of events at once."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, cast, select

from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.people import Person, Status
from webapp.db import Store

DEFAULT_ORDER = (Channel.PUSH.value, Channel.EMAIL.value, Channel.SMS.value)


class NoticePreferences(NamedTuple):
    """How a person wants to be told: `order` of channels, those left out not being used, and the kinds of notice that are `off`."""

    order: tuple[str, ...] = DEFAULT_ORDER
    off: frozenset[str] = frozenset()


class Recipient:
    """A person who may be told, and their addresses: (channel, address id), oldest first."""

    __slots__ = ("addresses", "off", "order")

    def __init__(self, preferences: NoticePreferences):
        self.order, self.off = preferences
        self.addresses: list[tuple[str, int]] = []

    def first_working(self) -> list[tuple[str, int]]:
        """The addresses of the first channel in their order that has any."""
        return self._first(self.order)

    def all_working(self) -> list[tuple[str, int]]:
        """Every address of every channel they allow."""
        return [each for channel in self.order for each in self.addresses if each[0] == channel]

    def after(self, channel: str) -> list[tuple[str, int]]:
        """The addresses of the next channel after `channel` in their order that has any."""
        known = channel in self.order
        return self._first(self.order[self.order.index(channel) + 1 :] if known else ())

    def _first(self, order: tuple[str, ...]) -> list[tuple[str, int]]:
        for channel in order:
            if found := [each for each in self.addresses if each[0] == channel]:
                return found
        return []


def recipients(store: Store, who: Select[Any] | Iterable[int]) -> dict[int, Recipient]:
    """The active people among `who` (a select of ids, or ids), with the addresses they may be written to at (P9)."""
    connection = store.connection()
    people = select(Person.id, cast(Person.preferences, Text)).where(
        Person.id.in_(who), Person.status == Status.ACTIVE
    )
    found = {
        person: Recipient(notice_preferences(text))
        for person, text in connection.execute(people).all()
    }
    usable = (
        select(Address.person_id, Address.channel, Address.id)
        .where(Address.person_id.in_(who), Address.usable)
        .order_by(Address.id)
    )
    for person, channel, address in connection.execute(usable).all():
        if recipient := found.get(person):
            recipient.addresses.append((channel, address))
    return found


@lru_cache(maxsize=4096)
def notice_preferences(text: str | None) -> NoticePreferences:
    """The preferences about notices in the JSON text of a person's preferences. Most people share a few."""
    kept = json.loads(text or "null") or {}
    order, off = kept.get("channels"), kept.get("off")
    return NoticePreferences(DEFAULT_ORDER if order is None else tuple(order), frozenset(off or ()))
