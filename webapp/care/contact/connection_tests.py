"""Results of tests that a client's device ran on its connection, camera and microphone (M15). No sound or picture is kept."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.directory.people import Person
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

FRESH = timedelta(hours=1)
"""How long a result counts as current."""


class Check(StrEnum):
    NETWORK = "network"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    BROWSER = "browser"
    CLOCK = "clock"


class Result(StrEnum):
    GOOD = "good"
    WEAK = "weak"
    """Present but not good enough: a slow network, a wrong clock, an old browser."""
    BLOCKED = "blocked"
    """Not allowed in the browser's settings."""
    BUSY = "busy"
    """Another app is using it."""
    MISSING = "missing"
    UNKNOWN = "unknown"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _few_numbers(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 20 and all(map(_number, value))


def _word(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[\w .:/×-]{1,40}", value) is not None


def _agent(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 400 and "\0" not in value


FACTS: dict[str, Callable[[Any], bool]] = {
    "round_trips": _few_numbers,
    "kbit": _number,
    "skew": _number,
    "cameras": _number,
    "microphones": _number,
    "connection": _word,
    "screen": _word,
    "camera_trouble": _word,
    "microphone_trouble": _word,
    "agent": _agent,
}
"""Fact → its check. `round_trips`: milliseconds each; `kbit`: kilobits a second down; `skew`: seconds by which the device's clock
is ahead of ours; `connection`: the browser's name for it; `…_trouble`: the browser's name of the error; `agent`: User-Agent."""


class SelfTest(Base):
    """One run: a `Result` for each `Check` that was made. Growth: a row a run."""

    __tablename__ = "self_test"
    __table_args__ = (Index("ix_self_test_person", "person_id", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    results: Mapped[dict[str, Any]] = mapped_column(JSON)
    round_trip: Mapped[float | None]
    """The network's, in milliseconds."""
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """More for technicians: see `FACTS`."""


def keep(
    store: Store,
    results: Mapping[str, str],
    *,
    by: Person,
    now: datetime,
    round_trip: float | None = None,
    facts: Mapping[str, Any] | None = None,
) -> SelfTest:
    """Store a run on `by`'s device; `round_trip` in milliseconds. Raises Invalid for checks, results and facts we don't know."""
    for check, result in results.items():
        if check not in list(Check) or result not in list(Result):
            raise Invalid(N_("This is not a result we know."), field="results")
    if round_trip is not None and not (_number(round_trip) and 0 <= round_trip < 600_000):
        raise Invalid(N_("Write the round trip in milliseconds."), field="round_trip")
    for name, value in (facts or {}).items():
        if name not in FACTS or not FACTS[name](value):
            raise Invalid(N_("This is not a fact we know."), field="facts")
    made = SelfTest(
        person_id=by.id, made_at=now, results=dict(results), round_trip=round_trip,
        facts=dict(facts) if facts else None,
    )  # fmt: skip
    store.add(made)
    store.flush()
    return made


def latest(person_id: int, as_of: datetime) -> Select[SelfTest]:
    """The person's latest run within the last hour: one row or none."""
    mine = select(SelfTest).where(SelfTest.person_id == person_id)
    fresh = mine.where(SelfTest.made_at > as_of - FRESH, SelfTest.made_at <= as_of)
    return fresh.order_by(SelfTest.id.desc()).limit(1)
