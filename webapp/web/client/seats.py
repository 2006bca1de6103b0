"""One place: when, with whom, the door, and what became of it."""

from datetime import timedelta
from typing import Any, NamedTuple

from flask import Blueprint, current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care.attendance import presence
from webapp.care.attendance.presence import EvidenceType, Presence
from webapp.care.contact import contacts
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.preferences import accommodations
from webapp.care.schedule.sessions import Seat
from webapp.web.client import group_times, histories, my_seats
from webapp.web.client.me.needs import SHORT
from webapp.web.client.my_seats import Place
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("seats", __name__)

ONE_TAP = timedelta(minutes=1)
"""Taps on Join this close together are one."""


@pages.get("/seats/<row:seat_id>")
@needs(Permission.OWN_DAY)
def show(seat_id: int) -> ResponseReturnValue:
    """The place, with Join, *I can't make it* and *Trouble connecting* as far as each still helps."""
    found = histories.with_standing([my_seats.one(seat_id)])[0]
    return widget(
        "client/seats/show.html", "seat", place="schedule", coming=found, near=my_seats.near(),
        ways=ways(found), needs=_needs(found),
    )  # fmt: skip


class Way(NamedTuple):
    """Where else this place leads."""

    href: str
    words: str
    icon: str
    hint: str = ""


def ways(place: Place) -> list[Way]:
    """Other times of the group, the calendar, the care team: as far as each helps in this place's state."""
    here: dict[str, Any] = {"seat_id": place.seat.id}
    found = []
    if place.state == "ahead":
        if group_times.there_are_some(place.seat):
            hint = _("Once, or from now on")
            way = url_for("client.group_times.show", **here)
            found.append(Way(way, _("Another time of this group"), "schedule", hint))
        hint = _("It stands there as a reserved time, nothing else.")
        found.append(Way(url_for("feeds.download", **here), _("Save to my calendar"), "add", hint))
    if "client.messages.show" in current_app.view_functions:
        found.append(Way(url_for("client.messages.show"), _("Write to your care team"), "text"))
    return found


def _needs(place: Place) -> list[str]:
    """What the host knows would help, in a few words each; for what is still to come."""
    if place.state not in ("ahead", "open"):
        return []
    asked = store.scalars(accommodations.of(place.seat.client_id))
    return [_(SHORT[accommodations.Need(each.kind)]) for each in asked]


@pages.post("/seats/<row:seat_id>/join")
@needs(Permission.REPORT_ABSENCE)
def join(seat_id: int) -> ResponseReturnValue:
    """Tells the ladder that Join was tapped (rule 7); the link itself opens the room."""
    tap(my_seats.seat(seat_id), my_seats.person())
    store.commit()
    return "", 204


@pages.post("/seats/<row:seat_id>/coming")
@needs(Permission.REPORT_ABSENCE)
def coming(seat_id: int) -> ResponseReturnValue:
    """ "I'll be there"."""
    contacts.confirm_coming(store, my_seats.seat(seat_id), by=my_seats.person(), now=clock.now())
    store.commit()
    flash(_("Thank you. See you then."))
    return redirect(url_for("client.seats.show", seat_id=seat_id), 303)


def tap(seat: Seat, by: Person) -> None:
    """Weak presence, once a minute at most: a double tap or a repeated request is one."""
    now = clock.now()
    recent = select(Presence.id).where(
        Presence.session_id == seat.session_id, Presence.person_id == seat.client_id,
        Presence.type == EvidenceType.TAPPED, Presence.at > now - ONE_TAP,
    )  # fmt: skip
    if store.scalar(recent.limit(1)) is None:
        presence.tap_join(store, seat, by=by, now=now)
