"""How a person wants to be reminded: channels, kinds, lead times, quiet hours, language and time zone (M2, M4, P9)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from webapp import languages
from webapp.care.audit import account_changes, events
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.programs import known_zone
from webapp.care.schedule.sessions import look_again
from webapp.db import Store
from webapp.refusals import N_, Invalid
from webapp.times import QuietHours, clock_text, minute_of_day, time_at

OPTIONAL = ("heads_up", "soon", "doors_open", "first_check", "second_check")
"""Reminders of the ladder that a person may switch off. Outreach is done by people and cannot be switched off here."""
NEWS = (
    "place_held",
    "make_up_lapsed",
    "catch_up",
    "homework_answered",
    "homework_reopened",
    "reflection_answered",
    "message",
)
"""Other notices that a person may switch off. Changes of their own times are always sent."""
LEAD_BOUNDS = {"heads_up": (6 * 60, 7 * 24 * 60), "soon": (15, 5 * 60)}
"""Rung → the fewest and most minutes before the start that a person may choose. The bounds do not overlap, so that the order
of the reminders stays."""
QUIET_FIELDS = ("quiet_from", "quiet_to")
PLANNED_AHEAD = timedelta(weeks=9)
"""How far ahead the ladder looks again at a client's seats when their preferences change: a little more than series are planned
ahead."""


def set_reminders(
    store: Store,
    person: Person,
    *,
    first: str,
    off: Iterable[str],
    quiet_hours: tuple[str, str] | None,
    lead: Mapping[str, int] | None = None,
    by: Person,
    now: datetime,
) -> None:
    """Store how `person` wants to be reminded. `first`: the channel tried first, the others follow in their usual order. `off`:
    rungs and notices not wanted. `quiet_hours`: local times `HH:MM` from and to, in place of the program's; None for no quiet hours at all. `lead`: rung →
    minutes before the start; a rung left out follows the program; None leaves what is stored. The same again changes
    nothing. Raises Invalid naming the field."""
    if first not in list(Channel):
        raise Invalid(N_("Choose one of the ways."), field="first")
    unknown = set(off) - {*OPTIONAL, *NEWS}
    if unknown:
        raise Invalid(N_("There is no such reminder."), field="wanted")
    hours = zip(quiet_hours, QUIET_FIELDS, strict=True) if quiet_hours else ()
    quiet = [_minute(each, field) for each, field in hours]
    if quiet and quiet[0] == quiet[1]:
        raise Invalid(N_("Choose two different times."), field="quiet_to")
    kept = {
        **(person.preferences or {}),
        "channels": [first, *(each.value for each in Channel if each != first)],
        "off": sorted(off),
        "quiet_hours": quiet,
    }
    if lead is not None:
        kept["lead"] = {rung: _usable_lead(rung, minutes) for rung, minutes in lead.items()}
    kept = {name: value for name, value in kept.items() if name != "lead" or value}
    if kept == person.preferences:
        return
    person.preferences = kept
    _changed(store, person, by=by, now=now)
    _look_ahead(store, person, now)


def allow(store: Store, address: Address, on: bool, *, by: Person, now: datetime) -> None:
    """Opt this address in or out of notices (P9). A no outlasts every roster (rule 15)."""
    if bool(address.opted_in_at) == on:
        return
    address.opted_in_at, address.switched_off_at = (now, None) if on else (None, now)
    if on:
        _changed(store, address.person, by=by, now=now)
        return
    account_changes.record(
        store, Tag.ADDRESS_SWITCHED_OFF, person=address.person, by=by, now=now, address=address.id,
        channel=address.channel,
    )  # fmt: skip


def set_language(store: Store, person: Person, language: str, *, by: Person, now: datetime) -> None:
    """Store the person's language, which no roster changes from then on (rule 15). Raises Invalid for one that is not
    offered."""
    if language not in languages.offered():
        raise Invalid(N_("Choose one of the languages."), field="language")
    if person.language != language:
        person.preferences = {"home_language": person.language} | (person.preferences or {})
        person.language = language
        _changed(store, person, by=by, now=now)


def set_zone(store: Store, person: Person, zone: str, *, by: Person, now: datetime) -> None:
    """Show times and keep quiet hours in the IANA time zone `zone` from now on. The roster's zone is remembered as `home_zone`, so
    that no import resets the person's own (rule 15). Raises Invalid."""
    zone = known_zone(zone)
    if zone == person.time_zone:
        return
    kept = dict(person.preferences or {})
    if kept.setdefault("home_zone", person.time_zone) == zone:
        del kept["home_zone"]
    person.preferences, person.time_zone = kept, zone
    _changed(store, person, by=by, now=now)
    _look_ahead(store, person, now)


def of(person: Person) -> dict[str, Any]:
    """The person's preferences for display: `channels` in order, `off`, `lead` (rung → minutes before the start), and
    `quiet_hours` (from and to as HH:MM, empty for none); the last two only where they differ from the program's."""
    kept = person.preferences or {}
    own = kept.get("quiet_hours")
    hours = {} if own is None else {"quiet_hours": [clock_text(minute) for minute in own]}
    return {"channels": list(Channel), "off": [], "lead": {}} | kept | hours


def quiet_hours(
    preferences: Mapping[str, Any] | None, program: QuietHours | None = None
) -> QuietHours | None:
    """A person's quiet hours in their own zone: those among their `preferences`, else the program's (its policy's
    `quiet_hours`). None when there are none, as somebody may choose."""
    own = own_quiet_hours(preferences)
    return program if own is None else own or None


def own_quiet_hours(preferences: Mapping[str, Any] | None) -> QuietHours | tuple[()] | None:
    """The quiet hours that a person chose; empty when they chose to have none, None when the program's count for them."""
    own = (preferences or {}).get("quiet_hours")
    if own is None:
        return None
    return (time_at(own[0]), time_at(own[1])) if own else ()


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
    """Have the ladder look again at the client's coming seats, since the instants of reminders may have changed."""
    if person.kind == Kind.CLIENT:
        look_again(store, now, ahead=PLANNED_AHEAD, client_id=person.id)


def _changed(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    events.record(store, Tag.PREFERENCES_CHANGED, person=person, by=by, now=now)
