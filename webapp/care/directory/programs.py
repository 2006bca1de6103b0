"""Programs and their policies. Several programs live in one installation, walled off from one another."""

import json
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import JSON, ForeignKey, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.policy import Policy, PolicyError
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid


class Program(Base):
    """One IOP track of a provider. `ref` is its name in the API and on the command line."""

    __tablename__ = "program"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    time_zone: Mapped[str]
    demo: Mapped[bool] = mapped_column(default=False)
    help_phone: Mapped[str | None]
    """Whom a client rings when the app itself can't be reached: the help desk, E.164."""
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
        return policy_of(self.body)


def policy_of(body: dict[str, Any]) -> Policy:
    """What a version's body says, read once for all who ask."""
    return _read(json.dumps(body, sort_keys=True))


@lru_cache(maxsize=256)
def _read(written: str) -> Policy:
    return Policy.from_json(json.loads(written))


def known_zone(name: str, field: str = "time_zone") -> str:
    """`name` if it is an IANA time zone; else raises Invalid."""
    if name not in zones():
        raise Invalid(
            N_("%(name)s is not a time zone we know. Use a name like America/New_York."),
            field=field,
            name=name,
        )
    return name


@cache
def zones() -> frozenset[str]:
    """The IANA time zones this machine knows."""
    return frozenset(available_timezones())


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
    """A new program with the default policy, or the one given. Raises Invalid naming the field."""
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
    """A new version of the policy, for sessions that start after `now` (docs/protocol.md, *Policy*). Raises Invalid naming the field.

    Fields left out keep their defaults.
    """
    policy = read_policy(body)
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
    """The help desk's number (E.164) for this program's clients; None: there is none. The same again changes nothing."""
    if number != program.help_phone:
        program.help_phone = number
        events.record(store, Tag.HELP_PHONE_SET, by=by, now=now, program_id=program.id)


def read_policy(body: dict[str, Any]) -> Policy:
    """A policy from its JSON. Raises Invalid naming the field."""
    try:
        return Policy.from_json(body)
    except PolicyError as error:
        raise Invalid(error.sentence, field=error.field) from error


def in_force(versions: list[PolicyVersion], starts_at: datetime) -> PolicyVersion:
    """The version a session starting at `starts_at` (aware) is under: the newest made before it started."""
    before = [v for v in versions if v.created_at <= starts_at]
    return before[-1] if before else versions[0]


def by_ref(ref: str) -> Select[Program]:
    return select(Program).where(Program.ref == ref)
