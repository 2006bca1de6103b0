"""Enters the rows of a roster file as people, care teams, couples and series, by the verbs that the API uses.

All or nothing: when anything is wrong the caller rolls back. An import adds: whom a series, a couple or a list of roles no longer names
keeps what they have, unless the caller says that it may be taken away (rule 15). Unlike a PUT of the API, an empty cell leaves the stored value, and
a row without changes is counted as `same`, so the same file may be imported again. Cells are written by people and read more
leniently than the API's bodies (a telephone number without its country, a length in lower case), with sentences that say
what to write; hence readers of their own.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select

from webapp.care import leaving
from webapp.care.accounts import enrolling
from webapp.care.audit.events import Event
from webapp.care.contact.addresses import Channel
from webapp.care.directory import people, teams
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.programs import Program, known_zone
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.make_ups import lost_places
from webapp.care.schedule import dial_ins, recurrences, series
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.series import Series
from webapp.cli.rosters.files import RosterRow, RowProblem
from webapp.db import Store
from webapp.numbers import whole_number
from webapp.refusals import N_, Invalid, Refusal
from webapp.times import parse_duration, wall_time

NEW, CHANGED, SAME = "new", "changed", "same"
COLUMN_OF = {"ends_at": "duration", "starts_at": "local_start"}
"""Field that a verb's refusal names → the column, where it has another name."""


@dataclass(slots=True)
class ImportResult:
    """`counts`: (type, `new` | `changed` | `same`) → how many rows; `changed`: (type, ref) of those; `problems`: what was refused."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: list[tuple[str, str]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Sentences: what the file does not name any more and stayed all the same."""
    lost: list[str] = field(default_factory=list)
    """Sentences: what was taken away, and from whom."""


def enter(
    store: Store,
    program: Program,
    rows: Sequence[RosterRow],
    *,
    by: Person | None,
    now: datetime,
    remove: bool = False,
    each: Callable[[], object] = lambda: None,
) -> ImportResult:
    """Enter all `rows`, ordered as `files.read` returns them. `each` is called after every one.

    `remove`: what a row leaves out of a list (members of a series, roles), and a couple that another one takes the place of, is taken
    away. Problems are returned, not raised, so that all can be shown at once; with any, the caller must not commit.
    """
    target, result = _Target(store, program, by, now, remove), ImportResult()
    refused: set[str] = set()
    for row in rows:
        try:
            with store.begin_nested():
                became = WRITERS[row.type](target, row)
        except _UnknownPerson as unknown:
            if unknown.ref not in refused:
                sentence = N_("Nobody is registered as %(ref)s, here or in this file.")
                result.problems.append(
                    RowProblem(row.number, unknown.column, sentence, {"ref": unknown.ref})
                )
        except Refusal as refusal:
            refused.add(row.ref)
            column = COLUMN_OF.get(refusal.field or "ref", refusal.field or "ref")
            result.problems.append(RowProblem(row.number, column, refusal.sentence, refusal.values))
        else:
            result.counts[row.type, became] += 1
            if became == CHANGED:
                result.changed.append((row.type, row.ref))
        each()
    result.kept, result.lost = target.kept, [*target.lost, *_lost(store, program, now)]
    return result


def _lost(store: Store, program: Program, now: datetime) -> Iterator[str]:
    """A sentence for each person who lost something by what was entered at `now`."""
    left = select(Person).where(
        Person.program_id == program.id, Person.status_at == now, Person.status != Status.ACTIVE,
        Person.created_at < now,
    )  # fmt: skip
    for person in store.scalars(left.order_by(Person.name)):
        yield f"{person.name} ({person.ref}) is {person.status} and gets no reminders any more."
    parted = select(Couple).where(Couple.program_id == program.id, Couple.ended_at == now)
    for couple in store.scalars(parted.order_by(Couple.id)):
        yield f"{couple.a.name} and {couple.b.name} are no couple any more; what they had booked together ends."
    for lost in lost_places.taken_away(store, program.id, now):
        also = [
            f"{_counted(number, what)} with {'it' if lost.places == 1 else 'them'}"
            for number, what in ((lost.reports, "absence report"), (lost.make_ups, "make-up"))
            if number
        ]
        first = lost.first_at.astimezone(ZoneInfo(program.time_zone))
        yield ", ".join([
            f"{lost.client.name} ({lost.client.ref}) loses {_counted(lost.places, 'place')} in"
            f" {lost.title} from {first:%Y-%m-%d} on", *also,
        ]) + "."  # fmt: skip


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


class _UnknownPerson(Exception):
    """A row names a person who is not registered."""

    def __init__(self, ref: str, column: str) -> None:
        self.ref, self.column = ref, column


