"""Calls for technical help by clients who cannot connect to their session (M15)."""

from collections import Counter
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Select, SQLColumnExpression, func, select

from webapp.care.attendance import absences
from webapp.care.attendance.absences import AbsenceReport, Reason
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses, connection_tests, contacts, task_owners, tasks
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.programs import Program
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.refusals import N_, AlreadyDone, Cancelled, Conflict, Invalid, TooLate

HELP_WITHIN = timedelta(minutes=10)
"""Sooner than any other task, since the client is waiting to join."""


class Solved(StrEnum):
    """How a call for help ended."""

    VIDEO = "video"
    PHONE = "phone"
    NOT_TODAY = "not_today"
    """It could not be solved in time: a technical absence, without outreach."""


def report(store: Store, seat: Seat, *, by: Person | None, now: datetime) -> Task:
    """Open a call for technical help with this seat, or return the open one. It counts as contact, so that the checks stop, but
    not as attendance. The latest connection test of the last hour is added to the task. Raises Cancelled, TooLate."""
    if seat.session.cancelled_at:
        raise Cancelled()
    if now > seat.session.ends_at:
        raise TooLate(N_("This session is over."))
    store.execute(select(Seat.id).where(Seat.id == seat.id).with_for_update(key_share=True))
    task = store.scalar(open_call_for(seat.id)) or _open(store, seat, by, now)
    if tested := store.scalar(connection_tests.latest(seat.client_id, now)):
        result = {"self_test": tested.results, "round_trip": tested.round_trip}
        more = {"facts": tested.facts, "tested_at": tested.made_at.isoformat()}
        task.brief = {**task.brief, **result, **(more if tested.facts else {})}
    return task


def _open(store: Store, seat: Seat, by: Person | None, now: datetime) -> Task:
    calls = select(func.count()).where(Task.seat_id == seat.id, Task.kind == TaskKind.TECH_HELP)
    number = (store.scalar(calls) or 0) + 1
    role = tasks.ROLE_FOR[TaskKind.TECH_HELP]
    task = tasks.open_one(
        store, key=f"{TaskKind.TECH_HELP}:{seat.id}" + (f":{number}" if number > 1 else ""),
        kind=TaskKind.TECH_HELP, program_id=seat.session.program_id, due_at=now + HELP_WITHIN,
        now=now, client=seat.client, seat=seat, by=by,
        owner_id=task_owners.owner_for(store, seat.client, role, now),
    )  # fmt: skip
    events.record(store, Tag.TROUBLE_REPORTED, seat=seat, by=by, now=now)
    contacts.record(
        store, seat.client, channel=ContactChannel.REPLY, outcome=Outcome.REACHED, by=by, now=now,
        seat=seat,
    )  # fmt: skip
    return task


def claim(store: Store, task: Task, *, by: Person, now: datetime) -> None:
    """Make the call `by`'s task. Raises AlreadyDone, and Conflict when a colleague is on it."""
    mine = select(Task).where(Task.id == task.id).with_for_update(key_share=True)
    task = store.scalars(mine.execution_options(populate_existing=True)).one()
    if not task.is_open:
        raise AlreadyDone()
    if task.acknowledged_by_id not in (None, by.id):
        helper = store.get_one(Person, task.acknowledged_by_id)
        raise Conflict(N_("%(name)s is helping already."), name=helper.name)
    if task.owner_id != by.id:
        task.hand_over(store, by.id, by=by, now=now)
    task.acknowledge(store, by=by, now=now)


def finish(store: Store, task: Task, solved: str, *, by: Person, now: datetime) -> None:
    """End the call. `not_today` also reports a technical absence for the client. Raises Invalid, AlreadyDone."""
    if solved not in list(Solved):
        raise Invalid(N_("This is not an outcome."), field="solved")
    if solved == Solved.NOT_TODAY and task.seat is not None and not task.seat.session.cancelled_at:
        absences.report(store, task.seat, by=by, now=now, reason=Reason.TECHNICAL)
    tasks.attempt(store, task, Outcome.REACHED, by=by, now=now)
    task.brief = {**task.brief, "solved": Solved(solved).value}


def open_call_for(seat_id: int) -> Select[Task]:
    """The open call about this seat: one row or none."""
    mine = select(Task).where(Task.seat_id == seat_id, Task.kind == TaskKind.TECH_HELP)
    return mine.where(Task.is_open).order_by(Task.id).limit(1)


def open_calls_of(client_id: int) -> Select[Task]:
    """A client's open calls, oldest first."""
    mine = select(Task).where(Task.client_id == client_id, Task.kind == TaskKind.TECH_HELP)
    return mine.where(Task.is_open).order_by(Task.id)


def open_calls(me: Person) -> Select[Task]:
    """Open calls that `me` may see, earliest due first."""
    return visible_to(me).where(Task.is_open).order_by(Task.due_at, Task.id)


def visible_to(me: Person) -> Select[Task]:
    """Calls that `me` may see, ended ones included: technicians all of their program, who see no chart by it; other staff those
    among the tasks they may see (S1)."""
    query = tasks.visible_to(me)
    if me.kind == Kind.STAFF and me.has_role(RoleName.TECHNICIAN):
        query = select(Task).where(Task.program_id == me.program_id)
    return query.where(Task.kind == TaskKind.TECH_HELP)


def call_back_number(store: Store, client: Person) -> str | None:
    """The telephone number on which to call the client; None when there is none in use, or only unsafe ones (P9)."""
    return next(iter(addresses.numbers_to_call(store, client)), None)


def technical_absences(store: Store, client_id: int, since: datetime, until: datetime) -> int:
    """How many of the client's sessions starting in that time have a technical absence. They are counted apart from other
    absences, since they say nothing about the client (M15)."""
    reported = select(func.count()).select_from(AbsenceReport)
    reported = reported.join(Seat, Seat.id == AbsenceReport.seat_id)
    reported = reported.join(Session, Session.id == Seat.session_id).where(
        Seat.client_id == client_id
    )
    return store.scalar(reported.where(*_technical(since, until))) or 0


def technical_by_week(
    store: Store, program: Program, since: datetime, until: datetime
) -> dict[date, int]:
    """Monday → how many technical absences its week has, in the program's time zone; weeks without any are left out. Cost: grows
    with the program's technical absences in that time."""
    reported = select(Session.starts_at).join(Seat, Seat.session_id == Session.id)
    reported = reported.join(AbsenceReport, AbsenceReport.seat_id == Seat.id)
    reported = reported.where(Session.program_id == program.id, *_technical(since, until))
    zone = ZoneInfo(program.time_zone)
    return dict(Counter(monday(starts_at, zone) for starts_at in store.scalars(reported)))


def monday(instant: datetime, zone: ZoneInfo) -> date:
    """The Monday of the instant's week in `zone`."""
    local = instant.astimezone(zone).date()
    return local - timedelta(days=local.weekday())


def _technical(since: datetime, until: datetime) -> tuple[SQLColumnExpression[bool], ...]:
    return (
        AbsenceReport.reason == Reason.TECHNICAL, ~AbsenceReport.is_withdrawn,
        Session.is_on, Session.starts_at >= since, Session.starts_at < until,
    )  # fmt: skip
