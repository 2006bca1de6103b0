"""A session's page: marking who was there, the evidence, next steps per seat; moving and cancelling the session."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp import clock
from webapp.care.attendance import attended, guests, one_device, presence
from webapp.care.attendance.guests import Guest
from webapp.care.attendance.presence import EvidenceType, Presence
from webapp.care.directory.permissions import Permission, lead
from webapp.care.preferences import accommodations
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule import planning, series, sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import N_, Forbidden, Invalid, Refusal
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff import now as now_page
from webapp.web.staff import room_guests, room_overviews
from webapp.web.staff.console import (
    at_that_time,
    changed,
    form_errors,
    instant,
    me,
    one_or_404,
    page,
)
from webapp.web.staff.room_overviews import RoomOverview, SeatOverview
from webapp.web.staff.writing import room as materials

rooms = Blueprint("rooms", __name__)
PAGE = "staff/session.html"


@rooms.get("/sessions/<row:session_id>")
@needs(Permission.CONSOLE)
def show(session_id: int) -> ResponseReturnValue:
    """The session's page."""
    return page(PAGE, **_page_context(session_id))


@rooms.post("/sessions/<row:session_id>/presence")
@needs(Permission.MARK_ROOM)
def mark_everyone(session_id: int) -> ResponseReturnValue:
    """Mark everyone without evidence as present, and with that confirm the room (P4)."""
    _run(session_id)
    room, now = _room(session_id), clock.now()
    for place in room.unsaid:
        _mark(place, EvidenceType.PRESENT, None, now)
    presence.nobody_else(store, room.session, by=me(), now=now)
    room.session.confirm(store, presence.STAFF, by=me(), now=now)
    store.commit()
    return _after(session_id, closed=True)


@rooms.post("/sessions/<row:session_id>/confirmation")
@needs(Permission.MARK_ROOM)
def confirm(session_id: int) -> ResponseReturnValue:
    """Confirm the attendance shown; from now on partners may be notified as consented (P4)."""
    session, now = _run(session_id), clock.now()
    presence.nobody_else(store, session, by=me(), now=now)
    session.confirm(store, presence.STAFF, by=me(), now=now)
    store.commit()
    return _after(session_id, closed=True)


@rooms.post("/sessions/<row:session_id>/looks")
@needs(Permission.MARK_ROOM)
def look(session_id: int) -> ResponseReturnValue:
    """Say that nobody was there but those who are marked or seen: from now on the ladder goes by that (rule 7)."""
    session = _run(session_id)
    presence.nobody_else(store, session, by=me(), now=clock.now())
    store.commit()
    return _after(session_id)


@rooms.post("/sessions/<row:session_id>/looks/undo")
@needs(Permission.MARK_ROOM)
def undo_look(session_id: int) -> ResponseReturnValue:
    """Take the last look back: it was a slip."""
    _run(session_id)
    room = _room(session_id)
    if room.look is not None:
        room.look.undo(store, by=me(), now=clock.now())
        store.commit()
    return _after(session_id)


@rooms.post("/guests/<row:guest_id>/identification")
@needs(Permission.MARK_ROOM)
def name_guest(guest_id: int) -> ResponseReturnValue:
    """Say who a guest is (`person`, an id), or that it is nobody who is waited for (empty). Their evidence counts from its first
    instant (rule 7)."""
    guest = _guest(guest_id)
    people = {str(person.id): person for person in guests.choices(store, guest.session)}
    chosen = request.form.get("person", "")
    try:
        if chosen and chosen not in people:
            raise Invalid(
                N_("Choose one of the people who may be in this session."), field="person"
            )
        guests.identify(store, guest, people.get(chosen), by=me(), now=clock.now())
    except Invalid as refusal:
        return _refused(guest.session_id, refusal)
    store.commit()
    return _after(guest.session_id)


@rooms.post("/guests/<row:guest_id>/identification/undo")
@needs(Permission.MARK_ROOM)
def undo_name(guest_id: int) -> ResponseReturnValue:
    """Take back who a guest is: their evidence is nobody's again."""
    guest = _guest(guest_id)
    guests.undo(store, guest, by=me(), now=clock.now())
    store.commit()
    return _after(guest.session_id)


