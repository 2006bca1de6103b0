"""Entering a roster: the records of a roster file become people, care teams, couples and series, by their own verbs.

All or nothing: when anything is wrong the caller rolls back. An empty cell leaves what is there as it is, and a record
that says nothing new changes nothing, so the same file may be entered again and again.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.care import leaving
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory import people, teams
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.programs import Program
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.schedule import dial_ins, series
from webapp.care.schedule.series import Series
from webapp.cli.rosters import cells
from webapp.cli.rosters.files import RosterRow, RowProblem
from webapp.db import Store
from webapp.refusals import N_, Invalid, Refusal

NEW, CHANGED, SAME = "new", "changed", "same"
COLUMN_OF = {"ends_at": "duration", "starts_at": "local_start"}
"""Fields that a verb may name, where the column is called otherwise."""


@dataclass(slots=True)
class Entered:
    """What became of the records: (type, `new`|`changed`|`same`) → how many; refs of the changed; what was refused."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: list[tuple[str, str]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def enter(
    store: Store,
    program: Program,
    records: Sequence[RosterRow],
    *,
    by: Person | None,
    now: datetime,
    each: Callable[[], object] = lambda: None,
) -> Entered:
    """Enter all `records` (ordered as `roster_files.read` gives them). `each` is called after every one.

    Problems are answered, not raised, so that all are told at once; with any, the caller must not commit.
    """
    desk, entered = _Desk(store, program, by, now), Entered()
    refused: set[str] = set()
    for record in records:
        try:
            with store.begin_nested():
                became = WRITERS[record.type](desk, record)
        except _Absent as absent:
            if absent.ref not in refused:
                sentence = N_("Nobody is registered as %(ref)s, here or in this file.")
                entered.problems.append(
                    RowProblem(record.row, absent.column, sentence, {"ref": absent.ref})
                )
        except Refusal as refusal:
            refused.add(record.ref)
            column = COLUMN_OF.get(refusal.field or "ref", refusal.field or "ref")
            entered.problems.append(
                RowProblem(record.row, column, refusal.sentence, refusal.values)
            )
        else:
            entered.counts[record.type, became] += 1
            if became == CHANGED:
                entered.changed.append((record.type, record.ref))
        each()
    return entered


class _Absent(Exception):
    """A record names somebody who is not there."""

    def __init__(self, ref: str, column: str) -> None:
        self.ref, self.column = ref, column


class _Desk:
    """Who enters what, where and when; and the people known so far."""

    def __init__(self, store: Store, program: Program, by: Person | None, now: datetime) -> None:
        self.store, self.program = store, program
        self.acting: dict[str, Any] = {"by": by, "now": now}
        everyone = select(Person).where(Person.program_id == program.id)
        self.people = {person.ref: person for person in store.scalars(everyone)}

    def somebody(self, ref: str, column: str) -> Person:
        if ref not in self.people:
            raise _Absent(ref, column)
        return self.people[ref]

    def named(self, record: RosterRow, column: str) -> Person | None:
        """The person a cell names, if it names one."""
        ref = record.get(column)
        return self.somebody(ref, column) if ref else None


def person(desk: _Desk, record: RosterRow) -> str:
    """Enter or change a person."""
    known = desk.people.get(record.ref)
    given = _person_given(record, known, desk.program)
    opted_in = _channels(record, given)
    roles = record.list_of("roles") or None
    if known and _says_nothing_new(desk, known, given, roles, record.get("status"), opted_in):
        return SAME
    made, new = people.put(
        desk.store, desk.program, record.ref, roles=roles, **given, **desk.acting
    )  # fmt: skip
    leaving.change(desk.store, made, record.get("status") or made.status, **desk.acting)
    for channel in opted_in:
        addresses.add(desk.store, made, channel, given[CELL_OF[channel]], **desk.acting)
    desk.people[record.ref] = made
    return NEW if new else CHANGED


CELL_OF = {Channel.EMAIL: "email", Channel.SMS: "phone"}


def _person_given(record: RosterRow, known: Person | None, program: Program) -> dict[str, Any]:
    """What the row says, checked; what it leaves empty as it was, or as the program has it."""
    kinds = [Kind.CLIENT, Kind.SUPPORTER, Kind.STAFF]
    if record.cells["kind"] not in kinds:
        raise Invalid(N_("Write one of: %(known)s."), field="kind", known=", ".join(kinds))
    if record.get("status") not in (None, *Status):
        raise Invalid(N_("Write one of: %(known)s."), field="status", known=", ".join(Status))
    email, phone = record.get("email"), record.get("phone")
    return {
        "kind": record.cells["kind"],
        "name": record.cells["name"],
        "email": cells.email(email) if email else known and known.email,
        "phone": cells.phone(phone) if phone else known and known.phone,
        "time_zone": record.get("time_zone") or (known or program).time_zone,
        "language": record.get("language") or (known.language if known else "en"),
    }


