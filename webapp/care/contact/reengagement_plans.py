"""Re-engagement plans, which staff write together with a client after a missed session (M14)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import tasks
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session, look_again
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

LONGEST, MOST_STEPS, LONGEST_STEP = 2000, 20, 200
"""Letters of the barrier and of the note; steps of a plan, and letters of each."""


class Plan(Base):
    """What both agreed on: `steps` (`make_up`, `other_times`, `resources`, `check_ins` …), and `note` in free words."""

    __tablename__ = "plan"
    __table_args__ = (Index("ix_plan_client", "client_id", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    barrier: Mapped[str | None] = mapped_column(SealedText)
    steps: Mapped[list[Any]] = mapped_column(JSON, default=list)
    note: Mapped[str | None] = mapped_column(SealedText)
    made_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


def make(
    store: Store,
    client: Person,
    *,
    by: Person,
    now: datetime,
    seat: Seat | None = None,
    barrier: str | None = None,
    steps: list[Any] | None = None,
    note: str | None = None,
) -> Plan:
    """Create a plan for the miss of `seat`, and end the client's open task to write one; without `seat` it is for the last miss of that
    task. The same words again return the plan that is there. Raises Invalid for an empty one."""
    if not steps and not (note or "").strip():
        raise Invalid(N_("A plan has at least one step or a note."), field="steps")
    if len(steps or ()) > MOST_STEPS or any(len(str(each)) > LONGEST_STEP for each in steps or ()):
        raise Invalid(N_("At most %(most)s steps, in a few words each."), field="steps", most=MOST_STEPS)  # fmt: skip
    for field, words in (("barrier", barrier), ("note", note)):
        if len(words or "") > LONGEST:
            raise Invalid(N_("Keep it under %(most)s letters."), field=field, most=LONGEST)
    asked = store.scalar(asked_for(client.id))
    if seat is None and asked:
        seat = missed_of(store, asked)
    said = (seat and seat.id, barrier, steps or [], note, by.id)
    earlier = select(Plan).where(Plan.client_id == client.id).order_by(Plan.id.desc()).limit(1)
    for latest in store.scalars(earlier):
        if said == (
            latest.seat_id if seat else None,
            latest.barrier,
            latest.steps,
            latest.note,
            latest.by_id,
        ):
            return latest
    plan = Plan(
        client_id=client.id, seat_id=seat and seat.id, barrier=barrier, steps=steps or [],
        note=note, made_at=now, by_id=by.id,
    )  # fmt: skip
    store.add(plan)
    store.flush()
    look_again(store, now, client_id=client.id)
    events.record(store, Tag.PLAN_MADE, client=client, seat=seat, by=by, now=now, plan=plan.id)
    if asked:
        asked.finish(store, tasks.PLANNED, by=by, now=now)
    return plan


def asked_for(client_id: int) -> Select[Task]:
    """The open task to write a plan with this client; there is one at a time."""
    return select(Task).where(
        Task.client_id == client_id, Task.is_open, Task.kind == TaskKind.REENGAGEMENT
    )


def missed_of(store: Store, task: Task) -> Seat | None:
    """The latest missed seat that a task is about."""
    theirs = select(Seat).join(Session, Session.id == Seat.session_id)
    about = task.brief.get("seats", [task.seat_id])
    seats = theirs.where(Seat.id.in_(about), Seat.client_id == task.client_id)
    return store.scalar(seats.order_by(Session.starts_at.desc()).limit(1))
