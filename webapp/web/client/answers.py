"""The buttons on a notification: no sign-in, for one seat and one action, for a limited time (S9)."""

from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp import clock
from webapp.care.attendance import absences
from webapp.care.contact import contacts, help_calls
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat
from webapp.notify.delivery.action_tokens import ActionToken, ActionTokenSigner, ButtonExpired
from webapp.notify.kinds import ANSWERS, Action
from webapp.refusals import Refusal
from webapp.web.client.seats import record_join_tap
from webapp.web.page.guard import checks_access_itself
from webapp.web.page.unit_of_work import store

pages = Blueprint("answers", __name__)


@pages.post(f"{ANSWERS}<token>")
@checks_access_itself
def answer(token: str) -> ResponseReturnValue:
    """Do what the button says. A repeated tap changes nothing more. The response is empty, except for Join: the room's link."""
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
        record_join_tap(seat, person)
        return {"room": seat.session.join_url} if seat.session.join_url else {}
    if verb is Action.ABSENCE:
        absences.report(store, seat, by=person, now=now)
    elif verb is Action.TROUBLE:
        help_calls.report(store, seat, by=person, now=now)
    else:
        contacts.confirm_coming(store, seat, by=person, now=now)
    return {}
