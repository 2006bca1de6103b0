"""Staff page of one client's make-up ledger: staff book, cancel or note make-ups for the client."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp import clock
from webapp.care.attendance.standing import CAN_BE_MADE_UP
from webapp.care.catch_up import ledger
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.make_ups import bookings, make_ups
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials.resources import Resource
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.numbers import row_number
from webapp.protocol.reports import demand, misses
from webapp.refusals import N_, Invalid, Refusal
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff.console import changed, form_errors, me, one_or_404, page
from webapp.web.staff.make_ups import board

make_up_ledger = Blueprint("make_up_ledger", __name__)
PAGE = "staff/make_ups/person.html"


@make_up_ledger.get("/people/<row:person_id>/make-ups")
@needs(Permission.READ_CHART)
def show(person_id: int) -> ResponseReturnValue:
    """The ledger, with offers for what is open. Reading it is recorded, and the client can see that (P7)."""
    return page(PAGE, **_context(_client(person_id)))


@make_up_ledger.post("/seats/<row:seat_id>/make-ups")
@needs(Permission.PLAN_MAKE_UPS)
def book(seat_id: int) -> ResponseReturnValue:
    """Book for the client, also after the policy's deadline; or note that the session was made up for in another way."""
    seat, now = _seat(seat_id), clock.now()
    made = _standing(seat)
    try:
        if request.form.get("otherwise"):
            made = made or make_ups.note_down(store, seat, by=me(), now=now)
            made.complete(store, by=me(), now=now)
        elif made is not None and made.is_open:
            bookings.move(store, made, _chosen(), by=me(), now=now)
        else:
            bookings.book(store, seat, _chosen(), by=me(), now=now)
    except Refusal as refusal:
        discard_and_read()
        return page(
            PAGE, refusal.status, **_context(seat.client), errors=form_errors(refusal), wrong=seat_id,
            refusal=refusal,
        )  # fmt: skip
    store.commit()
    return _after(seat)


@make_up_ledger.post("/seats/<row:seat_id>/make-ups/cancellation")
@needs(Permission.PLAN_MAKE_UPS)
def cancel(seat_id: int) -> ResponseReturnValue:
    """Cancel what is booked; the place is free again."""
    seat = _seat(seat_id)
    made = _standing(seat)
    if made is not None:
        made.cancel(store, by=me(), now=clock.now())
    store.commit()
    return _after(seat)


def _after(seat: Seat) -> ResponseReturnValue:
    to = f"/staff/people/{seat.client_id}/make-ups#seat-{seat.id}"
    return changed(PAGE, to, lambda: _context(seat.client))


def _context(client: Person) -> dict[str, Any]:
    now = clock.now()
    missed = demand.reported_ahead(store, client, now) + misses.of(store, client, now)
    lines = ledger.entries(store, missed)
    return {
        "reading": Reading(What.CHART, [client.id]),
        "place": "people",
        "client": client,
        "lines": lines,
        "fitting": {
            line.seat.id: bookings.offered(store, line.seat, now, limit=3)
            for line in lines if line.make_up is None
        },
        "slots": [slot for slot in board.coming(store, client.program_id, now) if slot.free > 0],
        "can_be": CAN_BE_MADE_UP,
    }  # fmt: skip


def _standing(seat: Seat) -> MakeUp | None:
    return store.scalar(make_ups.standing_for([seat.id]))


def _chosen() -> Session | Resource:
    kind, _sep, written = request.form.get("what", "").partition("-")
    number = row_number(written)
    chosen: Session | Resource | None = None
    if kind == "session":
        session = select(Session).where(Session.id == number)
        chosen = store.scalar(session.where(Session.program_id == me().program_id))
    elif kind == "resource":
        resource = select(Resource).where(Resource.id == number)
        chosen = store.scalar(resource.where(Resource.program_id == me().program_id))
    if chosen is None:
        raise Invalid(N_("Choose one of the times."), field="what")
    return chosen


def _client(person_id: int) -> Person:
    return one_or_404(teams.readable_by(me()).where(Person.id == person_id))


def _seat(seat_id: int) -> Seat:
    """A seat of a client of whose care team the reader is; others, hosts too, get 404 (P12)."""
    mine = teams.readable_by(me()).with_only_columns(Person.id)
    seats = sessions.seats_visible_to(me()).where(Seat.id == seat_id)
    return one_or_404(seats.where(Seat.client_id.in_(mine)))
