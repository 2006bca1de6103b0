"""Calendar: creating, replacing and ending the private link that a calendar app subscribes to (M16).

Making one asks for a fresh sign-in and tells its owner at every address, since whoever has the link needs no sign-in (S19). A
form says which link its page showed: one that is out of date changes nothing and shows what is true now.
"""

from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from htmx_flask import request as htmx_request

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.schedule import calendar_feeds
from webapp.care.schedule.calendar_feeds import CalendarFeed
from webapp.web.client import my_seats
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("calendar", __name__)


@pages.get("/me/calendar")
@needs(Permission.OWN_CARE)
def show() -> ResponseReturnValue:
    """Whether there is a link and since when. The link itself is never shown again. An open page asks by htmx what is true now,
    which is no use of the login (S3): 204 while it is what the page shows."""
    if not htmx_request.htmx:
        return _page()
    g.pop("seen", None)
    return _page(changed=True) if _is_out_of_date() else ("", 204)


@pages.post("/me/calendar")
@needs(Permission.CALENDAR_LINK)
def make() -> ResponseReturnValue:
    """Create a new link and end the one before. Only this response shows it."""
    person = my_seats.person()
    if _is_out_of_date():
        return _page(409, changed=True)
    secret = calendar_feeds.open_feed(
        store, person, by=person, now=clock.now(), login_id=current_user.login.id
    )
    store.commit()
    return _page(**_link_forms(url_for("feeds.show", token=secret)))


@pages.post("/me/calendar/end")
@needs(Permission.OWN_CARE)
def end() -> ResponseReturnValue:
    """End the link."""
    person = my_seats.person()
    if _is_out_of_date():
        return _page(409, changed=True)
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


def _current() -> CalendarFeed | None:
    return store.scalar(calendar_feeds.of(my_seats.person().id))


def _is_out_of_date() -> bool:
    """Whether the page that sent the form showed another link, or none, or one where there is none now."""
    feed = _current()
    return request.values.get("shown", "") != (str(feed.id) if feed else "")


def _page(status: int = 200, **more: Any) -> ResponseReturnValue:
    return widget(
        "client/me/calendar.html", "calendar", status, place="me", near=my_seats.approaching(),
        feed=_current(), **more,
    )  # fmt: skip
