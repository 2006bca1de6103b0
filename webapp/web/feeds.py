"""Calendar feeds (iCalendar): session times for a phone's own calendar, with a neutral title (M16, P5).

Whoever has the link can read the feed without signing in, so it contains no name, kind of session or address. Times are UTC
instants, so that every calendar shows them in its owner's zone; a moved session keeps its UID and raises its SEQUENCE.
"""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from webapp import clock, languages
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.schedule import calendar_feeds
from webapp.care.schedule.calendar_feeds import CalendarEntry
from webapp.web.page.guard import checks_access_itself, needs
from webapp.web.page.identity import current_person
from webapp.web.page.unit_of_work import store

if TYPE_CHECKING:
    from icalendar import Event

pages = Blueprint("feeds", __name__)

CALENDAR = "text/calendar; charset=utf-8"
ASK_AGAIN = timedelta(hours=1)
"""How often a calendar should fetch the feed."""
LONGEST_TOKEN = 64


@pages.get("/calendar/<token>.ics")
@checks_access_itself
def show(token: str) -> ResponseReturnValue:
    """The calendar of the person who made this link. 404 for an ended link as for an unknown one, by the same single query."""
    reader = calendar_feeds.reader_of(store, token[:LONGEST_TOKEN])
    if reader is None:
        abort(404)
    return _response(reader, calendar_feeds.entries(store, reader, clock.now()))


@pages.get("/seats/<row:seat_id>/calendar")
@needs(Permission.OWN_DAY)
def download(seat_id: int) -> ResponseReturnValue:
    """One session time as a file, for people who want no link. Somebody else's seat is 404."""
    person = current_person()
    entries = calendar_feeds.entries(store, person, clock.now(), seat_id) if person else []
    if person is None or not entries:
        abort(404)
    made = _response(person, entries)
    made.headers["Cache-Control"] = "no-store"  # S6: this one needs a login
    made.headers["Content-Disposition"] = 'attachment; filename="reserved-time.ics"'
    return made


def _response(reader: Person, entries: Iterable[CalendarEntry]) -> Response:
    with force_locale(languages.spoken(reader.language)):
        text = calendar(entries, title=_("Reserved time"))
    made = Response(text, content_type=CALENDAR)
    made.headers["Cache-Control"] = "private, no-cache"
    made.headers["X-Robots-Tag"] = "noindex"
    made.add_etag()
    made.make_conditional(request)
    return made


def calendar(entries: Iterable[CalendarEntry], *, title: str) -> bytes:
    """These times as RFC 5545 text, each with `title` as its summary."""
    from icalendar import Calendar  # takes a fifth of a second: imported with the first feed

    settings = current_app.extensions["settings"]
    made = Calendar()
    made.add("prodid", "-//calendar//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", settings.app_name)
    made.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for entry in entries:
        made.add_component(_event(entry, title, settings.base_url))
    return made.to_ical()


def _event(entry: CalendarEntry, title: str, base_url: str) -> "Event":
    from icalendar import Event

    event = Event()
    event.add("uid", str(uuid.uuid5(uuid.NAMESPACE_URL, f"{base_url}/seats/{entry.seat_id}")))
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("summary", title)
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    return event
