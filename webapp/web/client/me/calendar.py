"""Calendar: creating, replacing and ending the private link that a calendar app subscribes to (M16)."""

from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.schedule import calendar_feeds
from webapp.web.client import my_seats
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("calendar", __name__)


@pages.get("/me/calendar")
@needs(Permission.OWN_CARE)
def show() -> ResponseReturnValue:
    """Whether there is a link and since when. The link itself is never shown again."""
    return _page()


@pages.post("/me/calendar")
@needs(Permission.OWN_CARE)
def make() -> ResponseReturnValue:
    """Create a new link and end the one before. Only this response shows it."""
    person = my_seats.person()
    secret = calendar_feeds.open_feed(store, person, by=person, now=clock.now())
    store.commit()
    return _page(**_link_forms(url_for("feeds.show", token=secret)))


@pages.post("/me/calendar/end")
@needs(Permission.OWN_CARE)
def end() -> ResponseReturnValue:
    """End the link."""
    person = my_seats.person()
    calendar_feeds.close_feed(store, person, by=person, now=clock.now())
    store.commit()
    flash(_("The link is off. Your calendar gets no more changes."))
    return redirect(url_for("client.calendar.show"), 303)


def _link_forms(path: str) -> dict[str, Any]:
    """The link in the forms that calendar apps accept."""
    link = current_app.extensions["settings"].base_url.rstrip("/") + path
    subscribed = f"webcal://{urlsplit(link).netloc}{path}"
    return {
        "link": link,
        "subscribed": subscribed,
        "google": f"https://calendar.google.com/calendar/r?cid={quote(subscribed, safe='')}",
    }


def _page(**more: Any) -> ResponseReturnValue:
    feed = store.scalar(calendar_feeds.of(my_seats.person().id))
    return render_template(
        "client/me/calendar.html", place="me", near=my_seats.approaching(), feed=feed, **more
    )
