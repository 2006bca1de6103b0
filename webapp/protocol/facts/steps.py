"""Steps: what became of each rung for each seat, taken or not, as rows."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_missing
from webapp.db import Base, Store
from webapp.protocol.ladder.rungs import TAKEN

EXPIRED, STOOD_DOWN = "expired", "stood_down"
COLUMNS = ("seat_id", "rung", "occurrence", "due_at", "taken_at", "result", "why")
StepRow = tuple[int, str, int, datetime, datetime | None, str, str | None]


class Step(Base):
    """One rung for one seat at one time of day. The key makes a repeat harmless: nothing is taken twice.

    `occurrence` is the start the step was for, in epoch seconds: a moved session has steps of its own, and one moved
    back keeps those it had. `result` is taken, expired or stood_down; `why` a key of `rungs.WHY`. `taken_at` is null for
    a step that was not taken. Growth: up to nine rows for a seat whose client never comes, three for one whose client does.
    """

    __tablename__ = "step"

    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), primary_key=True)
    rung: Mapped[str] = mapped_column(primary_key=True)
    occurrence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    due_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    result: Mapped[str]
    why: Mapped[str | None]


def occurrence_of(starts_at: datetime) -> int:
    """Which occurrence a start is: its epoch second."""
    return int(starts_at.timestamp())


def result_of(why: str) -> str:
    """The result of a step that was decided for the reason `why` (empty when there was none against it)."""
    if why in ("", "joined_review"):
        return TAKEN
    return EXPIRED if why == "expired" else STOOD_DOWN


def write(store: Store, rows: Iterable[StepRow]) -> int:
    """Write steps (tuples in the order of `COLUMNS`); those that are there already stay as they are."""
    return insert_missing(store, Step.__table__, COLUMNS, list(rows))  # type: ignore[arg-type]
