"""Programs, and the versions of their policies. One installation serves several programs, isolated from one another."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple, Protocol, TypeVar
from zoneinfo import available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
from sqlalchemy import JSON, ForeignKey, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.bulk import among, rows
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.policy import Policy
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

CONTINENTS = {
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Brazil", "Canada",
    "Chile", "Europe", "Indian", "Mexico", "Pacific", "US",
}  # fmt: skip
"""How the IANA names of zones begin that are somewhere."""


class Program(Base):
    """One IOP track of a provider. `ref` names it in the API and on the command line."""

    __tablename__ = "program"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    time_zone: Mapped[str]
    demo: Mapped[bool] = mapped_column(default=False)
    help_phone: Mapped[str | None]
    """The help desk's number (E.164), for clients who can't reach the app."""
    created_at: Mapped[datetime]

    policies: Mapped[list["PolicyVersion"]] = relationship(order_by="PolicyVersion.version")


class PolicyVersion(Base):
    """A program's policy from `created_at` on: it holds for sessions that start after that instant."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("program_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    version: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @property
    def policy(self) -> Policy:
        return _parsed(self.body)


class DatedPolicy(NamedTuple):
    """A policy and when it was made: `PolicyVersion` without the row."""

    created_at: datetime
    policy: Policy


class _Dated(Protocol):
    @property
    def created_at(self) -> datetime: ...


Version = TypeVar("Version", bound=_Dated)


def _parsed(body: dict[str, Any]) -> Policy:
    """The policy that a version's body holds. Each is parsed once in a process."""
    return _from_text(json.dumps(body, sort_keys=True))


@lru_cache(maxsize=512)
def _from_text(body: str) -> Policy:
    return Policy.from_json(json.loads(body))


def known_zone(name: str, field: str = "time_zone") -> str:
    """Return the IANA time zone of this name, or of this name that Windows has for it; else raise Invalid for `field`."""
    found = name if name in zones() else WINDOWS_TO_OLSON.get(name, name)
    if found not in zones():
        raise Invalid(
            N_("%(name)s is not the time zone of a place. Use a name like America/New_York."),
            field=field,
            name=name[:64],
        )
    return found


@cache
def zones() -> frozenset[str]:
    """The names of the IANA time zones that are somewhere, and UTC. Others have no place whose clocks they follow: `EST` knows no
    summer, `localtime` is another one on each machine, `Etc/GMT+5` lies five hours behind."""
    return frozenset(
        name
        for name in available_timezones()
        if name == "UTC" or (name.partition("/")[0] in CONTINENTS and "/" in name)
    )


@cache
def zone_names() -> frozenset[str]:
    """Every name that `known_zone` takes."""
    return zones() | {name for name, zone in WINDOWS_TO_OLSON.items() if zone in zones()}


def create(
    store: Store,
    name: str,
    *,
    ref: str,
    time_zone: str,
    policy: dict[str, Any] | None = None,
    by: Any = None,
    now: datetime,
) -> Program:
    """Create a program with the default policy, or with `policy` (JSON). Raises Invalid naming the field."""
    if not name.strip():
        raise Invalid(N_("A program needs a name."), field="name")
    if store.scalar(select(Program.id).where(Program.ref == ref)):
        raise Invalid(N_("There is a program called %(ref)s already."), field="ref", ref=ref)
    program = Program(ref=ref, name=name.strip(), time_zone=known_zone(time_zone), created_at=now)
    store.add(program)
    store.flush()
    events.record(store, Tag.PROGRAM_CREATED, by=by, now=now, program_id=program.id)
    change_policy(store, program, policy or {}, by=by, now=now)
    return program


def change_policy(
    store: Store, program: Program, body: dict[str, Any], *, by: Any, now: datetime
) -> PolicyVersion:
    """Add a version of the policy, for sessions that start after `now` (docs/protocol.md, *Policy*).
    Fields left out have their defaults.

    Raises Invalid naming the field.
    """
    policy = Policy.from_json(body)
    version = PolicyVersion(
        program_id=program.id,
        version=len(program.policies) + 1,
        body=policy.to_json(),
        created_at=now,
        by_id=by and by.id,
    )
    program.policies.append(version)
    store.flush()
    events.record(
        store,
        Tag.POLICY_CHANGED,
        by=by,
        now=now,
        program_id=program.id,
        version=version.version,
    )
    return version


def set_help_phone(
    store: Store, program: Program, number: str | None, *, by: Any, now: datetime
) -> None:
    """Set the help desk's number (E.164) for this program's clients; None: there is none. The same again changes nothing."""
    if number != program.help_phone:
        program.help_phone = number
        events.record(store, Tag.HELP_PHONE_SET, by=by, now=now, program_id=program.id)


def in_force(versions: Sequence[Version], instant: datetime) -> Version:
    """The version in force at `instant` (aware): the newest made until then, or else the first. `versions`: all of one
    program, oldest first. A session is under the version in force at its start (docs/protocol.md)."""
    before = [version for version in versions if version.created_at <= instant]
    return before[-1] if before else versions[0]


def version_at(store: Store, program_id: int, instant: datetime) -> PolicyVersion:
    """The row of the program's policy in force at `instant` (aware). At most two statements."""
    return in_force(store.get_one(Program, program_id).policies, instant)


def policy_at(store: Store, program_id: int, instant: datetime) -> Policy:
    """The program's policy in force at `instant` (aware). One statement."""
    return in_force(policies_of(store, [program_id])[program_id], instant).policy


def policies_of(store: Store, program_ids: Collection[int]) -> dict[int, list[DatedPolicy]]:
    """program → all versions of its policy, oldest first, for `in_force`. One statement; grows with the versions."""
    query = (
        select(PolicyVersion.program_id, PolicyVersion.created_at, PolicyVersion.body)
        .where(among(store, PolicyVersion.program_id, program_ids))
        .order_by(PolicyVersion.version)
    )
    found: dict[int, list[DatedPolicy]] = {}
    for program_id, created_at, body in rows(store, query):
        found.setdefault(program_id, []).append(DatedPolicy(created_at, _parsed(body)))
    return found


def by_ref(ref: str) -> Select[Program]:
    return select(Program).where(Program.ref == ref)
