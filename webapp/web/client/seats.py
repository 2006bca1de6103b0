"""One place: when, with whom, the door, and what became of it."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care import planning, presence
from webapp.care.access import Permission
from webapp.care.people import Person
from webapp.care.presence import Evidence, Presence
from webapp.care.sessions import Seat
from webapp.web.client import histories, places
from webapp.web.guard import needs
from webapp.web.htmx import widget
from webapp.web.unit import store

pages = Blueprint("seats", __name__)

ONE_TAP = timedelta(minutes=1)
"""Taps on Join this close together are one."""


@pages.get("/seats/<row:seat_id>")
@needs(Permission.OWN_DAY)
def show(seat_id: int) -> ResponseReturnValue:
    """The place, with Join, *I can't make it* and *Trouble connecting* as far as each still helps."""
    found = histories.with_standing([places.one(seat_id)])[0]
    return widget(
        "client/seats/show.html", "seat", place="schedule", coming=found, near=places.near()
    )


@pages.post("/seats/<row:seat_id>/join")
@needs(Permission.REPORT_ABSENCE)
def join(seat_id: int) -> ResponseReturnValue:
    """Tells the ladder that Join was tapped (rule 7); the link itself opens the room."""
    tap(places.seat(seat_id), places.person())
    store.commit()
    return "", 204


@pages.post("/seats/<row:seat_id>/coming")
@needs(Permission.REPORT_ABSENCE)
def coming(seat_id: int) -> ResponseReturnValue:
    """ "I'll be there"."""
    planning.confirm_coming(store, places.seat(seat_id), by=places.person(), now=clock.now())
    store.commit()
    flash(_("Thank you. See you then."))
    return redirect(url_for("client.seats.show", seat_id=seat_id), 303)


def tap(seat: Seat, by: Person) -> None:
    """Weak presence, once a minute at most: a double tap or a repeated request is one."""
    now = clock.now()
    recent = select(Presence.id).where(
        Presence.session_id == seat.session_id, Presence.person_id == seat.client_id,
        Presence.type == Evidence.TAPPED, Presence.at > now - ONE_TAP,
    )  # fmt: skip
    if store.scalar(recent.limit(1)) is None:
        presence.tap_join(store, seat, by=by, now=now)
