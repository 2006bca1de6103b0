"""Schedule: one day, a week, everything planned, or the last 30 days, in the reader's time zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from babel.dates import format_date
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.make_ups import waitlist
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.web.client import histories, my_seats
from webapp.web.client.my_seats import SeatView
from webapp.web.page.filters import language, zone
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("schedule", __name__)

HORIZON = timedelta(weeks=9)
"""A little longer than series are unfolded ahead."""
BEHIND = timedelta(days=30)
FURTHEST = timedelta(days=800)
"""How far from today the pages of days and weeks go."""
VIEWS = ("today", "week", "all", "earlier")


@dataclass(frozen=True, slots=True)
class ScheduleDay:
    """One day in the reader's time zone, and the seats whose session begins in it, soonest first."""

    on: date
    today: bool
    places: list[SeatView]

    @property
    def noon(self) -> datetime:
        """An instant in this day, for the filters."""
        return datetime.combine(self.on, time(12), zone())

    @property
    def weekday(self) -> str:
        """Mon"""
        return format_date(self.on, "EEE", locale=language())

    @property
    def before_now(self) -> int:
        """How many of its sessions have begun; the mark of the current time goes after them."""
        return sum(each.started for each in self.places)


@pages.get("/schedule")
@needs(Permission.OWN_DAY)
def show() -> ResponseReturnValue:
    """`?view=today|week|all|earlier`, anything else is the week; `&on=2026-11-25`: that day, or the week from it."""
    view = request.args.get("view", "week")
    view = view if view in VIEWS else "week"
    today = clock.now().astimezone(zone()).date()
    on = _on(request.args.get("on"), today)
    start, end = _span(view, on, today)
    found = my_seats.between(start, end)
    found = histories.with_standing(
        [each for each in found if view != "earlier" or each.state in ("over", "cancelled")]
    )
    days = _days(view, found, on, today)
    current = view in ("today", "week", "all") and on == today
    return widget(
        "client/schedule/show.html", "days", place="schedule",
        near=my_seats.next_joinable(found) if current else my_seats.approaching(),
        view=view, on=on, today=today, days=days, step=_step(view, on),
        elsewhere=any(each.elsewhere for each in found),
        held=_held() if view != "earlier" else [],
    )  # fmt: skip


def _held() -> list[HeldPlace]:
    """Places that are held for the client and not booked yet. One statement."""
    held = waitlist.held_for(my_seats.person().id, clock.now())
    entry = contains_eager(HeldPlace.entry)
    return list(store.scalars(held.options(entry.joinedload(WaitlistEntry.session))))


def _days(view: str, found: list[SeatView], on: date, today: date) -> list[ScheduleDay]:
    """The days to show: a day and a week with empty days, the lists only days that have a session."""
    by_day = {day: list(group) for day, group in groupby(found, _local_day)}
    if view in ("today", "week"):
        shown = [on + timedelta(days=n) for n in range(7 if view == "week" else 1)]
    else:
        shown = sorted(by_day, reverse=view == "earlier")
    turned = slice(None, None, -1 if view == "earlier" else 1)
    return [ScheduleDay(day, day == today, by_day.get(day, [])[turned]) for day in shown]


def _step(view: str, on: date) -> tuple[date, date]:
    """The dates that the arrows lead to: a day or a week back and forward."""
    step = timedelta(days=7 if view == "week" else 1)
    return on - step, on + step


def _span(view: str, on: date, today: date) -> tuple[datetime, datetime]:
    """Start and end as instants; days begin and end in the reader's time zone."""
    if view == "earlier":
        now = clock.now()
        return now - BEHIND, now
    if view == "all":
        return _midnight(today), _midnight(today + HORIZON)
    return _midnight(on), _midnight(on + timedelta(days=7 if view == "week" else 1))


def _on(text: str | None, today: date) -> date:
    """The requested date; today when it is none, or too far away."""
    try:
        asked = date.fromisoformat(text or "")
    except ValueError:
        return today
    return asked if abs(asked - today) <= FURTHEST else today


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone())


def _local_day(place: SeatView) -> date:
    return place.session.starts_at.astimezone(zone()).date()
