"""What all console pages share: rendering, navigation with counts, warnings, and recording of readings."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar

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
from webapp.care.schedule import planning, sessions
from webapp.care.schedule.planning import Times
from webapp.care.schedule.sessions import Session
from webapp.operations import set_aside
from webapp.operations.heartbeats import SILENT_AFTER, Heartbeat
from webapp.operations.rate_limits import TooMany
from webapp.protocol.facts.rooms import PULSE
from webapp.refusals import N_, Invalid, Refusal
from webapp.times import instant_of, wall_time
from webapp.web.page import htmx, identity
from webapp.web.page.filters import sentence, zone
from webapp.web.page.unit_of_work import separate_transaction, store

Row = TypeVar("Row")
LIVE_BLOCK = "live"
"""The template block that htmx swaps; it renders all states of a page."""


def me() -> Person:
    """Who is signed in; the guard lets nobody else through."""
    person = identity.current_person()
    assert person is not None
    return person


def one_or_404(rows: Select[Row]) -> Row:
    """The one row of a query that is limited to what the person may see; else 404, as if it did not exist (S1)."""
    row = store.scalars(rows).unique().one_or_none()
    return row if row is not None else abort(404)


def page(template: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    """Render the page; for htmx its live part. `reading` in the context says whose records the page shows, and is recorded, also on a
    page that refuses a form."""
    layout = layout_context()
    leave_trace(context.pop("reading", None))
    return htmx.widget(template, LIVE_BLOCK, status, **layout, **context)


def changed(
    template: str, to: str, page_context: Callable[[], dict[str, Any]], **more: Any
) -> ResponseReturnValue:
    """The response after a change: the live part for htmx, else a redirect to `to` (303). `page_context` is called for htmx alone;
    `reading` in its result as for `page`."""

    def whole_context() -> dict[str, Any]:
        context = page_context()
        layout = layout_context()
        leave_trace(context.pop("reading", None))
        return layout | context

    return htmx.done(template, LIVE_BLOCK, to, whole_context, **more)


def leave_trace(reading: Reading | None) -> None:
    """Record one event per client for this reading, committed before anything is shown, whatever becomes of the request (P7)."""
    reader = me()
    by, program_id = reader.id, reader.program_id
    if reading and (clients := list(reading.clients)):
        with separate_transaction() as writing:
            record_views.record(
                writing, reading.what, clients, by=by, now=clock.now(), program_id=program_id,
                session_id=reading.session_id,
            )  # fmt: skip


def form_errors(refusal: Refusal) -> dict[str, str]:
    """A refusal as errors of a form: field name → sentence. Raises TooMany again: it is about no field, and its own page carries the
    whole form along."""
    if isinstance(refusal, TooMany):
        raise refusal
    return {refusal.field or "": sentence(refusal)}


def instant(written: str, field: str) -> datetime:
    """A browser's date-and-time field, read in the reader's zone (rule 12), as an instant in UTC, so that adding a duration is right
    in the night the clocks change too. Raises Invalid."""
    try:
        return instant_of(wall_time(written), zone())
    except ValueError as error:
        raise Invalid(N_("Choose a day and a time."), field=field) from error


class Overlap(NamedTuple):
    """What somebody has at the time of a plan already: the first of several times of it, and how many more there are."""

    who: Person
    session: Session
    more: int


def at_that_time(
    people: Iterable[Person], times: Sequence[Times], but: Collection[int] = ()
) -> dict[str, Any]:
    """What these people have at one of these times already, for the macro of this name: `overlaps` in sessions that the reader may see,
    a row (`Overlap`) for each person and title; `unnamed`: how many more people have something. Empty when there is nothing."""
    found = planning.overlaps(store, people, times, but=but)
    seen = sessions.visible_to(me()).where(Session.id.in_({session.id for _, session in found}))
    ids = set(store.scalars(seen.with_only_columns(Session.id))) if found else set()
    shown: dict[tuple[int, str], Overlap] = {}
    for who, session in found:
        if session.id in ids:
            row = shown.get((who.id, session.title))
            shown[who.id, session.title] = (
                row._replace(more=row.more + 1) if row else Overlap(who, session, 0)
            )
    unnamed = {who.id for who, session in found} - {who for who, _ in shown}
    return {"overlaps": [*shown.values()], "unnamed": len(unnamed)} if found else {}


def layout_context() -> dict[str, Any]:
    """What the layout shows. Two small statements per page, and one for each navigation entry with a count."""
    return {
        **{name: ask() for name, ask in SIDE_COLUMN.items()},
        "quiet": silences(me().program_id, clock.now()),
        "demo": me().program.demo,
    }


def lazy_side_column() -> dict[str, Any]:
    """The side column for pages that staff share with clients (Me, sign-in methods). Evaluated only when a template uses it, so that
    other pages and error pages cost no extra statement."""
    return {name: LocalProxy(cache(ask)) for name, ask in SIDE_COLUMN.items()}


def own_open_tasks() -> int:
    """How many open tasks the reader owns."""
    mine = select(func.count()).where(Task.owner_id == me().id, Task.is_open)
    return store.scalar(mine) or 0


def waiting_counts() -> dict[str, int]:
    """Navigation entry → count: unread messages, and help calls that nobody has acknowledged."""
    person, now, counts = me(), clock.now(), {}
    if may(person, Permission.CARE_MESSAGES):
        counts["messages"] = messages.unread(store, person, now)
    if may(person, Permission.HELP_DESK):
        calls = help_calls.open_calls(person).where(~Task.is_acknowledged)
        counts["help-desk"] = store.scalar(select(func.count()).select_from(calls.subquery())) or 0
    return counts


def navigation() -> list[tuple[str, str, str, str]]:
    """The navigation entries the reader may open: (name, address, words, icon)."""
    person = me()
    entries = [("now", "/staff", _("Now"), "clock"), ("tasks", "/staff/tasks", _("Tasks"), "tasks")]
    if may(person, Permission.CARE_MESSAGES):
        entries.append(("messages", "/staff/messages", _("Messages"), "text"))
    if may(person, Permission.HELP_DESK):
        entries.append(("help-desk", "/staff/help-desk", _("Help desk"), "connection"))
    if may(person, Permission.WRITE):
        entries.append(("hand-ins", "/staff/hand-ins", _("Handed in"), "note"))
    if may(person, Permission.READ_CHART):
        entries.append(("people", "/staff/people", _("People"), "team"))
    if may(person, Permission.PLAN_MAKE_UPS):
        entries.append(("make-ups", "/staff/make-ups", _("Make-ups"), "catch-up"))
    if may(person, Permission.READ_TIMELINESS):
        entries.append(("timeliness", "/staff/timeliness", _("On time"), "check"))
    return entries


def silences(program_id: int, now: datetime) -> list[tuple[str, datetime | None]]:
    """What has sent no heartbeat for two minutes (R5), with its last one: the worker, even if it never did, a feed that promises
    heartbeats; and since when a chore keeps failing (R13)."""
    feed = f"{PULSE}{program_id}"
    beats = dict(
        store.execute(
            select(Heartbeat.name, Heartbeat.beat_at).where(Heartbeat.name.in_(("worker", feed)))
        ).all()
    )
    quiet: list[tuple[str, datetime | None]] = []
    if "worker" not in beats or now - beats["worker"] > SILENT_AFTER:
        quiet.append(("worker", beats.get("worker")))
    if feed in beats and now - beats[feed] > SILENT_AFTER:
        quiet.append(("feed", beats[feed]))
    quiet += [("chore", each.first_at) for each in set_aside.failing(store, now)[:1]]
    return quiet


SIDE_COLUMN = {
    "navigation": navigation,
    "open_tasks": own_open_tasks,
    "waiting_counts": waiting_counts,
}
"""The side column's variables in templates/layouts/staff.html, each with its function."""
