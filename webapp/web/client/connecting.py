"""Trouble connecting: what one can try oneself, what the phone finds out about itself, and one tap for help (M15). Open to
everyone: the phone that can't connect may not be signed in."""

import json
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.contact import connection_tests, help_calls
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission, may
from webapp.care.preferences import backup_plans
from webapp.refusals import Invalid, Refusal
from webapp.web.client import my_seats
from webapp.web.client.my_seats import Place
from webapp.web.page.guard import needs, public
from webapp.web.page.headers import MAY_SEE_AND_HEAR
from webapp.web.page.htmx import done, widget
from webapp.web.page.identity import me
from webapp.web.page.unit_of_work import store

pages = Blueprint("connecting", __name__)

PAGE, BLOCK = "client/connecting/show.html", "help"
SAMPLE = os.urandom(128 * 1024)
"""What the speed is measured with: nothing on the way can pack it smaller."""


@pages.get("/help-connecting")
@public
def show() -> ResponseReturnValue:
    """The self-test and steps to try; for a signed-in client also the room's link, its phone number, their backup plan and
    *Ask the help desk*. While help is under way the page looks by itself, which keeps no login awake (S3)."""
    if request.headers.get("HX-Request"):
        g.pop("seen", None)
    answer = make_response(widget(PAGE, BLOCK, **_screen()))
    answer.headers["Permissions-Policy"] = MAY_SEE_AND_HEAR
    return answer


@pages.get("/help-connecting/pulse")
@public
def pulse() -> ResponseReturnValue:
    """For the round trip, and for how far the device's clock is from ours."""
    return {"at": clock.now().timestamp()}


@pages.get("/help-connecting/sample")
@public
def sample() -> Response:
    """For the speed."""
    return Response(SAMPLE, mimetype="application/octet-stream")


@pages.post("/seats/<row:seat_id>/trouble")
@needs(Permission.REPORT_ABSENCE)
def ask(seat_id: int) -> ResponseReturnValue:
    """Somebody helps: a task for the technician, due within minutes, with what the phone found."""
    seat, person = my_seats.seat(seat_id), my_seats.person()
    try:
        _keep_test(person)
        help_calls.report(store, seat, by=person, now=clock.now())
    except Refusal as refusal:
        return widget(PAGE, BLOCK, refusal.status, **_screen(), refusal=refusal)
    store.commit()
    if not request.headers.get("HX-Request"):
        flash(_("Help is on its way."))
    return done(PAGE, BLOCK, url_for("client.connecting.show"), _screen, asked=True)


def _keep_test(person: Person) -> None:
    """What the page found out about this phone, if it did. What can't be read is left out: help does not wait for it."""
    told = _read(request.form.get("self_test", ""))
    if not told.get("results"):
        return
    agent = (request.user_agent.string or "")[:400].replace("\0", "")
    with suppress(Invalid):
        connection_tests.keep(
            store, told["results"], by=person, now=clock.now(),
            round_trip=told.get("round_trip"), facts={**told.get("facts", {}), "agent": agent},
        )  # fmt: skip


def _read(text: str) -> Mapping[str, Any]:
    try:
        told = json.loads(text) if text and len(text) < 8000 else {}
    except (ValueError, RecursionError):
        return {}
    parts = told if isinstance(told, dict) else {}
    usable = isinstance(parts.get("results"), dict) and isinstance(parts.get("facts", {}), dict)
    return parts if usable else {}


def _screen() -> dict[str, Any]:
    """All that the page shows; for a stranger the self-test alone."""
    person = me()
    if person is None or not may(person, Permission.REPORT_ABSENCE):
        return {"place": "today"}
    calls = {call.seat_id: call for call in store.scalars(help_calls.open_calls_of(person.id))}
    coming = _current(calls.keys())
    call = calls.get(coming.seat.id) if coming else None
    plan = store.scalar(backup_plans.of(person.id))
    return {
        "place": "today",
        "near": my_seats.near(),
        "coming": coming,
        "call": call,
        "helper": _who_helps(call),
        "rings": help_calls.call_back_number(store, person) if call else None,
        "dial_in": coming.by_phone if coming else None,
        "desk_phone": person.program.help_phone,
        "plan": plan.parts if plan else {},
    }


def _who_helps(call: Task | None) -> str:
    """Who has taken the call up; empty: nobody yet."""
    if call is None or call.acknowledged_by_id is None:
        return ""
    return store.get_one(Person, call.acknowledged_by_id).name


def _current(asked: Collection[int | None]) -> Place | None:
    """The session that help was asked for, else the one that is on or next within the day."""
    now = clock.now()
    near = my_seats.between(now, now + 24 * my_seats.HOUR)
    found = [each for each in near if each.state in ("ahead", "open", "told")]
    found.sort(key=lambda each: each.seat.id not in asked)
    return found[0] if found else None
