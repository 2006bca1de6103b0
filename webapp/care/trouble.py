"""Trouble connecting: the client wants in and the technology won't. One tap, and somebody helps (M15)."""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from webapp.care import contacts, owners, self_tests, sessions, tasks
from webapp.care.absences import AbsenceReport, Reason
from webapp.care.contacts import ContactChannel, Outcome
from webapp.care.people import Kind, Person, RoleName
from webapp.care.sessions import Seat, Session
from webapp.care.tags import Tag
from webapp.care.tasks import Task, TaskKind
from webapp.db import Store
from webapp.refusals import N_, Cancelled, TooLate

HELP_WITHIN = timedelta(minutes=10)
"""The person sits before a dark screen: this is sooner than any other task."""


def report(store: Store, seat: Seat, *, by: Person | None, now: datetime) -> Task:
    """Ask for technical help with this seat; a second tap answers the same task. It is a sign of life, so the checks
    stop; it is not having been spoken to, and holds nothing. What the phone found out about itself within the last hour
    goes along. Raises Cancelled, TooLate."""
    if seat.session.cancelled_at:
        raise Cancelled()
    if now > seat.session.ends_at:
        raise TooLate(N_("This session is over."))
    role = tasks.ROLE_FOR[TaskKind.TECH_HELP]
    task = tasks.open_one(
        store, key=f"{TaskKind.TECH_HELP}:{seat.id}", kind=TaskKind.TECH_HELP,
        program_id=seat.session.program_id, due_at=now + HELP_WITHIN, now=now, client=seat.client,
        seat=seat, owner_id=owners.owner_for(store, seat.client, role, now), by=by,
    )  # fmt: skip
    if task.created_at == now:
        sessions.record(store, Tag.TROUBLE_REPORTED, seat, by=by, now=now)
        contacts.record(
            store, seat.client, channel=ContactChannel.REPLY, outcome=Outcome.REACHED, by=by,
            now=now, seat=seat,
        )  # fmt: skip
    if tested := store.scalar(self_tests.latest(seat.client_id, now)):
        task.brief = {**task.brief, "self_test": tested.results, "round_trip": tested.round_trip}
    return task


def queue(me: Person) -> Select[Task]:
    """The help desk: open calls for technical help in `me`'s program, the first to be due first. For technicians, who
    need no chart to help, and for those who lead; nobody else's is longer than their own tasks."""
    desk = tasks.visible_to(me)
    if me.kind == Kind.STAFF and me.has_role(RoleName.TECHNICIAN):
        desk = select(Task).where(Task.program_id == me.program_id)
    return desk.where(Task.kind == TaskKind.TECH_HELP, Task.done_at.is_(None)).order_by(
        Task.due_at, Task.id
    )


def technical_absences(store: Store, client_id: int, since: datetime, until: datetime) -> int:
    """How many sessions in that time a client told us they could not come to for technical reasons: counted apart, for
    they say something about the network and nothing about the client (M15)."""
    told = (
        select(func.count())
        .select_from(AbsenceReport)
        .join(Seat, Seat.id == AbsenceReport.seat_id)
        .join(Session, Session.id == Seat.session_id)
        .where(Seat.client_id == client_id, Session.cancelled_at.is_(None))
        .where(AbsenceReport.reason == Reason.TECHNICAL, AbsenceReport.withdrawn_at.is_(None))
        .where(Session.starts_at >= since, Session.starts_at < until)
    )
    return store.scalar(told) or 0
