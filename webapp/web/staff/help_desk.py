"""The help desk: clients who can't join, how long they have waited, their connection test, and how each call ended."""

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
from webapp.care.contact import addresses, help_calls, tasks
from webapp.care.contact.contacts import Outcome
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.schedule import dial_ins
from webapp.refusals import Refusal
from webapp.web.page.filters import language, zone
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff.console import changed, form_errors, me, one_or_404, page
from webapp.web.staff.wording import connection_tests
from webapp.web.staff.wording.connection_tests import Finding

help_desk = Blueprint("help_desk", __name__)
PAGE = "staff/help_desk/show.html"
AGAIN = timedelta(minutes=10)
"""When to call again after no answer; short, because they are waiting at the device."""
WEEKS = 8


@dataclass(frozen=True, slots=True)
class HelpCall:
    """One call for help as the page shows it."""

    task: Task
    helper: str
    """Name of who works on it; empty for nobody yet."""
    mine: bool
    number: str
    """Phone number; empty when there is none, or when it is marked unsafe (P9)."""
    unsafe: bool
    findings: list[Finding]
    facts: list[tuple[str, str]]
    dial_in: tuple[str, str] | None
    """The session's dial-in number and code, to read out."""
    tested_at: datetime | None


@help_desk.get("/help-desk")
@needs(Permission.HELP_DESK)
def show() -> ResponseReturnValue:
    """Who waits, longest first. Polling by htmx is not use, so it does not extend the login (S3)."""
    if request.headers.get("HX-Request"):
        g.pop("seen", None)
    return page(PAGE, **_page_context())


@help_desk.post("/help-desk/<row:task_id>/claim")
@needs(Permission.HELP_DESK)
def claim(task_id: int) -> ResponseReturnValue:
    """ "I'm on it": shown to colleagues and to the client."""
    return _change(task_id, lambda task: help_calls.claim(store, task, by=me(), now=clock.now()))


@help_desk.post("/help-desk/<row:task_id>/end")
@needs(Permission.HELP_DESK)
def end(task_id: int) -> ResponseReturnValue:
    """End the call: they joined by video or phone, or it can't be solved today."""
    solved = request.form.get("solved", "")
    return _change(
        task_id, lambda task: help_calls.finish(store, task, solved, by=me(), now=clock.now())
    )


@help_desk.post("/help-desk/<row:task_id>/attempt")
@needs(Permission.HELP_DESK)
def attempt(task_id: int) -> ResponseReturnValue:
    """Nobody answered: the call stays open, to be tried again soon."""
    now = clock.now()
    return _change(
        task_id,
        lambda task: tasks.attempt(
            store, task, Outcome.NO_ANSWER, by=me(), now=now, next_at=now + AGAIN
        ),
    )


def _change(task_id: int, verb: Any) -> ResponseReturnValue:
    task = one_or_404(help_calls.visible_to(me()).where(Task.id == task_id))
    try:
        verb(task)
    except Refusal as refusal:
        discard_and_read()
        return page(
            PAGE, refusal.status, **_page_context(), errors=form_errors(refusal), wrong=task_id
        )
    store.commit()
    return changed(PAGE, "/staff/help-desk", _page_context)


def _page_context() -> dict[str, Any]:
    now, person = clock.now(), me()
    local = now.astimezone(zone())
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    ended = (
        help_calls.visible_to(person).where(Task.done_at >= midnight).order_by(Task.done_at.desc())
    )
    weeks = _weeks(person, now)
    return {
        "place": "help-desk",
        "calls": _calls(
            _load(help_calls.open_calls(person).order_by(None).order_by(Task.created_at))
        ),
        "ended": _load(ended.limit(12)),
        "weeks": weeks,
        "most": max((count for _, count in weeks), default=0),
        "outcomes": list(help_calls.Solved),
    }


def _load(rows: Select[Task]) -> Sequence[Task]:
    related = (joinedload(Task.client), joinedload(Task.session), selectinload(Task.attempts))
    return store.scalars(rows.options(*related)).unique().all()


def _calls(open_tasks: Sequence[Task]) -> list[HelpCall]:
    helpers = _names({task.acknowledged_by_id for task in open_tasks} - {None})
    unsafe = addresses.unsafe(store, {task.client_id for task in open_tasks})
    return [_call(task, helpers, unsafe) for task in open_tasks]


def _call(task: Task, helpers: dict[int, str], all_unsafe: dict[int, set[str]]) -> HelpCall:
    phone = (task.client.phone if task.client else None) or ""
    unsafe = phone in all_unsafe.get(task.client_id or 0, set())
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


def _weeks(person: Person, now: datetime) -> list[tuple[str, int]]:
    """Technical absences per week, latest first. Counted apart, because they say nothing about people."""
    program, program_zone = person.program, ZoneInfo(person.program.time_zone)
    mondays = [
        help_calls.monday(now, program_zone) - timedelta(weeks=back) for back in range(WEEKS)
    ]
    since = datetime.combine(mondays[-1], time(), program_zone)
    counts = help_calls.technical_by_week(store, program, since, now + timedelta(weeks=1))
    return [
        (format_skeleton("MMMd", each, locale=language()), counts.get(each, 0)) for each in mondays
    ]
