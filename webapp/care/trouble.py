"""Trouble connecting: the client wants in and the technology won't. One tap, and somebody helps (M15)."""

from datetime import datetime, timedelta

from webapp.care import sessions, tasks
from webapp.care.people import Person
from webapp.care.sessions import Seat, look_again
from webapp.care.tags import Tag
from webapp.care.tasks import Task, TaskKind
from webapp.db import Store
from webapp.refusals import N_, Cancelled, TooLate

HELP_WITHIN = timedelta(minutes=10)
"""The person sits before a dark screen: this is sooner than any other task."""


def report(store: Store, seat: Seat, *, by: Person | None, now: datetime) -> Task:
    """Ask for technical help with this seat; a second tap answers the same task. Raises Cancelled, TooLate."""
    if seat.session.cancelled_at:
        raise Cancelled()
    if now > seat.session.ends_at:
        raise TooLate(N_("This session is over."))
    role = tasks.ROLE_FOR[TaskKind.TECH_HELP]
    task = tasks.open_one(
        store, key=f"{TaskKind.TECH_HELP}:{seat.id}", kind=TaskKind.TECH_HELP,
        program_id=seat.session.program_id, due_at=now + HELP_WITHIN, now=now, client=seat.client,
        seat=seat, owner_id=tasks.owner_for(store, seat.client, role, now), by=by,
    )  # fmt: skip
    if task.created_at == now:
        sessions.record(store, Tag.TROUBLE_REPORTED, seat, by=by, now=now)
        look_again(store, now, id=seat.id)
    return task
