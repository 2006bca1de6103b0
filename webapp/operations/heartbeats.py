"""Heartbeats: every loop and feed says that it lives, so that silence is seen (R5)."""

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
    """I live. Also when two say it for the first time at once. `others` beat along if they ever did."""
    names = [name, *others]
    beaten = update(Heartbeat).where(Heartbeat.name.in_(names)).values(beat_at=now)
    if not set(store.scalars(beaten.returning(Heartbeat.name))) & {name}:
        store.execute(insert_or_ignore(store, Heartbeat).values(name=name, beat_at=now))


def silent(store: Store, name: str, now: datetime, after: timedelta = SILENT_AFTER) -> bool:
    """Whether nothing was heard for `after`; true also when nothing ever was."""
    last = store.scalar(select(Heartbeat.beat_at).where(Heartbeat.name == name))
    return last is None or now - last > after
