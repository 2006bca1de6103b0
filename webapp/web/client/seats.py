"""The page of one seat: when, with whom, Join, and the attendance afterwards."""

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
from webapp.care.make_ups import make_ups
from webapp.care.preferences import accommodations
from webapp.care.schedule.sessions import Seat
from webapp.notify import answers
from webapp.web.client import group_times, histories, my_seats
from webapp.web.client.make_ups import fitting
from webapp.web.client.me.needs import SHORT
from webapp.web.client.my_seats import SeatView
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("seats", __name__)

ONE_TAP = timedelta(minutes=1)
"""Taps on Join this close together are one."""


@pages.get("/seats/<row:seat_id>")
@needs(Permission.OWN_DAY)
def show(seat_id: int) -> ResponseReturnValue:
    """The seat, with Join, *I can't make it* and *Trouble connecting* while each is useful."""
    found = histories.with_standing([my_seats.view_of(seat_id)])[0]
    return widget(
        "client/seats/show.html", "seat", place="schedule", coming=found, near=my_seats.approaching(),
        ways=links_from(found), needs=_needs(found), booked=_is_booked(found),
        from_notice_at=answers.last_from_notice(store, found.seat),
    )  # fmt: skip


def _is_booked(place: SeatView) -> bool:
    """Whether another time is booked for this seat, also by a partner for both: then it is shown instead of looked for."""
    made = store.scalar(make_ups.standing_for([place.seat.id]))
    return made is not None and fitting.state_of(place, made, place.now) == "booked"


class SeatLink(NamedTuple):
    """A link from the seat's page to another page."""

    href: str
    words: str
    icon: str
    hint: str = ""


def links_from(place: SeatView) -> list[SeatLink]:
    """Links to other times of the group, the calendar and the care team, while each is useful."""
    here: dict[str, Any] = {"seat_id": place.seat.id}
    found = []
    if place.state == "ahead":
        if group_times.there_are_some(place.seat):
            hint = _("Once, or from now on")
            way = url_for("client.group_times.show", **here)
            found.append(SeatLink(way, _("Another time of this group"), "schedule", hint))
        hint = _("It stands there as a reserved time, nothing else.")
        found.append(
            SeatLink(url_for("feeds.download", **here), _("Save to my calendar"), "add", hint)
        )
    if "client.messages.show" in current_app.view_functions:
        found.append(
            SeatLink(url_for("client.messages.show"), _("Write to your care team"), "text")
        )
    return found


def _needs(place: SeatView) -> list[str]:
    """The accommodations that the host sees, in a few words each; empty when the session is over or off."""
    if place.state not in ("ahead", "open"):
        return []
    asked = store.scalars(accommodations.of(place.seat.client_id))
    return [_(SHORT[accommodations.Need(each.kind)]) for each in asked]


@pages.post("/seats/<row:seat_id>/join")
@needs(Permission.REPORT_ABSENCE)
def join(seat_id: int) -> ResponseReturnValue:
    """Record a tap on Join (rule 7); the link itself opens the room."""
    record_join_tap(my_seats.seat(seat_id), my_seats.person())
    store.commit()
    return "", 204


@pages.post("/seats/<row:seat_id>/coming")
@needs(Permission.REPORT_ABSENCE)
def coming(seat_id: int) -> ResponseReturnValue:
    """Record *I'll be there*."""
    contacts.confirm_coming(store, my_seats.seat(seat_id), by=my_seats.person(), now=clock.now())
    store.commit()
    flash(_("Thank you. See you then."))
    return redirect(url_for("client.seats.show", seat_id=seat_id), 303)


def record_join_tap(seat: Seat, by: Person) -> None:
    """Record a tap on Join as weak evidence of presence, at most once a minute: a double tap counts as one."""
    now = clock.now()
    recent = select(Presence.id).where(
        Presence.session_id == seat.session_id, Presence.person_id == seat.client_id,
        Presence.type == EvidenceType.TAPPED, Presence.at > now - ONE_TAP,
    )  # fmt: skip
    if store.scalar(recent.limit(1)) is None:
        presence.tap_join(store, seat, by=by, now=now)
