"""How a person wants to be reminded: by which way first, of what, when not; and in which language (M4, P9)."""

import re
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from webapp.care import events
from webapp.care.addresses import Address, Channel
from webapp.care.people import LANGUAGES, Kind, Person
from webapp.care.policy import Policy
from webapp.care.tags import Tag
from webapp.db import Store
from webapp.refusals import N_, Invalid

OPTIONAL = ("heads_up", "soon", "doors_open", "first_check", "second_check")
"""Rungs a person may do without. Outreach is a human's work and cannot be switched off here."""
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def set_reminders(
    store: Store,
    person: Person,
    *,
    first: str,
    off: Iterable[str],
    quiet_hours: tuple[str, str],
    by: Person,
    now: datetime,
) -> None:
    """`first`: the channel tried first, the others follow in their usual order. `off`: rungs not wanted. `quiet_hours`:
    local times HH:MM from and to, in place of the program's. Raises Invalid."""
    if first not in list(Channel):
        raise Invalid(N_("Choose one of the ways."), field="first")
    unknown = set(off) - set(OPTIONAL)
    if unknown:
        raise Invalid(N_("There is no such reminder."), field="wanted")
    if not all(_CLOCK.fullmatch(each) for each in quiet_hours):
        raise Invalid(N_("Write a time like 21:00."), field="quiet_from")
    if quiet_hours[0] == quiet_hours[1]:
        raise Invalid(N_("Choose two different times."), field="quiet_to")
    person.preferences = {
        **(person.preferences or {}),
        "channels": [first, *(each.value for each in Channel if each != first)],
        "off": sorted(off),
        "quiet_hours": list(quiet_hours),
    }
    _changed(store, person, by=by, now=now)


def allow(store: Store, address: Address, on: bool, *, by: Person, now: datetime) -> None:
    """Write to this address, or no more, until they say otherwise (P9)."""
    if bool(address.opted_in_at) == on:
        return
    address.opted_in_at = now if on else None
    _changed(store, address.person, by=by, now=now)


def set_language(store: Store, person: Person, language: str, *, by: Person, now: datetime) -> None:
    """Raises Invalid for one we don't speak."""
    if language not in LANGUAGES:
        raise Invalid(N_("Choose one of the languages."), field="language")
    if person.language != language:
        person.language = language
        _changed(store, person, by=by, now=now)


def of(person: Person) -> dict[str, Any]:
    """What holds for `person`: `channels` in order, `off`."""
    kept = person.preferences or {}
    return {"channels": list(Channel), "off": []} | kept


def quiet_hours_of(person: Person, policy: Policy) -> tuple[time, time] | None:
    """When not to write to `person`, local from and to: their own hours, else the program's (None: it has none)."""
    own = (person.preferences or {}).get("quiet_hours")
    return (time.fromisoformat(own[0]), time.fromisoformat(own[1])) if own else policy.quiet_hours


def _changed(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    events.record(
        store, Tag.PREFERENCES_CHANGED, by=by, now=now, program_id=person.program_id,
        client=person if person.kind == Kind.CLIENT else None, person=person.id,
    )  # fmt: skip
