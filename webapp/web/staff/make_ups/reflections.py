"""Staff page of a client's reflection: the care team reads it, which is recorded (P7), and confirms it."""

from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.make_ups import reflections as care
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.reflections import Reflection
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule.sessions import Seat
from webapp.refusals import Refusal
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff.console import form_errors, me, one_or_404, page

reflections = Blueprint("reflections", __name__)
PAGE = "staff/make_ups/reflection.html"


@reflections.get("/reflections/<row:make_up_id>")
@needs(Permission.READ_CHART)
def show(make_up_id: int) -> ResponseReturnValue:
    """What the client wrote. Reading it is recorded, and the client can see that (P7)."""
    return page(PAGE, **_context(_reflection(make_up_id)))


@reflections.post("/reflections/<row:make_up_id>/confirmation")
@needs(Permission.READ_CHART)
def confirm(make_up_id: int) -> ResponseReturnValue:
    """Confirm it, with words of feedback if there are any."""
    reflection, words = _reflection(make_up_id), request.form.get("feedback", "")
    try:
        care.confirm(store, reflection.make_up, by=me(), now=clock.now(), feedback=words)
    except Refusal as refusal:
        discard_and_read()
        return page(
            PAGE, refusal.status, **_context(reflection), errors=form_errors(refusal), given=words
        )
    store.commit()
    return redirect("/staff/make-ups#reflections", 303)


def _context(reflection: Reflection) -> dict[str, Any]:
    made = reflection.make_up
    reading = Reading(What.CHART, [made.seat.client_id])
    return {"reading": reading, "place": "make-ups", "reflection": reflection, "made": made}


def _reflection(make_up_id: int) -> Reflection:
    """A reflection of a client of whose care team the reader is; anyone else's is 404 (P12)."""
    mine = teams.readable_by(me()).with_only_columns(Person.id)
    wanted = select(Reflection).join(MakeUp, MakeUp.id == Reflection.make_up_id)
    wanted = wanted.join(Seat, Seat.id == MakeUp.seat_id).where(Seat.client_id.in_(mine))
    made = joinedload(Reflection.make_up)
    whole = made.joinedload(MakeUp.seat).joinedload(Seat.client), made.joinedload(MakeUp.resource)
    written = wanted.where(MakeUp.id == make_up_id, Reflection.handed_in_at.is_not(None))
    return one_or_404(written.options(*whole))