class _Target:
    """Where to enter, by whom and when, with the people registered so far."""

    def __init__(
        self, store: Store, program: Program, by: Person | None, now: datetime, remove: bool
    ) -> None:
        self.store, self.program, self.remove = store, program, remove
        self.kept: list[str] = []
        self.lost: list[str] = []
        self.acting: dict[str, Any] = {"by": by, "now": now}
        everyone = select(Person).where(Person.program_id == program.id)
        self.people = {person.ref: person for person in store.scalars(everyone)}

    def person(self, ref: str, column: str) -> Person:
        """The registered person of this reference. Raises _UnknownPerson naming `column`."""
        if ref not in self.people:
            raise _UnknownPerson(ref, column)
        return self.people[ref]

    def named(self, row: RosterRow, column: str) -> Person | None:
        """The person named in a cell; None for an empty cell."""
        ref = row.get(column)
        return self.person(ref, column) if ref else None


def enter_person(target: _Target, row: RosterRow) -> str:
    """Enter or change a person."""
    known = target.people.get(row.ref)
    values = _person_values(row, known, target.program)
    agreed = _agreed_channels(row, values)
    roles = _roles(target, row, known)
    before = _newest_event(target.store)
    made, new = enrolling.enroll(
        target.store, target.program, row.ref, roles=roles, agreed=agreed, **values, **target.acting
    )  # fmt: skip
    leaving.change_status(target.store, made, row.get("status") or made.status, **target.acting)
    target.people[row.ref] = made
    if new:
        return NEW
    return SAME if _newest_event(target.store) == before else CHANGED


def _roles(target: _Target, row: RosterRow, known: Person | None) -> list[str] | None:
    """The roles to have afterwards: those named, and those already there unless they are to be taken away; None for an empty cell."""
    named = row.list_of("roles")
    had = sorted(known.role_names - set(named)) if known and named else []
    if not had:
        return named or None
    assert known is not None
    which = " ".join(had)
    if target.remove:
        target.lost.append(f"{known.name} ({known.ref}) is no longer {which}.")
        return named
    target.kept.append(f"{known.name} ({known.ref}) stays {which}, which the file does not name.")
    return [*named, *had]


def _newest_event(store: Store) -> int:
    """Whatever changes a person is an event."""
    return store.scalar(select(func.max(Event.id))) or 0


CELL_OF = {Channel.EMAIL: "email", Channel.SMS: "phone"}


def _person_values(row: RosterRow, known: Person | None, program: Program) -> dict[str, Any]:
    """The columns of a person, checked; an empty cell as stored, or the program's default."""
    kinds = [Kind.CLIENT, Kind.SUPPORTER, Kind.STAFF]
    if row.cells["kind"] not in kinds:
        raise Invalid(N_("Write one of: %(known)s."), field="kind", known=", ".join(kinds))
    if row.get("status") not in (None, *Status):
        raise Invalid(N_("Write one of: %(known)s."), field="status", known=", ".join(Status))
    email, phone = row.get("email"), row.get("phone")
    return {
        "kind": row.cells["kind"],
        "name": row.cells["name"],
        "email": read_email(email) if email else known and known.email,
        "phone": read_phone(phone) if phone else known and known.phone,
        "time_zone": known_zone(
            row.get("time_zone") or (people.home_zone(known) if known else program.time_zone)
        ),
        "language": row.get("language") or (people.home_language(known) if known else "en"),
    }


def _agreed_channels(row: RosterRow, values: dict[str, Any]) -> list[Channel] | None:
    """The channels by which this person agreed to be reminded (P9); None when the file has no such column."""
    if "opted_in" not in row.columns:
        return None
    for word in row.list_of("opted_in"):
        if word not in CELL_OF:
            raise Invalid(N_("Write email, sms, or both."), field="opted_in")
        if not values[CELL_OF[Channel(word)]]:
            raise Invalid(
                N_("There is no %(cell)s to write to."),
                field="opted_in",
                cell=CELL_OF[Channel(word)],
            )
    return [Channel(word) for word in row.list_of("opted_in")]


def enter_team(target: _Target, row: RosterRow) -> str:
    """Name a client's care team."""
    client = target.person(row.ref, "ref")
    if client.kind != Kind.CLIENT:
        raise Invalid(N_("%(ref)s is not a client."), field="ref", ref=row.ref)
    known = target.store.get(CareTeam, client.id)
    roles = ("counselor", "supervisor", "coordinator")
    named: dict[str, Any] = {
        role: target.named(row, role) or (getattr(known, role) if known else None) for role in roles
    }
    if known and all(getattr(known, role) == person for role, person in named.items()):
        return SAME
    _, new = teams.set_care_team(target.store, client, **named, **target.acting)
    return NEW if new else CHANGED


def enter_couple(target: _Target, row: RosterRow) -> str:
    """Form a couple."""
    partners = row.list_of("partners")
    if len(partners) != 2:
        raise Invalid(N_("Name two people, with a space between."), field="partners")
    a, b = (target.person(ref, "partners") for ref in partners)
    where = (Couple.program_id == target.program.id, Couple.ref == row.ref)
    known = target.store.scalar(select(Couple).where(*where))
    therapist = target.named(row, "therapist") or (known.therapist if known else None)
    if known and not known.ended_at and (known.a, known.b, known.therapist) == (a, b, therapist):
        return SAME
    if known and not known.ended_at and {known.a, known.b} != {a, b} and not target.remove:
        values = {"a": known.a.name, "b": known.b.name}
        raise Invalid(N_("This is the couple of %(a)s and %(b)s. To part them, import with --remove."), field="partners", **values)  # fmt: skip
    _, new = leaving.put_couple(
        target.store, target.program, row.ref, a, b, therapist=therapist, **target.acting
    )
    return NEW if new else CHANGED


