"""Heartbeats of the worker and of the platforms that feed presence, so that their silence is noticed (R5)."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.db import Base, Store

SILENT_AFTER = timedelta(minutes=2)


class Heartbeat(Base):
    """`name`: `worker`, or `feed:<program id>` for a platform that feeds presence."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]


def beat(store: Store, name: str, now: datetime, *others: str) -> None:
    """Record that `name` is alive at `now`, and those of `others` that have a heartbeat already. Two first beats at the same
    instant are harmless."""
    names = [name, *others]
    beaten = update(Heartbeat).where(Heartbeat.name.in_(names)).values(beat_at=now)
    if not set(store.scalars(beaten.returning(Heartbeat.name))) & {name}:
        store.execute(insert_or_ignore(store, Heartbeat).values(name=name, beat_at=now))


def silent(store: Store, name: str, now: datetime, after: timedelta = SILENT_AFTER) -> bool:
    """Whether there was no heartbeat within `after`, or never one."""
    last = store.scalar(select(Heartbeat.beat_at).where(Heartbeat.name == name))
    return last is None or now - last > after
