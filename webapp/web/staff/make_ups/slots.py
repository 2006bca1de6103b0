"""Staff page of slots for make-ups: opened once or weekly, cancelled, beside the demand for them (M6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Text, cast, select
from werkzeug.datastructures import MultiDict

from webapp import clock
from webapp.care.attendance import presence
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission, lead
from webapp.care.schedule import planning, series
from webapp.care.schedule.kinds import PresenceFrom, SessionKind
from webapp.care.schedule.sessions import Session
from webapp.numbers import row_number
from webapp.refusals import N_, Invalid, Refusal
from webapp.times import instant_of
from webapp.web.page.filters import zone_of
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff.console import at_that_time, changed, form_errors, instant, me, page
from webapp.web.staff.make_ups import board

make_ups = Blueprint("make_ups", __name__)
PAGE = "staff/make_ups/show.html"
ONCE, WEEKLY, FORTNIGHTLY = "once", "weekly", "fortnightly"
OFTEN = {WEEKLY: "", FORTNIGHTLY: "INTERVAL=2;"}
LONGEST, MOST_TIMES = 480, 26
"""Minutes of a slot at most; times that it may repeat."""


@dataclass(frozen=True, slots=True)
class SlotForm:
    """A slot as the form asks for it, checked. `starts_at` is aware."""

    kind: str
    title: str
    host: Person
    starts_at: datetime
    length: timedelta
    capacity: int
    makes_up: list[str]
    join_url: str | None
    often: str
    times: int


@make_ups.get("/make-ups")
@needs(Permission.PLAN_MAKE_UPS)
def show() -> ResponseReturnValue:
    """The slots, and the demand for them."""
    return page(PAGE, **_context())


@make_ups.post("/make-ups")
@needs(Permission.PLAN_MAKE_UPS)
def open_slot() -> ResponseReturnValue:
    """Plan one session, or a series of them. What the host has at that time already is listed and asked about first (`anyway`)."""
    try:
        wanted = _read(request.form)
        if not request.form.get("anyway") and (found := _overlaps(wanted)):
            return page(PAGE, 422, **_context(), given=request.form, **found)
        _plan(wanted)
    except Refusal as refusal:
        discard_and_read()
        return page(PAGE, 422, **_context(), errors=form_errors(refusal), given=request.form)
    store.commit()
    return changed(PAGE, "/staff/make-ups", _context, sent="slot")


@make_ups.post("/make-ups/<row:session_id>/cancellation")
@needs(Permission.PLAN_MAKE_UPS)
def cancel(session_id: int) -> ResponseReturnValue:
    """Cancel a slot: for its host and those who lead. Clients who booked it are told."""
    wanted = select(Session).where(
        Session.id == session_id, Session.program_id == me().program_id,
        cast(Session.makes_up, Text) != "[]",
    )  # fmt: skip
    session = store.scalar(wanted) or abort(404)
    if not session.is_run_by(me()):
        abort(404)
    try:
        presence.call_off(store, session, request.form.get("reason", ""), by=me(), now=clock.now())
    except Refusal as refusal:
        discard_and_read()
        return page(PAGE, 422, **_context(), errors=form_errors(refusal), wrong_slot=session_id)
    store.commit()
    return changed(PAGE, "/staff/make-ups", _context)


def _overlaps(wanted: SlotForm) -> dict[str, Any]:
    """What the host has at the time of the slot already, or at any of its times."""
    zone = me().program.time_zone
    local = wanted.starts_at.astimezone(zone_of(zone)).replace(tzinfo=None)
    weeks = 2 if wanted.often == FORTNIGHTLY else 1
    starts = [
        instant_of(local + timedelta(weeks=weeks * n), zone_of(zone)) for n in range(wanted.times)
    ]
    return at_that_time([wanted.host], [(start, start + wanted.length) for start in starts])


def _context() -> dict[str, Any]:
    return board.context(store, me(), clock.now()) | {
        "leads": lead(me()),
    }


def _plan(wanted: SlotForm) -> None:
    """Plan it, unless the very same stands there: then the form was sent twice."""
    program = me().program
    same = select(Session.id).where(
        Session.program_id == program.id, Session.host_id == wanted.host.id, Session.is_on,
        Session.starts_at == wanted.starts_at, Session.ends_at == wanted.starts_at + wanted.length,
        Session.title == wanted.title, Session.kind == wanted.kind,
    )  # fmt: skip
    if store.scalar(same.limit(1)) is not None:
        return
    common: dict[str, Any] = {
        "kind": wanted.kind, "title": wanted.title, "host": wanted.host, "by": me(),
        "capacity": wanted.capacity, "makes_up": wanted.makes_up, "join_url": wanted.join_url,
        "time_zone": program.time_zone, "now": clock.now(),
        "presence_from": PresenceFrom.PLATFORM if wanted.join_url else PresenceFrom.STAFF,
    }  # fmt: skip
    ref = f"make-up-{uuid4().hex[:12]}"
    if wanted.often == ONCE:
        planning.put(
            store, program.id, ref, starts_at=wanted.starts_at,
            ends_at=wanted.starts_at + wanted.length, **common,
        )  # fmt: skip
        return
    local = wanted.starts_at.astimezone(zone_of(program.time_zone)).replace(tzinfo=None)
    day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[local.weekday()]
    series.put(
        store, program, ref, local_start=local, duration=wanted.length, clients=[],
        rrule=f"FREQ=WEEKLY;{OFTEN[wanted.often]}BYDAY={day};COUNT={wanted.times}", **common,
    )  # fmt: skip


def _read(form: MultiDict[str, str]) -> SlotForm:
    """Raises Invalid naming the field."""
    kinds = list(dict.fromkeys(form.getlist("makes_up")))
    if not kinds or any(kind not in list(SessionKind) for kind in kinds):
        raise Invalid(N_("Say what it makes up for."), field="makes_up")
    title = form.get("title", "").strip()
    if not 1 <= len(title) <= 120:
        raise Invalid(N_("Give it a title; clients read it."), field="title")
    starts_at = instant(form.get("starts_at", ""), "starts_at")
    if starts_at <= clock.now():
        raise Invalid(N_("Choose a time that is still to come."), field="starts_at")
    often = form.get("often", ONCE)
    if often not in (ONCE, *OFTEN):
        raise Invalid(N_("Choose how often."), field="often")
    url = form.get("join_url", "").strip()
    if url and not url.startswith("https://"):
        raise Invalid(N_("A link begins with https://."), field="join_url")
    return SlotForm(
        form.get("kind", ""), title, _host(form.get("host", "")), starts_at,
        timedelta(minutes=_whole(form, "minutes", LONGEST)), _whole(form, "capacity", 1000), kinds,
        url or None, often, _whole(form, "times", MOST_TIMES) if often != ONCE else 1,
    )  # fmt: skip


def _host(written: str) -> Person:
    host = store.scalar(board.hosts(me().program_id).where(Person.id == row_number(written)))
    if host is None:
        raise Invalid(N_("Choose who hosts it."), field="host")
    return host


def _whole(form: Mapping[str, str], field: str, most: int) -> int:
    written = form.get(field, "").strip()
    if not 1 <= row_number(written) <= most:
        raise Invalid(N_("A whole number from 1 to %(most)s."), field=field, most=most)
    return row_number(written)