@rooms.post("/seats/<row:seat_id>/presence")
@needs(Permission.MARK_ROOM)
def mark(seat_id: int) -> ResponseReturnValue:
    """Mark one person as present or absent. Against evidence it is a correction and needs a reason (rule 10)."""
    seat, now = _seat(seat_id), clock.now()
    _run(seat.session_id)
    place = room_overviews.of_seats(store, select(Seat).where(Seat.id == seat.id), now)[0]
    type = request.form.get("type", "")
    reason = request.form.get("reason", "").strip()
    if type == place.word and not reason:
        return _after(seat.session_id)
    try:
        _mark(place, type, reason or None, now)
    except Invalid as refusal:
        return _refused(seat.session_id, refusal, wrong_seat=seat.id)
    store.commit()
    return _after(seat.session_id)


@rooms.post("/seats/<row:seat_id>/company")
@needs(Permission.MARK_ROOM)
def with_another(seat_id: int) -> ResponseReturnValue:
    """Say that somebody sits at the device of another client of the session (`with`, a seat)."""
    seat = _seat(seat_id)
    _run(seat.session_id)
    theirs = sessions.seats_visible_to(me()).where(Seat.session_id == seat.session_id)
    seats = {str(each.id): each for each in store.scalars(theirs)}
    try:
        if (other := seats.get(request.form.get("with", ""))) is None:
            raise Invalid(N_("Choose somebody else of this session."), field="with")
        guests.together(store, seat, other, by=me(), now=clock.now())
    except Invalid as refusal:
        return _refused(seat.session_id, refusal, wrong_seat=seat.id)
    store.commit()
    return _after(seat.session_id)


@rooms.post("/sessions/<row:session_id>/time")
@needs(Permission.MARK_ROOM)
def move(session_id: int) -> ResponseReturnValue:
    """Move the session to another time, given in the reader's zone. Whoever was notified is notified again (rule 4). What somebody
    has at that time already is listed and asked about first (`anyway`)."""
    session = _run(session_id)
    try:
        starts_at = instant(request.form.get("starts_at", ""), "starts_at")
        ends_at = starts_at + (session.ends_at - session.starts_at)
        session.move(store, starts_at, ends_at, by=me(), now=clock.now())
    except Refusal as refusal:
        return _refused(session_id, refusal)
    if not request.form.get("anyway"):
        store.flush()
        people = [session.host, *(seat.client for seat in planning.taken(store, session))]
        if found := at_that_time(people, [(starts_at, ends_at)], [session.id]):
            return _refused(session_id, **found)
    store.commit()
    return _after(session_id)


@rooms.post("/sessions/<row:session_id>/correction")
@needs(Permission.MARK_ROOM)
def correct_time(session_id: int) -> ResponseReturnValue:
    """Say when a session that has begun really took place, with a reason: for those who lead. Attendance is kept; who was there and
    would then not have been is named and asked about first (`anyway`; rule 14)."""
    session = _run(session_id)
    if not lead(me()):
        raise Forbidden(N_("Only somebody who leads can correct this."))
    try:
        starts_at = instant(request.form.get("starts_at", ""), "starts_at")
        ends_at = instant(request.form.get("ends_at", ""), "ends_at")
        reason = request.form.get("reason", "")[:500]
        outside = attended.left_outside(store, session, starts_at, ends_at, clock.now())
        session.correct_time(store, starts_at, ends_at, reason, by=me(), now=clock.now())
    except Refusal as refusal:
        return _refused(session_id, refusal)
    if outside and not request.form.get("anyway"):
        return _refused(session_id, outside={seat.id for seat in outside})
    store.commit()
    return _after(session_id)


@rooms.post("/sessions/<row:session_id>/reinstatement")
@needs(Permission.MARK_ROOM)
def reinstate(session_id: int) -> ResponseReturnValue:
    """Let a session that was called off take place after all, as long as its time lasts."""
    session = _run(session_id)
    try:
        series.reinstate(store, session, by=me(), now=clock.now())
    except Refusal as refusal:
        return _refused(session_id, refusal)
    store.commit()
    return _after(session_id)


@rooms.post("/sessions/<row:session_id>/cancellation")
@needs(Permission.MARK_ROOM)
def cancel(session_id: int) -> ResponseReturnValue:
    """Cancel the session, with a reason: nobody is counted as absent. One that was held stays so (rule 14)."""
    session = _run(session_id)
    try:
        presence.call_off(store, session, request.form.get("reason", ""), by=me(), now=clock.now())
    except Refusal as refusal:
        return _refused(session_id, refusal)
    store.commit()
    return _after(session_id)


