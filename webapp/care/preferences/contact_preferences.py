"""How a person wants to be reminded: by which way first, of what, how long before, when not; in which language and whose
clock (M4, M2, P9)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.people import LANGUAGES, Kind, Person
from webapp.care.directory.programs import known_zone
from webapp.care.schedule.sessions import look_again
from webapp.db import Store
from webapp.refusals import N_, Invalid
from webapp.times import QuietHours, clock_text, minute_of_day, time_at

OPTIONAL = ("heads_up", "soon", "doors_open", "first_check", "second_check")
"""Rungs a person may do without. Outreach is a human's work and cannot be switched off here."""
NEWS = (
    "place_held",
    "make_up_lapsed",
    "catch_up",
    "homework_answered",
    "homework_reopened",
    "reflection_answered",
    "message",
)
"""Notices besides the ladder that a person may do without. That a time of theirs changed is always told."""
LEAD_BOUNDS = {"heads_up": (6 * 60, 7 * 24 * 60), "soon": (15, 5 * 60)}
"""Rung → the least and the most minutes before the start that a person may choose for it. The bounds do not overlap, so the
earlier reminder stays the earlier one."""
QUIET_FIELDS = ("quiet_from", "quiet_to")
PLANNED_AHEAD = timedelta(weeks=9)
"""A little more than series are unfolded ahead: so far the ladder looks again when somebody's wishes change."""


def set_reminders(
    store: Store,
    person: Person,
    *,
    first: str,
    off: Iterable[str],
    quiet_hours: tuple[str, str],
    lead: Mapping[str, int] | None = None,
    by: Person,
    now: datetime,
) -> None:
    """`first`: the channel tried first, the others follow in their usual order. `off`: rungs not wanted. `quiet_hours`:
    local times HH:MM from and to, in place of the program's. `lead`: rung → minutes before the start, in place of the
    program's; a rung left out follows the program, None leaves what was chosen. Raises Invalid naming the field."""
    if first not in list(Channel):
        raise Invalid(N_("Choose one of the ways."), field="first")
    unknown = set(off) - {*OPTIONAL, *NEWS}
    if unknown:
        raise Invalid(N_("There is no such reminder."), field="wanted")
    quiet = [_minute(each, field) for each, field in zip(quiet_hours, QUIET_FIELDS, strict=True)]
    if quiet[0] == quiet[1]:
        raise Invalid(N_("Choose two different times."), field="quiet_to")
    kept = {
        **(person.preferences or {}),
        "channels": [first, *(each.value for each in Channel if each != first)],
        "off": sorted(off),
        "quiet_hours": quiet,
    }
    if lead is not None:
        kept["lead"] = {rung: _usable_lead(rung, minutes) for rung, minutes in lead.items()}
    person.preferences = {name: value for name, value in kept.items() if name != "lead" or value}
    _changed(store, person, by=by, now=now)
    _look_ahead(store, person, now)


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


def set_zone(store: Store, person: Person, zone: str, *, by: Person, now: datetime) -> None:
    """Show times, and keep quiet hours, by another clock from here on: theirs where they are (IANA name). What the roster
    says is remembered as `home_zone`, so that its next import does not send a traveller's clock home. Raises Invalid."""
    known_zone(zone)
    if zone == person.time_zone:
        return
    kept = dict(person.preferences or {})
    if kept.setdefault("home_zone", person.time_zone) == zone:
        del kept["home_zone"]
    person.preferences, person.time_zone = kept, zone
    _changed(store, person, by=by, now=now)
    _look_ahead(store, person, now)


def of(person: Person) -> dict[str, Any]:
    """What holds for `person`, for people to read: `channels` in order, `off`, `lead`: rung → minutes before the start, and
    `quiet_hours`: from and to as HH:MM; the last two only where they are not the program's own."""
    kept = person.preferences or {}
    own = kept.get("quiet_hours")
    hours = {"quiet_hours": [clock_text(minute) for minute in own]} if own else {}
    return {"channels": list(Channel), "off": [], "lead": {}} | kept | hours


def quiet_hours(
    preferences: Mapping[str, Any] | None, program: QuietHours | None = None
) -> QuietHours | None:
    """A person's quiet hours in their own zone: those among their `preferences`, else the program's (its policy's
    `quiet_hours`), else None."""
    own = (preferences or {}).get("quiet_hours")
    return (time_at(own[0]), time_at(own[1])) if own else program


def _minute(text: str, field: str) -> int:
    try:
        return minute_of_day(text)
    except ValueError as error:
        raise Invalid(N_("Write a time like 21:00."), field=field) from error


def _usable_lead(rung: str, minutes: int) -> int:
    if rung not in LEAD_BOUNDS:
        raise Invalid(N_("There is no such reminder."), field="lead")
    least, most = LEAD_BOUNDS[rung]
    if isinstance(minutes, bool) or not least <= minutes <= most:
        raise Invalid(
            N_("Choose between %(least)s and %(most)s minutes before."), field=f"lead_{rung}",
            least=least, most=most,
        )  # fmt: skip
    return int(minutes)


def _look_ahead(store: Store, person: Person, now: datetime) -> None:
    """Other wishes, other instants: the ladder looks at every coming seat once more."""
    if person.kind == Kind.CLIENT:
        look_again(store, now, ahead=PLANNED_AHEAD, client_id=person.id)


def _changed(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    events.record(store, Tag.PREFERENCES_CHANGED, person=person, by=by, now=now)
