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
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from webapp.care import leaving
from webapp.care.accounts import enrolling
from webapp.care.contact.addresses import Channel
from webapp.care.directory import people, teams
from webapp.care.directory.people import Kind, Person, RoleName, Status
from webapp.care.directory.programs import Program, known_zone
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.make_ups import lost_places
from webapp.care.schedule import dial_ins, planning, recurrences, series
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.series import Series
from webapp.cli.rosters import person_changes
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
    changes: list[str] = field(default_factory=list)
    """Sentences: which fields of whom are other than before."""
    warnings: list[str] = field(default_factory=list)
    """Sentences: who isn't written to at an address that the file names, and what people have at the times of a series already."""


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
        except _WrongCells as cells:
            result.problems += _problems(row, cells.wrong, refused)
        except (_UnknownPerson, Refusal) as wrong:
            result.problems += _problems(row, [wrong], refused)
        else:
            result.counts[row.type, became] += 1
            if became == CHANGED:
                result.changed.append((row.type, row.ref))
        each()
    if not result.problems:
        result.kept, result.lost = target.kept, [*target.lost, *_lost(store, program, now)]
        closed = (person_changes.closed_addresses(store, person) for person in target.closed)
        result.changes = target.changes
        result.warnings = [*chain.from_iterable(closed), *_overlaps(target, now)]
    return result


def _problems(
    row: RosterRow, wrong: Sequence["Refusal | _UnknownPerson"], refused: set[str]
) -> Iterator[RowProblem]:
    """What is wrong in this row. `refused`: references of people whose own row was refused, which is said there."""
    for each in wrong:
        if isinstance(each, Refusal):
            refused.add(row.ref)
            column = COLUMN_OF.get(each.field or "ref", each.field or "ref")
            yield RowProblem(row.number, column, each.sentence, each.values)
        elif each.ref not in refused:
            sentence = N_("Nobody is registered as %(ref)s, here or in this file.")
            yield RowProblem(row.number, each.column, sentence, {"ref": each.ref})


def _overlaps(target: "_Target", now: datetime) -> Iterator[str]:
    """A sentence for each person and pair of series, or single session, that meet: what the API's answer lists as `overlaps` (rule 14)."""
    said: set[tuple[int, frozenset[str]]] = set()
    for planned in target.planned:
        coming = target.store.scalars(series.coming(planned, now)).all()
        hosts_and_clients = {planned.host, *(member.client for member in planned.members)}
        times = [(each.starts_at, each.ends_at) for each in coming]
        own = [each.id for each in coming]
        found: dict[tuple[Person, str, str], list[datetime]] = {}
        for who, other in planning.overlaps(target.store, hosts_and_clients, times, but=own):
            ref = other.ref.partition(":")[0] if other.series_id else other.ref
            found.setdefault((who, ref, other.title), []).append(other.starts_at)
        for (who, ref, title), starts in found.items():
            pair = (who.id, frozenset({planned.ref, ref}))
            if pair not in said:
                said.add(pair)
                first = min(starts).astimezone(ZoneInfo(planned.time_zone))
                yield (
                    f"{who.name} ({who.ref}) has {title} ({ref}) at the times of {planned.title} ({planned.ref}):"
                    f" {_counted(len(starts), 'time')}, first on {first:%Y-%m-%d}."
                )


def _lost(store: Store, program: Program, now: datetime) -> Iterator[str]:
    """A sentence for each person who lost something by what was entered at `now`."""
    left = select(Person).where(
        Person.program_id == program.id, Person.status_at == now, Person.status != Status.ACTIVE,
        Person.created_at < now,
    )  # fmt: skip
    for person in store.scalars(left.order_by(Person.name)):
        yield f"{person.name} ({person.ref}) is {person.status} and gets no reminders any more."
        left_behind = (
            person_changes.left_behind(store, person, now) if person.kind == Kind.STAFF else ""
        )
        if left_behind:
            yield f"That leaves {left_behind}."
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


class _WrongCells(Exception):
    """Cells of one row that can't be used, each with what is wrong."""

    def __init__(self, wrong: Sequence["Refusal | _UnknownPerson"]) -> None:
        self.wrong = wrong


