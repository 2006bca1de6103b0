"""Self-tests: what a phone found out about its own connection, camera and microphone (M15). Nothing that was said or seen."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.people import Person
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

FRESH = timedelta(hours=1)
"""How long a result says something about the present."""


class Check(StrEnum):
    NETWORK = "network"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    BROWSER = "browser"


class Result(StrEnum):
    GOOD = "good"
    WEAK = "weak"
    BLOCKED = "blocked"
    """Not allowed in the browser's settings."""
    MISSING = "missing"
    UNKNOWN = "unknown"


class SelfTest(Base):
    """One run: a `Result` for each `Check` that was made, and the network's round trip. Growth: a row a run."""

    __tablename__ = "self_test"
    __table_args__ = (Index("ix_self_test_person", "person_id", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    results: Mapped[dict[str, Any]] = mapped_column(JSON)
    round_trip: Mapped[float | None]
    """Milliseconds."""


def keep(
    store: Store,
    results: Mapping[str, str],
    *,
    by: Person,
    now: datetime,
    round_trip: float | None = None,
) -> SelfTest:
    """Keep what `by`'s phone found. Raises Invalid for words we don't know."""
    for check, result in results.items():
        if check not in list(Check) or result not in list(Result):
            raise Invalid(N_("This is not a result we know."), field="results")
    if round_trip is not None and not 0 <= round_trip < 600_000:
        raise Invalid(N_("Write the round trip in milliseconds."), field="round_trip")
    made = SelfTest(
        person_id=by.id, made_at=now, results=dict(results), round_trip=round_trip
    )  # fmt: skip
    store.add(made)
    store.flush()
    return made


def latest(person_id: int, as_of: datetime) -> Select[SelfTest]:
    """The last result that still says something."""
    mine = select(SelfTest).where(SelfTest.person_id == person_id)
    fresh = mine.where(SelfTest.made_at > as_of - FRESH, SelfTest.made_at <= as_of)
    return fresh.order_by(SelfTest.id.desc()).limit(1)
