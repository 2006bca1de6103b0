"""Who is told of a fact, and by which of their addresses. Read for whole ranges of events at once."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, cast, select

from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.people import Person, Status
from webapp.care.privacy.consents import Category, Consent, valid
from webapp.db import Store

DEFAULT_ORDER = (Channel.PUSH.value, Channel.EMAIL.value, Channel.SMS.value)


class Wishes(NamedTuple):
    """How somebody likes to be told. What they have not said stays as it is; channels they left out are not used."""

    order: tuple[str, ...] = DEFAULT_ORDER
    off: frozenset[str] = frozenset()


class Listener:
    """Somebody who may be told, and where: (channel, address id), oldest first."""

    __slots__ = ("addresses", "off", "order")

    def __init__(self, wishes: Wishes):
        self.order, self.off = wishes
        self.addresses: list[tuple[str, int]] = []

    def first_working(self) -> list[tuple[str, int]]:
        """The first channel in their order that leads anywhere: all its devices."""
        return self._first(self.order)

    def all_working(self) -> list[tuple[str, int]]:
        """Every address of every channel they allow."""
        return [each for channel in self.order for each in self.addresses if each[0] == channel]

    def after(self, channel: str) -> list[tuple[str, int]]:
        """The addresses of the next channel that leads anywhere once `channel` does not."""
        known = channel in self.order
        return self._first(self.order[self.order.index(channel) + 1 :] if known else ())

    def _first(self, order: tuple[str, ...]) -> list[tuple[str, int]]:
        for channel in order:
            if found := [each for each in self.addresses if each[0] == channel]:
                return found
        return []


def listeners(store: Store, who: Select[Any] | Iterable[int]) -> dict[int, Listener]:
    """The active people among `who` (a select of ids, or ids), with the addresses they may be written to at (P9)."""
    connection = store.connection()
    people = select(Person.id, cast(Person.preferences, Text)).where(
        Person.id.in_(who), Person.status == Status.ACTIVE
    )
    found = {person: Listener(wishes(told)) for person, told in connection.execute(people).all()}
    usable = (
        select(Address.person_id, Address.channel, Address.id)
        .where(Address.person_id.in_(who), Address.is_opted_in)
        .where(~Address.is_stopped, ~Address.is_unsafe)
        .order_by(Address.id)
    )
    for person, channel, address in connection.execute(usable).all():
        if listener := found.get(person):
            listener.addresses.append((channel, address))
    return found


def allowed_by(
    store: Store, clients: Select[Any] | Iterable[int], now: datetime
) -> dict[int, list[int]]:
    """Client → the people whom a consent valid at `now` lets have that client's reminders (rule 8)."""
    found: dict[int, list[int]] = defaultdict(list)
    consented = (
        select(Consent.client_id, Consent.recipient_id)
        .where(Consent.client_id.in_(clients), Consent.category == Category.REMINDERS, valid(now))
        .distinct()
    )
    for client_id, recipient_id in store.execute(consented):
        found[client_id].append(recipient_id)
    return found


@lru_cache(maxsize=4096)
def wishes(told: str | None) -> Wishes:
    """A person's preferences (JSON) as far as they are about being told. Most people share a few."""
    said = json.loads(told or "null") or {}
    order, off = said.get("channels"), said.get("off")
    return Wishes(DEFAULT_ORDER if order is None else tuple(order), frozenset(off or ()))
