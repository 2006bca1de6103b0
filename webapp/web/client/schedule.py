"""Schedule: today, the week, everything planned, and what lies behind, in the reader's own zone."""

from datetime import datetime, time, timedelta
from itertools import groupby

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.access import Permission
from webapp.web.client import histories, places
from webapp.web.filters import zone
from webapp.web.guard import needs
from webapp.web.htmx import widget

pages = Blueprint("schedule", __name__)

HORIZON = timedelta(weeks=9)
"""A little more than series are unfolded ahead."""
BEHIND = timedelta(days=30)


@pages.get("/schedule")
@needs(Permission.OWN_DAY)
def show() -> ResponseReturnValue:
    """`?view=today|week|all|earlier`; anything else is the week."""
    view = request.args.get("view", "week")
    start, end = _span(view if view in ("today", "week", "all", "earlier") else "week")
    found = places.between(start, end)
    found = histories.with_standing(
        [each for each in found if view != "earlier" or each.state in ("over", "cancelled")]
    )
    if view == "earlier":
        found.reverse()
    days = [
        list(group)
        for _, group in groupby(
            found, lambda each: each.session.starts_at.astimezone(zone()).date()
        )
    ]
    return widget(
        "client/schedule/show.html", "days", place="schedule", near=places.near() if view == "earlier" else places.next_of(found), view=view, days=days,
        elsewhere=any(each.elsewhere for each in found),
    )  # fmt: skip


def _span(view: str) -> tuple[datetime, datetime]:
    """From and to, as instants: days begin and end where the reader is."""
    now = clock.now()
    today = now.astimezone(zone()).date()
    midnight = datetime.combine(today, time(), zone())
    if view == "earlier":
        return now - BEHIND, now
    days = {"today": timedelta(days=1), "week": timedelta(days=7), "all": HORIZON}[view]
    return midnight, datetime.combine(today + days, time(), zone())
