"""Trouble connecting: the client wants in and the technology won't. One tap, and somebody helps (M15)."""

from collections import Counter
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Select, SQLColumnExpression, func, select

from webapp.care.attendance import absences
from webapp.care.attendance.absences import AbsenceReport, Reason
from webapp.care.audit.tags import Tag
from webapp.care.contact import connection_tests, contacts, task_owners, tasks
from webapp.care.contact.addresses import Address
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.programs import Program
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.refusals import N_, AlreadyDone, Cancelled, Conflict, Invalid, TooLate

HELP_WITHIN = timedelta(minutes=10)
"""The person sits before a dark screen: this is sooner than any other task."""


class Solved(StrEnum):
    """How a call for help ended."""

    VIDEO = "video"
    PHONE = "phone"
    NOT_TODAY = "not_today"
    """It could not be mended in time: a technical absence, and nobody is chased for it."""


def report(store: Store, seat: Seat, *, by: Person | None, now: datetime) -> Task:
    """Ask for technical help with this seat; a second tap answers the same call, until that has ended. It is a sign of
    life, so the checks stop; it is not having been spoken to, and holds nothing. What the phone found out about itself
    within the last hour goes along. Raises Cancelled, TooLate."""
    if seat.session.cancelled_at:
        raise Cancelled()
    if now > seat.session.ends_at:
        raise TooLate(N_("This session is over."))
    store.execute(select(Seat.id).where(Seat.id == seat.id).with_for_update(key_share=True))
    task = store.scalar(call_about(seat.id)) or _open(store, seat, by, now)
    if tested := store.scalar(connection_tests.latest(seat.client_id, now)):
        found = {"self_test": tested.results, "round_trip": tested.round_trip}
        more = {"facts": tested.facts, "tested_at": tested.made_at.isoformat()}
        task.brief = {**task.brief, **found, **(more if tested.facts else {})}
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
    sessions.record(store, Tag.TROUBLE_REPORTED, seat, by=by, now=now)
    contacts.record(
        store, seat.client, channel=ContactChannel.REPLY, outcome=Outcome.REACHED, by=by, now=now,
        seat=seat,
    )  # fmt: skip
    return task


def claim(store: Store, task: Task, *, by: Person, now: datetime) -> None:
    """`by` helps: the call is theirs from now on. Raises AlreadyDone, and Conflict when a colleague has it."""
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
    """How it ended. What could not be mended in time is the client's technical absence, told for them. Raises Invalid,
    AlreadyDone."""
    if solved not in list(Solved):
        raise Invalid(N_("This is not an outcome."), field="solved")
    if solved == Solved.NOT_TODAY and task.seat is not None and not task.seat.session.cancelled_at:
        absences.report(store, task.seat, by=by, now=now, reason=Reason.TECHNICAL)
    tasks.attempt(store, task, Outcome.REACHED, by=by, now=now)
    task.brief = {**task.brief, "solved": Solved(solved).value}


def call_about(seat_id: int) -> Select[Task]:
    """The open call for help about this seat."""
    mine = select(Task).where(Task.seat_id == seat_id, Task.kind == TaskKind.TECH_HELP)
    return mine.where(Task.is_open).order_by(Task.id).limit(1)


def calls_of(client_id: int) -> Select[Task]:
    """A client's open calls for help, the first first."""
    mine = select(Task).where(Task.client_id == client_id, Task.kind == TaskKind.TECH_HELP)
    return mine.where(Task.is_open).order_by(Task.id)


def queue(me: Person) -> Select[Task]:
    """The help desk: open calls for technical help in `me`'s program, the first to be due first. For technicians, who
    need no chart to help, and for those who lead; nobody else's is longer than their own tasks."""
    return desk(me).where(Task.is_open).order_by(Task.due_at, Task.id)


def desk(me: Person) -> Select[Task]:
    """All calls for technical help that `me` may see, ended ones included."""
    found = tasks.visible_to(me)
    if me.kind == Kind.STAFF and me.has_role(RoleName.TECHNICIAN):
        found = select(Task).where(Task.program_id == me.program_id)
    return found.where(Task.kind == TaskKind.TECH_HELP)


def number_for(store: Store, client: Person) -> str | None:
    """The number on which help calls back; None when there is none, or none that is safe (P9)."""
    unsafe = select(Address.id).where(
        Address.person_id == client.id, Address.value == client.phone,
        Address.is_unsafe,
    )  # fmt: skip
    return client.phone if client.phone and store.scalar(unsafe.limit(1)) is None else None


def technical_absences(store: Store, client_id: int, since: datetime, until: datetime) -> int:
    """How many sessions in that time a client told us they could not come to for technical reasons: counted apart, for
    they say something about the network and nothing about the client (M15)."""
    told = select(func.count()).select_from(AbsenceReport)
    told = told.join(Seat, Seat.id == AbsenceReport.seat_id)
    told = told.join(Session, Session.id == Seat.session_id).where(Seat.client_id == client_id)
    return store.scalar(told.where(*_technical(since, until))) or 0


def technical_by_week(
    store: Store, program: Program, since: datetime, until: datetime
) -> dict[date, int]:
    """Monday → how many technical absences its week had, on the program's own calendar; weeks without are left out.
    Grows with the program's technical absences in that time."""
    told = select(Session.starts_at).join(Seat, Seat.session_id == Session.id)
    told = told.join(AbsenceReport, AbsenceReport.seat_id == Seat.id)
    told = told.where(Session.program_id == program.id, *_technical(since, until))
    here = ZoneInfo(program.time_zone)
    return dict(Counter(monday(starts_at, here) for starts_at in store.scalars(told)))


def monday(instant: datetime, zone: ZoneInfo) -> date:
    """The first day of that instant's week in `zone`."""
    local = instant.astimezone(zone).date()
    return local - timedelta(days=local.weekday())


def _technical(since: datetime, until: datetime) -> tuple[SQLColumnExpression[bool], ...]:
    return (
        AbsenceReport.reason == Reason.TECHNICAL, ~AbsenceReport.is_withdrawn,
        Session.is_on, Session.starts_at >= since, Session.starts_at < until,
    )  # fmt: skip