def _channels(record: RosterRow, given: dict[str, Any]) -> list[Channel]:
    """The channels this person agreed to be reminded by (P9)."""
    for word in record.list_of("opted_in"):
        if word not in CELL_OF:
            raise Invalid(N_("Write email, sms, or both."), field="opted_in")
        if not given[CELL_OF[Channel(word)]]:
            raise Invalid(
                N_("There is no %(cell)s to write to."),
                field="opted_in",
                cell=CELL_OF[Channel(word)],
            )
    return [Channel(word) for word in record.list_of("opted_in")]


def _says_nothing_new(
    desk: _Desk,
    known: Person,
    given: dict[str, Any],
    roles: list[str] | None,
    status: str | None,
    opted_in: list[Channel],
) -> bool:
    live = list(desk.store.scalars(addresses.of(known.id))) if opted_in else []
    agreed = {(address.channel, address.value) for address in live if address.opted_in_at}
    return (
        all(getattr(known, name) == value for name, value in given.items())
        and (roles is None or set(roles) == known.role_names)
        and status in (None, known.status)
        and all((channel, given[CELL_OF[channel]]) in agreed for channel in opted_in)
    )


def team(desk: _Desk, record: RosterRow) -> str:
    """Name a client's care team."""
    client = desk.somebody(record.ref, "ref")
    if client.kind != Kind.CLIENT:
        raise Invalid(N_("%(ref)s is not a client."), field="ref", ref=record.ref)
    known = desk.store.get(CareTeam, client.id)
    roles = ("counselor", "supervisor", "coordinator")
    named: dict[str, Any] = {
        role: desk.named(record, role) or (getattr(known, role) if known else None)
        for role in roles
    }
    if known and all(getattr(known, role) == somebody for role, somebody in named.items()):
        return SAME
    _, new = teams.set_care_team(desk.store, client, **named, **desk.acting)
    return NEW if new else CHANGED


def couple(desk: _Desk, record: RosterRow) -> str:
    """Form a couple."""
    partners = record.list_of("partners")
    if len(partners) != 2:
        raise Invalid(N_("Name two people, with a space between."), field="partners")
    a, b = (desk.somebody(ref, "partners") for ref in partners)
    where = (Couple.program_id == desk.program.id, Couple.ref == record.ref)
    known = desk.store.scalar(select(Couple).where(*where))
    therapist = desk.named(record, "therapist") or (known.therapist if known else None)
    if known and not known.ended_at and (known.a, known.b, known.therapist) == (a, b, therapist):
        return SAME
    _, new = teams.form_couple(
        desk.store, desk.program, record.ref, a, b, therapist=therapist, **desk.acting
    )
    return NEW if new else CHANGED


def pattern(desk: _Desk, record: RosterRow) -> str:
    """Plan a series; its sessions follow."""
    given = _pattern_given(desk, record)
    where = (Series.program_id == desk.program.id, Series.ref == record.ref)
    known = desk.store.scalar(select(Series).where(*where))
    if known and "seats" not in record.cells:
        given["clients"] = [member.client for member in known.members]
    if known and _same_pattern(known, given):
        return SAME
    _, new = series.put(desk.store, desk.program, record.ref, **given, **desk.acting)
    return NEW if new else CHANGED


def _pattern_given(desk: _Desk, record: RosterRow) -> dict[str, Any]:
    host = desk.named(record, "host")
    given: dict[str, Any] = {name: record.get(name) for name in ("title", "rrule", "join_url")}
    given["dial_in"] = dial_ins.parse(record.cells["dial_in"]) if record.get("dial_in") else None
    given |= {"host": host, "time_zone": record.get("time_zone") or desk.program.time_zone}
    given |= {name: read(record.cells[name]) for name, read in cells.PATTERN.items()}
    given["clients"] = [desk.somebody(ref, "seats") for ref in record.list_of("seats")]
    return given


PATTERN_COLUMNS = ["kind", "title", "rrule", "join_url", "dial_in", "host", "time_zone", "capacity"]


def _same_pattern(known: Series, given: dict[str, Any]) -> bool:
    return (
        known.local_start == given["local_start"].isoformat(timespec="seconds")
        and known.duration == given["duration"]
        and {member.client_id for member in known.members} == {c.id for c in given["clients"]}
        and all(getattr(known, name) == given[name] for name in PATTERN_COLUMNS)
    )


WRITERS: dict[str, Callable[[_Desk, RosterRow], str]] = {
    "person": person,
    "team": team,
    "couple": couple,
    "series": pattern,
}