def _mark(place: SeatOverview, type: str, reason: str | None, now: datetime) -> None:
    presence.mark(
        store, place.seat, type, by=me(), now=now, id=uuid4().hex, reason=reason,
        corrections_within_days=place.corrections_within.total_seconds() / 86400,
    )  # fmt: skip


def _room(session_id: int) -> RoomOverview:
    wanted = sessions.visible_to(me()).where(Session.id == session_id)
    rooms = room_overviews.of_sessions(store, wanted, me(), clock.now(), whole_walk=True)
    return rooms[0] if rooms else abort(404)


def _run(session_id: int) -> Session:
    """The session, for its host, their cover or a lead; 404 for whoever may not see it, and a refusal for others (S18)."""
    session = one_or_404(sessions.visible_to(me()).where(Session.id == session_id))
    if not session.is_run_by(me()):
        raise Forbidden(N_("Only its host, their cover or a lead can do this."))
    return session


def _guest(guest_id: int) -> Guest:
    """The guest of a room that the reader runs: any of its seats may be this guest's."""
    theirs = sessions.visible_to(me()).with_only_columns(Session.id)
    guest = one_or_404(select(Guest).where(Guest.id == guest_id, Guest.session_id.in_(theirs)))
    _run(guest.session_id)
    return guest


def _seat(seat_id: int) -> Seat:
    return one_or_404(sessions.seats_visible_to(me()).where(Seat.id == seat_id))


def _page_context(session_id: int) -> dict[str, Any]:
    room = _room(session_id)
    evidence: dict[int, list[Presence]] = {}
    named = {place.client.id for place in room.places} | {room.session.host_id}
    pieces = select(Presence).where(
        Presence.session_id == session_id, Presence.person_id.in_(named)
    )
    for piece in store.scalars(pieces.order_by(Presence.at, Presence.id)):
        evidence.setdefault(piece.person_id or 0, []).append(piece)
    shown = room_guests.of_room(store, room, clock.now())
    asked = accommodations.in_sessions(store, [session_id])
    host = room.session.is_hosted_by(me())
    needs = {
        place.seat.id: asked[place.seat.id]
        for place in room.places
        if place.seat.id in asked and (host or place.client.id in room.readable)
    }
    read: list[int | None] = [
        place.client.id
        for place in room.places
        if place.seat.id in needs or _reasons(evidence, place.client.id, room.readable)
    ]
    read += room_guests.whose_words(shown)
    return {
        "reading": Reading(What.ROOM, list(dict.fromkeys(read)), session_id),
        "guests": shown,
        "partners": room_guests.partners_in(store, room),
        "one_device": one_device.joined_as_one(store, room.session),
        "place": "now",
        "room": room,
        "evidence": evidence,
        "needs": needs,
        "after": materials.after(store, room.session),
        "leads": lead(me()),
        "held": presence.is_held(store, room.session, clock.now()),
    }


def _reasons(evidence: dict[int, list[Presence]], client_id: int, readable: frozenset[int]) -> bool:
    """Whether the page shows why this client's presence was corrected: to their care team alone (P12), while what a client needs in the
    room is for its host too (M25)."""
    return client_id in readable and any(one.reason for one in evidence.get(client_id, ()))


def _after(session_id: int, *, closed: bool = False) -> ResponseReturnValue:
    """The response after a change: the Now page or the session's page, wherever the form was. `closed`: the form on Now is folded."""
    if request.form.get("back") == "now":
        to = f"/staff#room-{session_id}"
        return changed(
            now_page.PAGE,
            to,
            lambda: now_page.page_context(open_room=0 if closed else session_id),
        )
    return changed(PAGE, f"/staff/sessions/{session_id}", lambda: _page_context(session_id))


def _refused(
    session_id: int, refusal: Refusal | None = None, wrong_seat: int = 0, **more: Any
) -> ResponseReturnValue:
    """The same page with the refusal, or with what is asked about (`more`), at its form; nothing has changed."""
    discard_and_read()
    errors = form_errors(refusal) if refusal else {}
    more |= {"errors": errors, "wrong_seat": wrong_seat, "given": request.form}
    if request.form.get("back") == "now":
        return page(now_page.PAGE, 422, **now_page.page_context(open_room=session_id), **more)
    return page(PAGE, 422, **_page_context(session_id), **more)
