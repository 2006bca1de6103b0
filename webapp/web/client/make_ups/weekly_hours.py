"""A client's page of weekly hours against the plan, and of what made up for each missed session (M28)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from babel.dates import format_date
from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.catch_up import ledger, weekly_hours
from webapp.care.catch_up.weekly_hours import Week
from webapp.care.directory.permissions import Permission
from webapp.protocol.reports import misses
from webapp.web.client import my_seats
from webapp.web.page.filters import language
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("hours", __name__)

WEEKS = 4
WIDE = 320
"""Width of the drawing, in its own units."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One week as drawn: the width of each part, and where the plan lies, in units of the drawing."""

    week: Week
    words: str
    y: int
    there: float
    made_up: float
    ahead: float
    plan: float


@pages.get("/hours")
@needs(Permission.MAKE_UP)
def show() -> ResponseReturnValue:
    """The last weeks, this one first; below them the make-up ledger."""
    return widget("client/hours/show.html", "hours", **_screen())


def _screen() -> dict[str, Any]:
    now, person = clock.now(), my_seats.person()
    weeks = weekly_hours.weeks(store, person, now, WEEKS)[::-1]
    lines = ledger.entries(store, misses.of(store, person, now))
    return {
        "place": "catch-up",
        "near": my_seats.near(),
        "bars": bars(weeks),
        "lines": lines,
        "open_lines": [line for line in lines if line.open_for_booking(now)],
        "wide": WIDE,
    }


def bars(weeks: list[Week]) -> list[Bar]:
    """The weeks on one scale, which the longest of them, or the plan, fills."""
    most = max((max(w.plan, w.spent + w.ahead) for w in weeks), default=0.0) or 1.0
    scale = WIDE / most
    return [
        Bar(
            week, _name(week, number), 12 + 40 * number, scale * (week.spent - week.made_up),
            scale * week.made_up, scale * week.ahead, scale * week.plan,
        )
        for number, week in enumerate(weeks)
    ]  # fmt: skip


def _name(week: Week, number: int) -> str:
    """This week, Last week, Nov 2 – 8."""
    if number < 2:
        return [_("This week"), _("Last week")][number]
    sunday = week.monday + timedelta(days=6)
    pattern = "MMM d" if language() == "en" else "d MMM"
    first, last = (format_date(day, pattern, locale=language()) for day in (week.monday, sunday))
    return f"{first} – {last}"