class _Cells:
    """Reads the cells of one row and remembers what is wrong with each, so that all are named at once."""

    def __init__(self) -> None:
        self.wrong: list[Refusal | _UnknownPerson] = []

    def read(self, reader: Callable[..., Any], *given: Any, instead: Any = None) -> Any:
        """What `reader` makes of the cell; `instead` where it refuses."""
        try:
            return reader(*given)
        except (Refusal, _UnknownPerson) as wrong:
            self.wrong.append(wrong)
            return instead

    def check(self) -> None:
        """Raises _WrongCells if anything was wrong."""
        if self.wrong:
            raise _WrongCells(self.wrong)


class _Target:
    """Where to enter, by whom and when, with the people registered so far."""

    def __init__(
        self, store: Store, program: Program, by: Person | None, now: datetime, remove: bool
    ) -> None:
        self.store, self.program, self.remove = store, program, remove
        self.kept: list[str] = []
        self.lost: list[str] = []
        self.changes: list[str] = []
        self.closed: list[Person] = []
        self.planned: list[Series] = []
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
    roles = _roles(target, row, known)
    before = person_changes.fields(target.store, known) if known else None
    made, new = enrolling.enroll(
        target.store, target.program, row.ref, roles=roles, **values, **target.acting
    )  # fmt: skip
    leaving.change_status(target.store, made, row.get("status") or made.status, **target.acting)
    target.people[row.ref] = made
    after = person_changes.fields(target.store, made)
    if before == after:
        return SAME
    if new or before is None or any(before[field] != after[field] for field in WHERE):
        target.closed.append(made)
    if before is None:
        return NEW
    target.changes.append(person_changes.difference(made, before, after))
    return CHANGED


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
        without = person_changes.lost_with_roles(target.store, known, set(had))
        if without:
            target.lost.append(f"That leaves {without}.")
        return named
    target.kept.append(f"{known.name} ({known.ref}) stays {which}, which the file does not name.")
    return [*named, *had]


WHERE = ("e-mail", "telephone", person_changes.ADDRESSES)
"""The fields with which an address may come that nobody writes to."""
CELL_OF = {Channel.EMAIL: "email", Channel.SMS: "phone"}


def _person_values(row: RosterRow, known: Person | None, program: Program) -> dict[str, Any]:
    """The columns of a person, checked; an empty cell as stored, or the program's default."""
    email, phone, language = row.get("email"), row.get("phone"), row.get("language")
    zone = people.home_zone(known) if known else program.time_zone
    cells = _Cells()
    cells.read(_one_of, "kind", row.cells["kind"], (Kind.CLIENT, Kind.SUPPORTER, Kind.STAFF))
    cells.read(_one_of, "status", row.get("status") or Status.ACTIVE, tuple(Status))
    for role in row.list_of("roles"):
        cells.read(_known_role, role)
    cells.read(_one_of, "language", language or people.LANGUAGES[0], people.LANGUAGES)
    values = {
        "kind": row.cells["kind"],
        "name": row.cells["name"],
        "email": cells.read(read_email, email, instead=email) if email else known and known.email,
        "phone": cells.read(read_phone, phone, instead=phone) if phone else known and known.phone,
        "time_zone": cells.read(known_zone, row.get("time_zone") or zone),
        "language": language or (people.home_language(known) if known else "en"),
    }
    values["agreed"] = cells.read(_agreed_channels, row, values)
    cells.check()
    return values


def _known_role(name: str) -> None:
    """Raises Invalid for a role that does not exist."""
    if name not in list(RoleName):
        raise Invalid(N_("%(name)s is not a role."), field="roles", name=name)


def _one_of(column: str, text: str, known: Sequence[str]) -> None:
    """Raises Invalid unless the text is one of these."""
    if text not in known:
        raise Invalid(N_("Write one of: %(known)s."), field=column, known=", ".join(known))


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
    made, new = series.put(target.store, target.program, row.ref, **values, **target.acting)
    target.planned.append(made)
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
    cells, dial_in = _Cells(), row.get("dial_in")
    values: dict[str, Any] = {
        "title": row.get("title"),
        "join_url": cells.read(dial_ins.checked_join_url, row.get("join_url")),
        "dial_in": cells.read(dial_ins.parse, dial_in) if dial_in else None,
        "host": cells.read(target.person, row.cells["host"], "host"),
        "time_zone": cells.read(known_zone, row.get("time_zone") or target.program.time_zone),
    }
    values |= {name: cells.read(read, row.cells[name]) for name, read in SERIES_READERS.items()}
    clients = [cells.read(target.person, ref, "seats") for ref in row.list_of("seats")]
    cells.check()
    return values | {"clients": clients}


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
