"""Today: the next session with its countdown, the rest of the day, and what needs attention."""

from datetime import date, timedelta
from typing import NamedTuple

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock
from webapp.care.attendance.standing import Standing
from webapp.care.directory.people import Kind
from webapp.care.directory.permissions import Permission
from webapp.protocol.reports import today_counts as waits
from webapp.protocol.reports.today_counts import TodayCounts
from webapp.web import account_changes
from webapp.web.client import histories, my_seats
from webapp.web.client.my_seats import SeatView
from webapp.web.page.filters import time_of, zone
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("today", __name__)

AHEAD, BEHIND = timedelta(days=8), timedelta(days=3)


@pages.get("/")
@needs(Permission.OWN_DAY)
def show() -> ResponseReturnValue:
    """The next session with its countdown, the rest of today, and the next days in short; a supporter, who has none of their own, goes
    on to Together. A page that polls by itself does not count
    as use of the login (S3)."""
    if request.headers.get("HX-Request"):
        g.pop("seen", None)
    if my_seats.person().kind == Kind.SUPPORTER:
        return redirect(url_for("client.together.show"), 303)
    now = clock.now()
    today = now.astimezone(zone()).date()
    found = my_seats.between(now - BEHIND, now + AHEAD)
    coming = [each for each in found if each.state != "over" and each.session.ends_at > now]
    following = my_seats.next_joinable(coming)
    rest = [each for each in coming if each is not following]
    person = my_seats.person()
    counts = waits.of(store, person.id, now) if person.kind == Kind.CLIENT else None
    changed = counts is None or counts.account_change
    return widget(
        "client/today/show.html", "next", place="today", greeting=greeting(), coming=following,
        near=following, waiting=unexplained_misses(found), lines=waiting_items(counts) if counts else [],
        today=[each for each in rest if _local_day(each) <= today],
        later=[each for each in rest if _local_day(each) > today][:3],
        **(account_changes.waiting(person) if changed else {}),
    )  # fmt: skip


def unexplained_misses(found: list[SeatView]) -> list[SeatView]:
    """Seats of the last days that the client missed without a report. The standing is computed only where the outreach rung was
    taken, so an ordinary day costs nothing."""
    quiet = [
        each for each in found if each.state == "over" and each.called_after and not each.report
    ]
    return [each for each in histories.with_standing(quiet) if each.standing is Standing.MISSED]


class WaitingItem(NamedTuple):
    """One thing that needs the client's attention: its words, its link, its icon."""

    words: str
    href: str
    icon: str


def waiting_items(found: TodayCounts) -> list[WaitingItem]:
    """What else needs the client's attention, what expires first on top."""
    home = url_for("client.catch_up.show") if found.anything else ""
    shown = []
    if found.held_seat and found.held_until:
        to = url_for("client.make_ups.show", seat_id=found.held_seat)
        until = time_of(found.held_until)
        shown.append(
            WaitingItem(_("A place is held for you until %(time)s", time=until), to, "chair")
        )
    if found.messages:
        words = ngettext("%(num)d new message", "%(num)d new messages", found.messages)
        shown.append(WaitingItem(words, url_for("client.messages.show"), "mail"))
    if found.catch_up:
        count = found.catch_up
        words = ngettext("%(num)d session to catch up on", "%(num)d sessions to catch up on", count)
        shown.append(WaitingItem(words, home, "catch-up"))
    if found.homework:
        words = ngettext("Homework to do", "%(num)d pieces of homework to do", found.homework)
        one = url_for("client.homework.show", homework_id=found.one_homework)
        shown.append(WaitingItem(words, one if found.homework == 1 else home, "note"))
    if found.plan_at:
        shown.append(WaitingItem(_("A plan we made together"), f"{home}#plan", "care"))
    return shown


def greeting() -> str:
    """Good morning, afternoon or evening, by the reader's time zone."""
    hour = clock.now().astimezone(zone()).hour
    name = my_seats.person().name.split()[0]
    if 4 <= hour < 12:
        return _("Good morning, %(name)s", name=name)
    if 12 <= hour < 17:
        return _("Good afternoon, %(name)s", name=name)
    return _("Good evening, %(name)s", name=name)


def _local_day(place: SeatView) -> date:
    return place.session.starts_at.astimezone(zone()).date()