def expand_ahead(program: Program, rows: Sequence[RosterRow], now: datetime) -> None:
    """Expand the rules of these series before a lock is taken; `enter` with the same `now` then finds their occurrences ready (S17). What
    can't be read is left to `enter`, which names it."""
    for row in rows:
        if row.type != "series":
            continue
        try:
            zone = known_zone(row.get("time_zone") or program.time_zone)
            first = read_local_start(row.cells["local_start"])
            rule = recurrences.checked(first, zone, read_rrule(row.cells["rrule"]))
            rule.occurrences(*series.window(now))
        except Refusal:
            continue


def enter_series(target: _Target, row: RosterRow) -> str:
    """Plan a series, and with it its sessions."""
    values = _series_values(target, row)
    where = (Series.program_id == target.program.id, Series.ref == row.ref)
    known = target.store.scalar(select(Series).where(*where))
    if known:
        values["clients"] = _members(target, row, known, values["clients"])
    if known and _is_same_series(known, values):
        return SAME
    _, new = series.put(target.store, target.program, row.ref, **values, **target.acting)
    return NEW if new else CHANGED


def _members(target: _Target, row: RosterRow, known: Series, named: list[Person]) -> list[Person]:
    """Who has a place in the series afterwards: those named, and those who have one already unless they are to lose it."""
    had = [member.client for member in known.members if member.client not in named]
    if "seats" in row.cells and target.remove:
        return named
    if "seats" in row.cells and had:
        names = ", ".join(f"{client.name} ({client.ref})" for client in had)
        target.kept.append(
            f"{known.title} ({known.ref}) keeps {names}, whom the file does not name."
        )
    return [*named, *had]


def _series_values(target: _Target, row: RosterRow) -> dict[str, Any]:
    host = target.named(row, "host")
    values: dict[str, Any] = {name: row.get(name) for name in ("title", "join_url")}
    values["dial_in"] = dial_ins.parse(row.cells["dial_in"]) if row.get("dial_in") else None
    zone = known_zone(row.get("time_zone") or target.program.time_zone)
    values |= {"host": host, "time_zone": zone}
    values |= {name: read(row.cells[name]) for name, read in SERIES_READERS.items()}
    values["clients"] = [target.person(ref, "seats") for ref in row.list_of("seats")]
    return values


SERIES_COLUMNS = ["kind", "title", "rrule", "join_url", "dial_in", "host", "time_zone", "capacity"]


def _is_same_series(known: Series, values: dict[str, Any]) -> bool:
    return (
        known.local_start == values["local_start"].isoformat(timespec="seconds")
        and known.duration == values["duration"]
        and {member.client_id for member in known.members} == {c.id for c in values["clients"]}
        and all(getattr(known, name) == values[name] for name in SERIES_COLUMNS)
    )


def read_email(text: str) -> str:
    """Return the e-mail address normalised and in lower case. Raises Invalid."""
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid(N_("This is not an e-mail address."), field="email") from error


def read_phone(text: str) -> str:
    """Return the telephone number in E.164; one without a country code is read as a United States number. Raises Invalid."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException as error:
        raise Invalid(N_("This is not a telephone number."), field="phone") from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid(N_("This is not a telephone number."), field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_local_start(text: str) -> datetime:
    """Return a local time (naive) from ISO 8601 without an offset. Raises Invalid."""
    try:
        return wall_time(text)
    except ValueError as error:
        raise Invalid(
            N_("Write a day and time like 2026-11-23T18:00."), field="local_start"
        ) from error


def read_duration(text: str) -> timedelta:
    """Return the length from ISO 8601, like PT3H. Raises Invalid."""
    try:
        return parse_duration(text.upper())
    except ValueError as error:
        raise Invalid(N_("Write a length like PT3H or PT90M."), field="duration") from error


def read_capacity(text: str) -> int:
    """Return the number of places, 1 to 1000. Raises Invalid."""
    places = whole_number(text, most=1000)
    if not places:
        raise Invalid(N_("Between 1 and 1000 places."), field="capacity")
    return places


def read_rrule(text: str) -> str:
    """Return a recurrence rule as it is stored. Raises Invalid."""
    return str(recurrences.parse(text))


def read_session_kind(text: str) -> str:
    """Return it if it is one of `SessionKind`. Raises Invalid."""
    if text not in list(SessionKind):
        raise Invalid(N_("Write one of: %(known)s."), field="kind", known=", ".join(SessionKind))
    return text


SERIES_READERS: dict[str, Callable[[str], Any]] = {
    "kind": read_session_kind,
    "rrule": read_rrule,
    "local_start": read_local_start,
    "duration": read_duration,
    "capacity": read_capacity,
}
"""Columns of a series that are not plain text → their readers."""

WRITERS: dict[str, Callable[[_Target, RosterRow], str]] = {
    "person": enter_person,
    "team": enter_team,
    "couple": enter_couple,
    "series": enter_series,
}
