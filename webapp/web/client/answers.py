"""Answers given on a notification's own buttons: no sign-in, one seat, one verb, for a limited time (S9)."""

from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp import clock
from webapp.care.attendance import absences
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import contacts, help_calls
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat
from webapp.notify.delivery.action_tokens import ActionToken, ActionTokenSigner, ButtonExpired
from webapp.notify.kinds import ANSWERS, Action
from webapp.refusals import Refusal
from webapp.web.client.seats import tap
from webapp.web.page.guard import other_door
from webapp.web.page.unit_of_work import store

pages = Blueprint("answers", __name__)


@pages.post(f"{ANSWERS}<token>")
@other_door
def answer(token: str) -> ResponseReturnValue:
    """Do what the button says. A repeated tap changes nothing more. Nothing is told back, but for Join: where the room
    is, which is the one thing that verb is for."""
    try:
        right = _right(token)
        seat, person = _holder(right)
        told = _do(right.action, seat, person)
        store.commit()
    except Refusal as refusal:
        return jsonify(code=refusal.code), refusal.status
    return jsonify(told)


def _right(token: str) -> ActionToken:
    keys = current_app.extensions["settings"].secret_keys
    return ActionTokenSigner(keys).read(token, now=clock.now())


def _holder(right: ActionToken) -> tuple[Seat, Person]:
    """The seat and the person it was written to, as things stand now; ButtonExpired when it is theirs no more."""
    found = select(Seat).where(Seat.id == right.seat_id, Seat.is_given)
    seat = store.scalar(found)
    if seat is None or seat.client_id != right.person_id or not seat.client.active:
        raise ButtonExpired()
    return seat, seat.client


def _do(verb: Action, seat: Seat, person: Person) -> dict[str, Any]:
    now = clock.now()
    if verb is Action.JOIN:
        tap(seat, person)
        return {"room": seat.session.join_url} if seat.session.join_url else {}
    if verb is Action.ABSENCE:
        absences.report(store, seat, by=person, now=now)
    elif verb is Action.TROUBLE:
        help_calls.report(store, seat, by=person, now=now)
    elif not _said_already(seat):
        contacts.confirm_coming(store, seat, by=person, now=now)
    return {}


def _said_already(seat: Seat) -> bool:
    said = select(Event.id).where(
        Event.client_id == seat.client_id, Event.seat_id == seat.id,
        Event.tag == Tag.COMING_CONFIRMED,
    )  # fmt: skip
    return store.scalar(said.limit(1)) is not None
