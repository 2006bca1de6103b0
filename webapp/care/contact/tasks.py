"""Tasks of staff, with owner, due instant, acknowledgement and outcome. Open ones never disappear by themselves (rule 9)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Select, or_, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import contacts
from webapp.care.contact.contacts import Outcome
from webapp.care.directory import programs
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.teams import in_care_of
from webapp.care.schedule.sessions import Seat, Session, look_again
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, AlreadyDone, Invalid

NEXT_ATTEMPT = timedelta(hours=2)
"""When to try again after nobody answered, unless the caller says otherwise."""
SOONEST = {"crisis": timedelta(minutes=15)}
"""Kinds whose next attempt is not put off longer than this, unless the client named the time (rule 16)."""


class TaskKind(StrEnum):
    OUTREACH = "outreach"
    RELATIONAL = "relational"
    ESCALATION = "escalation"
    REENGAGEMENT = "reengagement"
    PATTERN_REVIEW = "pattern_review"
    MARK_ROOM = "mark_room"
    MATCH_GUEST = "match_guest"
    TECH_HELP = "tech_help"
    EMERGENCY_REVIEW = "emergency_review"
    SET_ASIDE = "set_aside"
    CRISIS = "crisis"
    """Words of self-harm or crisis came in (crises.py)."""
    TEXT = "text"
    """A text came of which nobody knows for sure whose it is."""
    WRONG_NUMBER = "wrong_number"
    """A number on file belongs to somebody else."""
    TELL_CHANGE = "tell_change"
    """A client's times changed, and no address is left to tell them at."""


ROLE_FOR: dict[str, RoleName] = {
    TaskKind.OUTREACH: RoleName.COUNSELOR,
    TaskKind.RELATIONAL: RoleName.COUPLES_THERAPIST,
    TaskKind.ESCALATION: RoleName.SUPERVISOR,
    TaskKind.REENGAGEMENT: RoleName.COUNSELOR,
    TaskKind.PATTERN_REVIEW: RoleName.COUNSELOR,
    TaskKind.MARK_ROOM: RoleName.COORDINATOR,
    TaskKind.MATCH_GUEST: RoleName.COORDINATOR,
    TaskKind.TECH_HELP: RoleName.TECHNICIAN,
    TaskKind.EMERGENCY_REVIEW: RoleName.SUPERVISOR,
    TaskKind.SET_ASIDE: RoleName.COORDINATOR,
    TaskKind.CRISIS: RoleName.COUNSELOR,
    TaskKind.TEXT: RoleName.COORDINATOR,
    TaskKind.WRONG_NUMBER: RoleName.COORDINATOR,
    TaskKind.TELL_CHANGE: RoleName.COORDINATOR,
}
ABOUT_ROOMS = (TaskKind.MARK_ROOM, TaskKind.MATCH_GUEST)
"""Questions about who is in a room: its host is asked first, then the coordinator (rule 7)."""
PLANNED = "planned"
"""The outcome of a task to plan the way back once the plan is written."""
CLOSED = "closed"
"""An outcome besides `Outcome`: staff end the task with a reason, for example an unreachable client (rule 9)."""
ENDING = (Outcome.REACHED, Outcome.DECLINED, CLOSED)
"""Outcomes that end a task. After any other it stays open, with a next attempt."""


