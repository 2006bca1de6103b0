"""Follow-up: staff sign off that they talked a missed session through with the client (M21)."""

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.catch_up import follow_ups
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import me, one_or_404

pages = Blueprint("follow_ups", __name__)


@pages.post("/seats/<row:seat_id>/follow-up")
@needs(Permission.WRITE)
def sign_off(seat_id: int) -> ResponseReturnValue:
    """Sign off one seat, with an optional note; then back to the session's or the client's page."""
    mine = teams.readable_by(me()).with_only_columns(Person.id)
    seats = sessions.seats_visible_to(me()).where(Seat.client_id.in_(mine))
    seat = one_or_404(seats.where(Seat.id == seat_id))
    note = request.form.get("note", "")[:2000]
    follow_ups.sign_off(store, seat, by=me(), now=clock.now(), note=note)
    store.commit()
    flash(_("Kept: it is talked through."))
    if request.form.get("back") == "person":
        return redirect(f"/staff/people/{seat.client_id}#catch-up", 303)
    return redirect(f"/staff/sessions/{seat.session_id}#seat-{seat.id}", 303)
