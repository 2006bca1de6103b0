"""A client's page of one missed seat: offers to book, what is booked, and cancelling it (M6)."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.make_ups import bookings, eligibility, make_ups, reflections
from webapp.care.materials import resources
from webapp.care.materials.resources import Resource
from webapp.care.schedule.sessions import Seat, Session
from webapp.numbers import row_number
from webapp.refusals import N_, AlreadyDone, Invalid, Refusal
from webapp.web.client import my_seats
from webapp.web.client.make_ups import fitting
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import discard_and_read, store

pages = Blueprint("make_ups", __name__)

PAGE, BLOCK = "client/make_ups/show.html", "make_ups"


@pages.get("/seats/<row:seat_id>/make-ups")
@needs(Permission.MAKE_UP)
def show(seat_id: int) -> ResponseReturnValue:
    """What is booked for this seat, or offers. `?change=yes`: offers beside what is booked."""
    return widget(
        PAGE,
        BLOCK,
        **screen(seat_id, changing="change" in request.args, near=my_seats.approaching()),
    )


@pages.post("/seats/<row:seat_id>/make-ups")
@needs(Permission.MAKE_UP)
def book(seat_id: int) -> ResponseReturnValue:
    """Book the `session` or `resource` of the form to make up for this seat, instead of what is booked, if anything is."""
    place, by, now = my_seats.view_of(seat_id), my_seats.person(), clock.now()
    made = store.scalar(make_ups.standing_for([seat_id]))
    try:
        if fitting.state_of(place, made, now) not in ("open", "booked"):
            raise AlreadyDone(N_("There is nothing to make up for here."))
        what, known = _chosen(place.seat), fitting.known_until(place.seat, now)
        if made is None:
            bookings.book(store, place.seat, what, by=by, now=now, known_until=known)
        else:
            bookings.move(store, made, what, by=by, now=now, known_until=known)
    except Refusal as refusal:
        return refused(seat_id, refusal)
    store.commit()
    return answer(seat_id, news=_("That's set."))


@pages.post("/seats/<row:seat_id>/make-ups/cancellation")
@needs(Permission.MAKE_UP)
def cancel(seat_id: int) -> ResponseReturnValue:
    """Cancel what is booked, unless it has taken place: the places are free again."""
    my_seats.seat(seat_id)
    made, now = store.scalar(make_ups.standing_for([seat_id])), clock.now()
    if made is not None and not made.is_over(now):
        made.cancel(store, by=my_seats.person(), now=now)
    store.commit()
    return answer(seat_id, news=_("We gave that back."))


@pages.post("/seats/<row:seat_id>/make-ups/reflection")
@needs(Permission.MAKE_UP)
def reflect(seat_id: int) -> ResponseReturnValue:
    """Hand in the reflection; with it the session is made up for."""
    my_seats.seat(seat_id)
    made, body = store.scalar(make_ups.standing_for([seat_id])), request.form.get("body", "")
    try:
        if made is None:
            raise AlreadyDone()
        reflections.hand_in(store, made, body, by=my_seats.person(), now=clock.now())
    except Refusal as refusal:
        return refused(seat_id, refusal, said=body)
    store.commit()
    return answer(seat_id, news=_("Handed in. Thank you."), sent=made.id)


def screen(seat_id: int, *, changing: bool = False, **more: Any) -> dict[str, Any]:
    """What the block shows, in each of its states."""
    about = fitting.of(my_seats.view_of(seat_id), changing=changing)
    return {"place": "catch-up", "about": about, "why": fitting.WORDS, "target": "#make-ups"} | more


def answer(seat_id: int, **more: Any) -> ResponseReturnValue:
    """What follows a change: the block in its new state, or the page."""
    to = url_for("client.make_ups.show", seat_id=seat_id)
    return done(PAGE, BLOCK, to, lambda: screen(seat_id), **more)


def refused(seat_id: int, refusal: Refusal, **more: Any) -> ResponseReturnValue:
    """The block with the refusal and other offers, or as it was if only what was written is refused; nothing has changed."""
    discard_and_read()
    about = screen(seat_id, changing=refusal.field != "body", refusal=refusal, **more)
    return widget(PAGE, BLOCK, refusal.status, **about)


def session_for(seat: Seat) -> Session:
    """The session that the form names. Raises Invalid for one that can't make up for `seat`, as for one that doesn't exist."""
    number = row_number(request.form.get("session", ""))
    session = eligibility.session_for(store, seat, number)
    if session is None:
        raise Invalid(N_("Choose one of the times."), field="session")
    return session


def _chosen(seat: Seat) -> Session | Resource:
    """The session or resource that the form names. Raises Invalid for what the client can't see."""
    if not request.form.get("resource"):
        return session_for(seat)
    visible = resources.visible_to(my_seats.person(), clock.now())
    resource = store.scalar(visible.where(Resource.id == row_number(request.form["resource"])))
    if resource is None:
        raise Invalid(N_("Choose one of the times."), field="session")
    return resource