class Task(Base):
    """One task. `key` makes a repeat harmless: one task for a seat and rung, one open review for a client. `withdrawn`: it was no
    longer needed."""

    __tablename__ = "task"
    __table_args__ = (
        Index(
            "ix_task_open", "program_id", "due_at",
            sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL"),
        ),
        Index(
            "ix_task_owner_open", "owner_id",
            sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL"),
        ),
        Index("ix_task_client", "client_id", "created_at"),
        Index("ix_task_seat", "seat_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    role: Mapped[str]
    client_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """None: nobody has the role, and everybody who may see the client sees the task."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    nudged_at: Mapped[datetime | None]
    raised_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str | None]
    """An ending outcome, or why it was withdrawn: `joined`, `contact`, `session_cancelled` …"""
    withdrawn: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None] = mapped_column(SealedText)
    brief: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """For the owner: evidence, prompts, proposals, seats joined to a review. Enum values and ids."""

    client: Mapped[Person | None] = relationship(foreign_keys=client_id)
    owner: Mapped[Person | None] = relationship(foreign_keys=owner_id)
    seat: Mapped[Seat | None] = relationship()
    session: Mapped[Session | None] = relationship()
    attempts: Mapped[list["Attempt"]] = relationship(order_by="Attempt.id")

    @hybrid_property
    def is_acknowledged(self) -> bool:
        """Its owner has seen it."""
        return self.acknowledged_at != None

    @hybrid_property
    def is_open(self) -> bool:
        """Still to be done."""
        return self.done_at == None

    def acknowledge(self, store: Store, *, by: Person, now: datetime) -> None:
        """Record that `by` has seen it, which ends nudges. Twice is the same. Raises AlreadyDone."""
        if not self.is_open:
            raise AlreadyDone()
        if self.acknowledged_at is None:
            self.acknowledged_at, self.acknowledged_by_id = now, by.id
            events.record(store, Tag.TASK_ACKNOWLEDGED, task=self, by=by, now=now)

    def hand_over(
        self, store: Store, owner_id: int | None, *, by: Person | None, now: datetime
    ) -> None:
        """Give it to another owner, unacknowledged; `owner_id` None: nobody has the role (rule 9)."""
        self.owner_id = owner_id
        self.acknowledged_at = self.acknowledged_by_id = None
        events.record(store, Tag.TASK_HANDED_OVER, task=self, by=by, now=now, owner=owner_id)

    def finish(
        self,
        store: Store,
        outcome: str,
        *,
        by: Person | None,
        now: datetime,
        note: str | None = None,
    ) -> None:
        """Close it as done; `by` None: its outcome came about by itself. Nothing happens to a closed one."""
        if self.is_open:
            self.done_at, self.done_by_id = now, by.id if by else None
            self.outcome, self.note = outcome, note
            events.record(store, Tag.TASK_DONE, task=self, by=by, now=now, outcome=outcome)

    def withdraw(self, store: Store, why: str, *, by: Person | None, now: datetime) -> None:
        """Close it as no longer needed; it stays in the chart (rule 2). Nothing happens to a closed one."""
        if self.is_open:
            self.done_at, self.outcome, self.withdrawn = now, why, True
            events.record(store, Tag.TASK_WITHDRAWN, task=self, by=by, now=now, why=why)


class Attempt(Base):
    """One attempt at a task: its outcome, and when to try next."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_task", "task_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    outcome: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None] = mapped_column(SealedText)
    next_at: Mapped[datetime | None]


def attempt(
    store: Store,
    task: Task,
    outcome: str,
    *,
    by: Person,
    now: datetime,
    note: str | None = None,
    next_at: datetime | None = None,
    channel: str = "call",
) -> Attempt:
    """Record an attempt at a task. `reached`, `declined` and `closed` (which needs a note) end it; after any other outcome it stays
    open and is due again at `next_at` (default in two hours; `call_back_at` needs it). Except for `closed` it is also
    recorded as a contact. A question about a room ends by what somebody says of it, so none of the three ends it (rule 7). The very same again within `contacts.DOUBLE_TAP` returns what was recorded. Raises Invalid,
    AlreadyDone."""
    if not task.is_open:
        raise AlreadyDone()
    if task.kind in ABOUT_ROOMS and outcome in ENDING:
        raise Invalid(N_("Say on the room's page who was there, or that nobody else was. That answers this."), field="outcome")  # fmt: skip
    _check_outcome(outcome, note, next_at, now)
    for same in task.attempts[-1:]:
        said = (same.outcome, same.by_id, same.note) == (outcome, by.id, note)
        if said and now - same.at < contacts.DOUBLE_TAP:
            return same
    ends = outcome in ENDING
    tried = Attempt(task_id=task.id, outcome=outcome, at=now, by_id=by.id, note=note)
    if not ends:
        by_word = next_at if outcome == Outcome.CALL_BACK_AT else None
        tried.next_at = by_word or next_attempt(task, now, next_at)
    task.attempts.append(tried)
    if task.acknowledged_at is None:
        task.acknowledged_at, task.acknowledged_by_id = now, by.id
    if ends:
        task.finish(store, outcome, by=by, now=now, note=note)
    else:
        assert tried.next_at is not None
        task.due_at = tried.next_at
        events.record(
            store, Tag.TASK_ATTEMPTED, task=task, by=by, now=now, outcome=outcome,
            due_at=task.due_at,
        )  # fmt: skip
    if task.client and outcome != CLOSED:
        contacts.record(
            store, task.client, channel=channel, outcome=outcome, by=by, now=now, seat=task.seat
        )  # fmt: skip
    if task.seat_id:
        look_again(store, now, id=task.seat_id)
    return tried


def next_attempt(task: Task, now: datetime, asked: datetime | None = None) -> datetime:
    """When to try again after nobody answered: at `asked`, by default in two hours, and for some kinds sooner (`SOONEST`)."""
    asked = asked or now + NEXT_ATTEMPT
    return min(asked, now + SOONEST[task.kind]) if task.kind in SOONEST else asked


def _check_outcome(outcome: str, note: str | None, next_at: datetime | None, now: datetime) -> None:
    if outcome not in (*Outcome, CLOSED):
        raise Invalid(N_("%(name)s is not an outcome."), field="outcome", name=outcome)
    if outcome == CLOSED and not (note or "").strip():
        raise Invalid(N_("Say why this is closed."), field="note")
    if outcome == Outcome.CALL_BACK_AT and next_at is None:
        raise Invalid(N_("Say when to call back."), field="call_back_at")
    if next_at and next_at <= now:
        raise Invalid(N_("The next attempt lies in the future."), field="call_back_at")


def open_one(
    store: Store,
    *,
    key: str,
    kind: str,
    program_id: int,
    due_at: datetime,
    now: datetime,
    client: Person | None = None,
    seat: Seat | None = None,
    session: Session | None = None,
    owner_id: int | None = None,
    brief: dict[str, Any] | None = None,
    by: Person | None = None,
) -> Task:
    """Create a task, or return the one with this `key`."""
    task = store.scalar(select(Task).where(Task.key == key))
    if task:
        return task
    task = Task(
        program_id=program_id, key=key, kind=kind, role=ROLE_FOR[kind], client=client, seat=seat,
        session=session or (seat.session if seat else None), owner_id=owner_id, created_at=now,
        due_at=due_at, brief=brief or {}, withdrawn=False,
    )  # fmt: skip
    store.add(task)
    store.flush()
    events.record(
        store, Tag.TASK_OPENED, task=task, by=by, now=now, owner=owner_id,
        due_at=due_at,
    )  # fmt: skip
    return task


def call_again(store: Store, seat: Seat, *, by: Person | None, now: datetime) -> None:
    """Open anew the calls that the client's report about this seat had ended by itself, once they have taken it back while the session is
    on: who says that they come and isn't there is called for after all. As before, the call ends by itself once they join (rule 2).
    Does nothing while one is open, or before any was."""
    session = seat.session
    if session.cancelled_at or not session.starts_at <= now < session.ends_at:
        return
    calls = select(Task).where(
        Task.seat_id == seat.id, Task.kind.in_((TaskKind.OUTREACH, TaskKind.RELATIONAL))
    )
    latest = {task.kind: task for task in store.scalars(calls.order_by(Task.id))}
    for ended in latest.values():
        if ended.outcome == "reported" and ended.done_by_id is None:
            open_one(
                store, key=f"{ended.key}:{ended.id}", kind=ended.kind, program_id=ended.program_id,
                due_at=now + programs.policy_at(store, ended.program_id, now).outreach_due, now=now,
                client=ended.client, seat=seat, owner_id=ended.owner_id, brief={**ended.brief}, by=by,
            )  # fmt: skip


def program_of(task_id: int) -> Select[int]:
    """The program of a task."""
    return select(Task.program_id).where(Task.id == task_id)


def visible_to(me: Person) -> Select[Task]:
    """Tasks `me` may see: their own, and those of their roles for clients in their care; supervisors, coordinators and
    administrators all of the program (S1)."""
    query = select(Task).where(Task.program_id == me.program_id)
    if me.kind != Kind.STAFF:
        return query.where(text("1 = 0"))
    if me.has_role(RoleName.SUPERVISOR, RoleName.COORDINATOR, RoleName.ADMIN):
        return query
    mine = Task.role.in_(me.role_names) & or_(
        Task.client_id.is_(None), in_care_of(me, Task.client_id)
    )
    return query.where(or_(Task.owner_id == me.id, mine))
