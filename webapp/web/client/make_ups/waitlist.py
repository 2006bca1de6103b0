"""A client joins and leaves the line of a full session, and takes or declines a place that is held for them (M6)."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.make_ups import bookings, waitlist
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.refusals import Refusal
from webapp.web.client import my_seats
from webapp.web.client.make_ups import make_ups
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("waiting", __name__)


@pages.post("/seats/<row:seat_id>/make-ups/waiting")
@needs(Permission.MAKE_UP)
def join(seat_id: int) -> ResponseReturnValue:
    """Join the line of the `session` in the form."""
    seat, me = my_seats.seat(seat_id), my_seats.person()
    try:
        session = make_ups.session_for(seat)
        entry = waitlist.join(store, seat, session, by=me, now=clock.now())
    except Refusal as refusal:
        return make_ups.refused(seat_id, refusal)
    store.commit()
    news = _("You're in line. We tell you when a place comes free.")
    if entry.seat_id != seat_id:  # one place in a line is one place, whatever it makes up for
        news = _("You're in line for that one already, for another session.")
    return make_ups.answer(seat_id, news=news)


@pages.post("/waiting/<row:entry_id>/cancellation")
@needs(Permission.MAKE_UP)
def leave(entry_id: int) -> ResponseReturnValue:
    """Leave the line."""
    entry = store.scalar(
        select(WaitlistEntry).where(
            WaitlistEntry.id == entry_id, WaitlistEntry.client_id == my_seats.person().id
        )
    )
    if entry is None:
        abort(404)
    waitlist.leave(store, entry, by=my_seats.person(), now=clock.now())
    store.commit()
    return make_ups.answer(entry.seat_id, news=_("You're no longer in line for that one."))


@pages.post("/held-places/<row:held_id>/acceptance")
@needs(Permission.MAKE_UP)
def accept(held_id: int) -> ResponseReturnValue:
    """Take a place that is held."""
    held = _held(held_id)
    try:
        bookings.accept(store, held, by=my_seats.person(), now=clock.now())
    except Refusal as refusal:
        return make_ups.refused(held.entry.seat_id, refusal)
    store.commit()
    return make_ups.answer(held.entry.seat_id, news=_("That's set."))


@pages.post("/held-places/<row:held_id>/release")
@needs(Permission.MAKE_UP)
def let_go(held_id: int) -> ResponseReturnValue:
    """Decline a place that is held: it goes to the next in line."""
    held = _held(held_id)
    waitlist.let_go(store, held, by=my_seats.person(), now=clock.now())
    store.commit()
    return make_ups.answer(held.entry.seat_id, news=_("Good. It goes to the next in line."))


def _held(held_id: int) -> HeldPlace:
    """A place held for the signed-in person; anyone else's is 404 (S1)."""
    held = select(HeldPlace).join(WaitlistEntry, WaitlistEntry.id == HeldPlace.entry_id)
    held = held.where(HeldPlace.id == held_id, WaitlistEntry.client_id == my_seats.person().id)
    return store.scalar(held) or abort(404)
