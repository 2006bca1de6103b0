"""The help desk: who wants in and can't, how long they have waited, what their phone says, and one click for how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from webapp import clock
from webapp.care.contact import help_calls, tasks
from webapp.care.contact.addresses import Address
from webapp.care.contact.contacts import Outcome
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.schedule import dial_ins
from webapp.refusals import Refusal
from webapp.web.page.filters import language, zone
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import changed, form_errors, me, one_or_404, page
from webapp.web.staff.wording import connection_tests
from webapp.web.staff.wording.connection_tests import Finding

help_desk = Blueprint("help_desk", __name__)
PAGE = "staff/help_desk/show.html"
AGAIN = timedelta(minutes=10)
"""When to ring again: they are sitting there."""
WEEKS = 8


@dataclass(frozen=True, slots=True)
class HelpCall:
    """One call for help."""

    task: Task
    helper: str
    """Who has taken it up; empty: nobody yet."""
    mine: bool
    number: str
    """Where to ring; empty when there is none, or none that is safe (P9)."""
    unsafe: bool
    findings: list[Finding]
    facts: list[tuple[str, str]]
    dial_in: tuple[str, str] | None
    """The room's own number and code, to read out."""
    tested_at: datetime | None


@help_desk.get("/help-desk")
@needs(Permission.HELP_DESK)
def show() -> ResponseReturnValue:
    """Who waits, longest first. A page that looks by itself is nobody using it, so it keeps no login awake (S3)."""
    if request.headers.get("HX-Request"):
        g.pop("seen", None)
    return page(PAGE, **_picture())


@help_desk.post("/help-desk/<row:task_id>/claim")
@needs(Permission.HELP_DESK)
def claim(task_id: int) -> ResponseReturnValue:
    """ "I'm on it": a colleague sees that, and so does the client."""
    return _do(task_id, lambda task: help_calls.claim(store, task, by=me(), now=clock.now()))


@help_desk.post("/help-desk/<row:task_id>/end")
@needs(Permission.HELP_DESK)
def end(task_id: int) -> ResponseReturnValue:
    """They are in, by video or by phone; or it can't be mended today."""
    solved = request.form.get("solved", "")
    return _do(
        task_id, lambda task: help_calls.finish(store, task, solved, by=me(), now=clock.now())
    )


@help_desk.post("/help-desk/<row:task_id>/attempt")
@needs(Permission.HELP_DESK)
def attempt(task_id: int) -> ResponseReturnValue:
    """Nobody answered: it stays here, to be tried again soon."""
    now = clock.now()
    return _do(
        task_id,
        lambda task: tasks.attempt(
            store, task, Outcome.NO_ANSWER, by=me(), now=now, next_at=now + AGAIN
        ),
    )


def _do(task_id: int, what: Any) -> ResponseReturnValue:
    task = one_or_404(help_calls.desk(me()).where(Task.id == task_id))
    try:
        what(task)
    except Refusal as refusal:
        return page(PAGE, refusal.status, **_picture(), errors=form_errors(refusal), wrong=task_id)
    store.commit()
    return changed(PAGE, "/staff/help-desk", _picture)


def _picture() -> dict[str, Any]:
    now, person = clock.now(), me()
    local = now.astimezone(zone())
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    ended = help_calls.desk(person).where(Task.done_at >= midnight).order_by(Task.done_at.desc())
    weeks = _weeks(person, now)
    return {
        "place": "help-desk",
        "calls": _calls(
            _with_all(help_calls.queue(person).order_by(None).order_by(Task.created_at))
        ),
        "ended": _with_all(ended.limit(12)),
        "weeks": weeks,
        "most": max((count for _, count in weeks), default=0),
        "outcomes": list(help_calls.Solved),
    }


def _with_all(found: Select[Task]) -> Sequence[Task]:
    attached = (joinedload(Task.client), joinedload(Task.session), selectinload(Task.attempts))
    return store.scalars(found.options(*attached)).unique().all()


def _calls(found: Sequence[Task]) -> list[HelpCall]:
    helpers = _names({task.acknowledged_by_id for task in found} - {None})
    marked = _unsafe({task.client_id for task in found} - {None})
    return [_call(task, helpers, marked) for task in found]


def _call(task: Task, helpers: dict[int, str], marked: set[tuple[int | None, str]]) -> HelpCall:
    phone = (task.client.phone if task.client else None) or ""
    unsafe = (task.client_id, phone) in marked
    dial_in = task.session.dial_in if task.session else None
    tested = task.brief.get("tested_at")
    return HelpCall(
        task,
        helpers.get(task.acknowledged_by_id or 0, ""),
        task.acknowledged_by_id == me().id,
        "" if unsafe else phone,
        unsafe,
        connection_tests.findings(task.brief),
        connection_tests.facts(task.brief),
        dial_ins.spoken(dial_in) if dial_in else None,
        datetime.fromisoformat(tested) if tested else None,
    )


def _names(ids: set[Any]) -> dict[int, str]:
    rows = select(Person.id, Person.name).where(Person.id.in_(ids))
    return {row.id: row.name for row in store.execute(rows)}


def _unsafe(clients: set[Any]) -> set[tuple[int | None, str]]:
    rows = select(Address.person_id, Address.value).where(
        Address.person_id.in_(clients), Address.unsafe_at.is_not(None)
    )
    return {(person_id, value) for person_id, value in store.execute(rows)}


def _weeks(person: Person, now: datetime) -> list[tuple[str, int]]:
    """Technical absences of the last weeks, counted apart: they say something about the network and nothing about people."""
    program, here = person.program, ZoneInfo(person.program.time_zone)
    mondays = [help_calls.monday(now, here) - timedelta(weeks=back) for back in range(WEEKS)]
    since = datetime.combine(mondays[-1], time(), here)
    told = help_calls.technical_by_week(store, program, since, now + timedelta(weeks=1))
    return [
        (format_skeleton("MMMd", each, locale=language()), told.get(each, 0)) for each in mondays
    ]
