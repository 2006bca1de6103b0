"""Backup plans: what a client will do when something comes up, in their own words, shown to them when they have trouble (M26)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

PARTS = ("place", "device", "childcare", "dial_in", "note")
LONGEST = 1000


class BackupPlan(Base):
    """One version of a client's plan; the newest counts. Any part may be empty."""

    __tablename__ = "backup_plan"
    __table_args__ = (Index("ix_backup_plan_client", "client_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(SealedText, default="")
    device: Mapped[str] = mapped_column(SealedText, default="")
    childcare: Mapped[str] = mapped_column(SealedText, default="")
    dial_in: Mapped[str] = mapped_column(SealedText, default="")
    """The telephone they would join by."""
    note: Mapped[str] = mapped_column(SealedText, default="")
    written_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @property
    def parts(self) -> dict[str, str]:
        """The parts that are not empty."""
        return {name: getattr(self, name) for name in PARTS if getattr(self, name)}


def write(
    store: Store, client: Person, parts: dict[str, str], *, by: Person | None, now: datetime
) -> BackupPlan:
    """Create a new version; parts left out are empty. Without a change the newest version is returned. Raises Invalid,
    Forbidden."""
    if by is not None and by.kind != Kind.STAFF and by.id != client.id:
        raise Forbidden()
    texts = {name: (parts.get(name) or "").strip() for name in PARTS}
    for name, words in texts.items():
        if len(words) > LONGEST:
            raise Invalid(N_("Keep it under %(most)s letters."), field=name, most=LONGEST)
    last = store.scalar(of(client.id))
    if last is not None and last.parts == {name: words for name, words in texts.items() if words}:
        return last
    plan = BackupPlan(client_id=client.id, written_at=now, by_id=by.id if by else None, **texts)
    store.add(plan)
    store.flush()
    events.record(store, Tag.BACKUP_PLAN_WRITTEN, client=client, by=by, now=now, plan=plan.id)
    return plan


def of(client_id: int) -> Select[BackupPlan]:
    """The newest version of a client's plan: one row or none."""
    mine = select(BackupPlan).where(BackupPlan.client_id == client_id)
    return mine.order_by(BackupPlan.id.desc()).limit(1)
