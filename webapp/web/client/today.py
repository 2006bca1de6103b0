"""Today: what's next and when, can I still make it, what is waiting for me."""

from datetime import date, timedelta

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.access import Permission
from webapp.care.standing import Standing
from webapp.web.client import histories, places
from webapp.web.client.places import Place
from webapp.web.filters import zone
from webapp.web.guard import needs
from webapp.web.htmx import widget

pages = Blueprint("today", __name__)

AHEAD, BEHIND = timedelta(days=8), timedelta(days=3)


@pages.get("/")
@needs(Permission.OWN_DAY)
def show() -> ResponseReturnValue:
    """The next place with its countdown, what else is today, and the week in short."""
    now = clock.now()
    today = now.astimezone(zone()).date()
    found = places.between(now - BEHIND, now + AHEAD)
    coming = [each for each in found if each.state != "over" and each.session.ends_at > now]
    following = places.next_of(coming)
    rest = [each for each in coming if each is not following]
    return widget(
        "client/today/show.html", "next", place="today", greeting=greeting(), coming=following,
        near=following, waiting=waiting(found),
        today=[each for each in rest if _local_day(each) <= today],
        later=[each for each in rest if _local_day(each) > today][:3],
    )  # fmt: skip


def waiting(found: list[Place]) -> list[Place]:
    """Places of the last days where we didn't see them and haven't heard why. Their standing is asked for only when
    somebody was to reach out, so an ordinary day costs nothing."""
    quiet = [
        each for each in found if each.state == "over" and each.called_after and not each.report
    ]
    return [each for each in histories.with_standing(quiet) if each.standing is Standing.MISSED]


def greeting() -> str:
    """Good morning, afternoon or evening, where the reader is."""
    hour = clock.now().astimezone(zone()).hour
    name = places.person().name.split()[0]
    if 4 <= hour < 12:
        return _("Good morning, %(name)s", name=name)
    if 12 <= hour < 17:
        return _("Good afternoon, %(name)s", name=name)
    return _("Good evening, %(name)s", name=name)


def _local_day(place: Place) -> date:
    return place.session.starts_at.astimezone(zone()).date()
