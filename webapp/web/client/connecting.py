"""Trouble connecting: what one can try oneself, and one tap for help (M15). Open to everyone: the phone that can't
connect may not be signed in."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care import trouble
from webapp.care.access import Permission, may
from webapp.web.client import places
from webapp.web.client.places import Place
from webapp.web.guard import needs, public
from webapp.web.htmx import done, widget
from webapp.web.identity import me
from webapp.web.unit import store

pages = Blueprint("connecting", __name__)

PAGE, BLOCK = "client/connecting/show.html", "help"


@pages.get("/help-connecting")
@public
def show() -> ResponseReturnValue:
    """Steps to try; for a signed-in client also the room's link and *Ask for help*."""
    return widget(PAGE, BLOCK, coming=_current(), asked="asked" in request.args)


@pages.post("/seats/<row:seat_id>/trouble")
@needs(Permission.REPORT_ABSENCE)
def ask(seat_id: int) -> ResponseReturnValue:
    """Somebody helps: a task for the technician, due within minutes."""
    trouble.report(store, places.seat(seat_id), by=places.person(), now=clock.now())
    store.commit()
    to = url_for("client.connecting.show", asked="yes")
    return done(PAGE, BLOCK, to, coming=_current(), asked=True)


def _current() -> Place | None:
    """The session that is on or next within the day, when a client is signed in."""
    person = me()
    if person is None or not may(person, Permission.REPORT_ABSENCE):
        return None
    now = clock.now()
    near = places.between(now, now + 24 * places.HOUR)
    return next((each for each in near if each.state in ("ahead", "open", "told")), None)
