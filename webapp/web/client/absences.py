"""Reporting an absence (*I can't make it*) in two taps without typing, and withdrawing it."""

import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock
from webapp.care.attendance import absences
from webapp.care.attendance.absences import AbsenceReport, Reason
from webapp.care.contact import tasks
from webapp.care.directory.permissions import Permission
from webapp.care.make_ups import make_ups, waitlist
from webapp.care.make_ups.waitlist import WaitlistEntry
from webapp.care.schedule.sessions import Seat
from webapp.refusals import N_, Invalid, Refusal
from webapp.times import in_this_century
from webapp.web.client import my_seats
from webapp.web.client.make_ups import fitting
from webapp.web.client.my_seats import SeatView
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import store
from webapp.web.pwa import replays

pages = Blueprint("absences", __name__)

PAGE, BLOCK = "client/absences/show.html", "absence"
REASONS = (
    (Reason.TECHNICAL, N_("Internet or device")),
    (Reason.WORK, N_("Work")),
    (Reason.SCHOOL, N_("School")),
    (Reason.FAMILY, N_("Family")),
    (Reason.ILLNESS, N_("Not well")),
    (Reason.EMERGENCY, N_("Emergency")),
    (Reason.NOT_UP_TO_IT, N_("Not up to it")),
    (Reason.OTHER, N_("Something else")),
    (Reason.UNSAID, N_("Rather not say")),
)


@pages.get("/seats/<row:seat_id>/absence")
@needs(Permission.REPORT_ABSENCE)
def show(seat_id: int) -> ResponseReturnValue:
    """The form, or the thanks when a report stands. `?reason=` preselects a reason."""
    said = {"reason": request.args.get("reason", "")}
    return widget(
        PAGE, BLOCK, **_screen(my_seats.view_of(seat_id)), said=said, near=my_seats.approaching()
    )


@pages.post("/seats/<row:seat_id>/absence")
@needs(Permission.REPORT_ABSENCE)
def report(seat_id: int) -> ResponseReturnValue:
    """Report the absence. The same `request_id` again gives the same response (R7)."""
    seat = my_seats.seat(seat_id)
    form = request.form
    try:
        absences.report(
            store, seat, by=my_seats.person(), now=clock.now(), reason=form.get("reason") or None,
            note=form.get("note"), reported_at=_instant(form.get("reported_at")),
            request_id=form.get("request_id"),
        )  # fmt: skip
    except Refusal as refusal:
        if replays.by_script():
            return replays.answer(refusal)
        screen = _screen(my_seats.view_of(seat_id)) | {"refusal": refusal, "said": form}
        return widget(PAGE, BLOCK, refusal.status, **screen)
    store.commit()
    return replays.answer() if replays.by_script() else _answer(seat_id)


@pages.post("/seats/<row:seat_id>/absence/withdrawal")
@needs(Permission.REPORT_ABSENCE)
def withdraw(seat_id: int) -> ResponseReturnValue:
    """Withdraw the report (*I can make it after all*) and cancel make-ups and waitlist entries for this seat."""
    seat = my_seats.seat(seat_id)
    standing = store.scalar(absences.of(seat.id))
    if standing is not None:
        standing.withdraw(store, by=my_seats.person(), now=clock.now())
        tasks.call_again(store, seat, by=my_seats.person(), now=clock.now())
        _give_back(seat)
    store.commit()
    return _answer(seat_id, back=True)


def _give_back(seat: Seat) -> None:
    by, now = my_seats.person(), clock.now()
    for made in store.scalars(make_ups.standing_for([seat.id])):
        made.cancel(store, by=by, now=now)
    waiting = waitlist.waiting(seat.client).where(WaitlistEntry.seat_id == seat.id)
    for entry in store.scalars(waiting).all():
        waitlist.leave(store, entry, by=by, now=now)


def _answer(seat_id: int, **more: Any) -> ResponseReturnValue:
    to = url_for("client.absences.show", seat_id=seat_id)
    return done(PAGE, BLOCK, to, lambda: _screen(my_seats.view_of(seat_id)), **more)


def _screen(place: SeatView) -> dict[str, Any]:
    """The context of the block in any of its states."""
    now = clock.now()
    others = my_seats.between(now, now + 14 * 24 * my_seats.HOUR) if not place.report else []
    return {
        "place": "today",
        "coming": place,
        "reasons": [(value.value, _(words)) for value, words in REASONS],
        "request_id": str(uuid.uuid4()),
        "ahead": notice_given(place.report) if place.report else "",
        "about": fitting.of(fitting.made_up_by(place)) if place.report else None,
        "why": fitting.WORDS,
        "target": "#absence",
        "others": [
            each for each in others
            if each.seat.id != place.seat.id and each.state in ("ahead", "open")
        ][:5],
    }  # fmt: skip


def notice_given(report: AbsenceReport) -> str:
    """How long before the start the absence was reported, such as "26 hours"; empty when it was reported afterwards."""
    minutes = int(report.notice.total_seconds() // 60)
    if minutes >= 48 * 60:
        days = minutes // (24 * 60)
        return ngettext("%(num)d day", "%(num)d days", days)
    if minutes >= 60:
        return ngettext("%(num)d hour", "%(num)d hours", minutes // 60)
    return ngettext("%(num)d minute", "%(num)d minutes", minutes) if minutes > 0 else ""


def _instant(text: str | None) -> datetime | None:
    """`reported_at` as RFC 3339 with its offset. Raises Invalid."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not in_this_century(instant):
        raise Invalid(N_("Write an instant like 2026-03-04T18:00:00Z."), field="reported_at")
    return instant
