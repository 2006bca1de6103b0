"""What stands around every page of the console: places, how many tasks are mine, what is silent."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from flask import abort
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from werkzeug.local import LocalProxy

from webapp import clock
from webapp.care.contact import help_calls, messages
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission, may
from webapp.care.privacy import record_views
from webapp.care.privacy.record_views import Reading
from webapp.care.schedule.recurrence import instant_of
from webapp.operations.heartbeats import SILENT_AFTER, Heartbeat
from webapp.protocol.facts.rooms import PULSE
from webapp.refusals import N_, Invalid, Refusal
from webapp.spellings import in_reach
from webapp.web.page import htmx, identity
from webapp.web.page.filters import sentence, zone
from webapp.web.page.unit_of_work import apart, store

Row = TypeVar("Row")
LIVE_BLOCK = "live"
"""The block of every console page that a form swaps: all its states are in it."""


def me() -> Person:
    """Who is signed in; the guard has seen to it that somebody is."""
    person = identity.me()
    assert person is not None
    return person


def one_or_404(rows: Select[Row]) -> Row:
    """The row a person may see; else 404, as if it did not exist (S1)."""
    row = store.scalars(rows).unique().one_or_none()
    return row if row is not None else abort(404)


def page(template: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    """The page; for htmx its live part. `reading`, if the context holds one, says what of whom stands on it: also on a page that
    refuses."""
    layout = layout_context()
    leave_trace(context.pop("reading", None))
    return htmx.widget(template, LIVE_BLOCK, status, **layout, **context)


def changed(
    template: str, to: str, screen: Callable[[], dict[str, Any]], **more: Any
) -> ResponseReturnValue:
    """After a change: the live part for htmx, else back to `to` (303), where nothing was shown yet. `screen` is called for htmx
    alone and returns what the page needs; `reading` in it as for `page`."""

    def whole_context() -> dict[str, Any]:
        context = screen()
        layout = layout_context()
        leave_trace(context.pop("reading", None))
        return layout | context

    return htmx.done(template, LIVE_BLOCK, to, whole_context, **more)


def leave_trace(reading: Reading | None) -> None:
    """One event a reading and client, kept before anything is shown, whatever becomes of what was asked for (P7)."""
    reader = me()
    by, program_id = reader.id, reader.program_id
    if reading and (clients := list(reading.clients)):
        with apart() as writing:
            record_views.note_down(
                writing, reading.what, clients, by=by, now=clock.now(), program_id=program_id,
                session_id=reading.session_id,
            )  # fmt: skip


def form_errors(refusal: Refusal) -> dict[str, str]:
    """A refusal for the form that asked: which input, and why."""
    return {refusal.field or "": sentence(refusal)}


def instant(written: str, field: str) -> datetime:
    """A local wall time as a browser's date field writes it, in the reader's zone (rule 12). In UTC, where what is added to it
    is time that passes, also in the night that the clocks change. Raises Invalid."""
    try:
        local = datetime.fromisoformat(written)
    except ValueError:
        local = None
    if local is None or not in_reach(local):
        raise Invalid(N_("Choose a day and a time."), field=field)
    return instant_of(local, zone()) if local.tzinfo is None else local.astimezone(UTC)


def layout_context() -> dict[str, Any]:
    """For the layout, and what is silent. Two small statements a page, and one for each place that says how much waits there."""
    return {
        **{name: ask() for name, ask in SIDE_COLUMN.items()},
        "quiet": silences(me().program_id, clock.now()),
        "demo": me().program.demo,
    }


def lazy_side_column() -> dict[str, Any]:
    """The side column for the pages that staff share with clients (Me, ways to sign in): asked for by a page that has one, so
    that no other page, and none that tells of an error, costs a statement more."""
    return {name: LocalProxy(cache(ask)) for name, ask in SIDE_COLUMN.items()}


def own_open_tasks() -> int:
    """How many tasks are open on my own list."""
    mine = select(func.count()).where(Task.owner_id == me().id, Task.is_open)
    return store.scalar(mine) or 0


def waiting_counts() -> dict[str, int]:
    """Place → how much of it is new: messages that were not read, calls for help that nobody has taken up."""
    person, now, found = me(), clock.now(), {}
    if may(person, Permission.CARE_MESSAGES):
        found["messages"] = messages.unread(store, person, now)
    if may(person, Permission.HELP_DESK):
        calls = help_calls.queue(person).where(~Task.is_acknowledged)
        found["help-desk"] = store.scalar(select(func.count()).select_from(calls.subquery())) or 0
    return found


def navigation() -> list[tuple[str, str, str, str]]:
    """Where I may go: (name, address, words, icon)."""
    person = me()
    open_to = [("now", "/staff", _("Now"), "clock"), ("tasks", "/staff/tasks", _("Tasks"), "tasks")]
    if may(person, Permission.CARE_MESSAGES):
        open_to.append(("messages", "/staff/messages", _("Messages"), "text"))
    if may(person, Permission.HELP_DESK):
        open_to.append(("help-desk", "/staff/help-desk", _("Help desk"), "connection"))
    if may(person, Permission.WRITE):
        open_to.append(("hand-ins", "/staff/hand-ins", _("Handed in"), "note"))
    if may(person, Permission.READ_CHART):
        open_to.append(("people", "/staff/people", _("People"), "team"))
    if may(person, Permission.PLAN_MAKE_UPS):
        open_to.append(("make-ups", "/staff/make-ups", _("Make-ups"), "catch-up"))
    if may(person, Permission.PROVE):
        open_to.append(("timeliness", "/staff/timeliness", _("On time"), "check"))
    return open_to


def silences(program_id: int, now: datetime) -> list[tuple[str, datetime | None]]:
    """What has not been heard for two minutes (R5): the worker, also when it never was; a feed that says it lives."""
    feed = f"{PULSE}{program_id}"
    heard = dict(
        store.execute(
            select(Heartbeat.name, Heartbeat.beat_at).where(Heartbeat.name.in_(("worker", feed)))
        ).all()
    )
    quiet: list[tuple[str, datetime | None]] = []
    if "worker" not in heard or now - heard["worker"] > SILENT_AFTER:
        quiet.append(("worker", heard.get("worker")))
    if feed in heard and now - heard[feed] > SILENT_AFTER:
        quiet.append(("feed", heard[feed]))
    return quiet


SIDE_COLUMN = {
    "navigation": navigation,
    "open_tasks": own_open_tasks,
    "waiting_counts": waiting_counts,
}
"""What the side column shows, by its name in templates/layouts/staff.html."""
