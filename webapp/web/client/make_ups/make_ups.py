"""Make-ups: other times for one seat, each one tap to book; what is booked, and the way out of it (M6)."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.make_ups import bookings, eligibility, make_ups, reflections
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials import resources
from webapp.care.materials.resources import Resource
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import N_, AlreadyDone, Invalid, Refusal
from webapp.spellings import row_number
from webapp.web.client import my_seats
from webapp.web.client.make_ups import fitting
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import read_on, store

pages = Blueprint("make_ups", __name__)

PAGE, BLOCK = "client/make_ups/show.html", "make_ups"


@pages.get("/seats/<row:seat_id>/make-ups")
@needs(Permission.MAKE_UP)
def show(seat_id: int) -> ResponseReturnValue:
    """What stands for this seat, or what could. `?change=yes`: other times beside what is booked."""
    return widget(
        PAGE, BLOCK, **screen(seat_id, changing="change" in request.args, near=my_seats.near())
    )


@pages.post("/seats/<row:seat_id>/make-ups")
@needs(Permission.MAKE_UP)
def book(seat_id: int) -> ResponseReturnValue:
    """One tap: `session` or `resource` makes up for this seat; what was booked instead is given up for it."""
    about = fitting.of(my_seats.one(seat_id))
    try:
        if about.state not in ("open", "booked"):
            raise AlreadyDone(N_("There is nothing to make up for here."))
        what, by, now = _chosen(about.seat), my_seats.person(), clock.now()
        if about.made is None:
            bookings.book(store, about.seat, what, by=by, now=now)
        else:
            bookings.move(store, about.made, what, by=by, now=now)
    except Refusal as refusal:
        return refused(seat_id, refusal)
    store.commit()
    return answer(seat_id, news=_("That's set."))


@pages.post("/seats/<row:seat_id>/make-ups/cancellation")
@needs(Permission.MAKE_UP)
def cancel(seat_id: int) -> ResponseReturnValue:
    """Give it up: the places are free again."""
    about = fitting.of(my_seats.one(seat_id))
    if about.made is not None and not about.over:
        about.made.cancel(store, by=my_seats.person(), now=clock.now())
    store.commit()
    return answer(seat_id, news=_("We gave that back."))


@pages.post("/seats/<row:seat_id>/make-ups/reflection")
@needs(Permission.MAKE_UP)
def reflect(seat_id: int) -> ResponseReturnValue:
    """Hand in the few sentences; with them the session is made up."""
    seat, body = my_seats.seat(seat_id), request.form.get("body", "")
    made = _standing(seat)
    try:
        if made is None:
            raise AlreadyDone()
        reflections.hand_in(store, made, body, by=my_seats.person(), now=clock.now())
    except Refusal as refusal:
        return refused(seat_id, refusal, said=body)
    store.commit()
    return answer(seat_id, news=_("Handed in. Thank you."), sent=made.id)


def screen(seat_id: int, *, changing: bool = False, **more: Any) -> dict[str, Any]:
    """All that the block needs in any of its states."""
    about = fitting.of(my_seats.one(seat_id), changing=changing)
    return {"place": "catch-up", "about": about, "why": fitting.WORDS, "target": "#make-ups"} | more


def answer(seat_id: int, **more: Any) -> ResponseReturnValue:
    """After a change."""
    to = url_for("client.make_ups.show", seat_id=seat_id)
    return done(PAGE, BLOCK, to, lambda: screen(seat_id), **more)


def refused(seat_id: int, refusal: Refusal, **more: Any) -> ResponseReturnValue:
    """It can't be, said calmly, with the next best at hand; nothing has changed."""
    read_on()
    about = screen(seat_id, changing=True, refusal=refusal, **more)
    return widget(PAGE, BLOCK, refusal.status, **about)


def _standing(seat: Seat) -> MakeUp | None:
    return store.scalar(make_ups.standing_for([seat.id]))


def session_for(seat: Seat) -> Session:
    """The session that the form names. Raises Invalid for one that can't make up for `seat`, as for one that there is not."""
    number = row_number(request.form.get("session", ""))
    found = eligibility.session_for(store, seat, number)
    if found is None:
        raise Invalid(N_("Choose one of the times."), field="session")
    return found


def _chosen(seat: Seat) -> Session | Resource:
    """What the form names. Raises Invalid: a client sees what may make up for `seat`, and what is on the shelf for them."""
    if not request.form.get("resource"):
        return session_for(seat)
    shelf = resources.visible_to(my_seats.person(), clock.now())
    found = store.scalar(shelf.where(Resource.id == row_number(request.form["resource"])))
    if found is None:
        raise Invalid(N_("Choose one of the times."), field="session")
    return found
