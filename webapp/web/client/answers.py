"""The answers to a notice: buttons of a notification, and links of an e-mail. No sign-in, for one seat and one action, for a limited
time (S9)."""

from typing import Any

from flask import Blueprint, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp import clock
from webapp.care.contact import help_calls
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat
from webapp.notify import answers
from webapp.notify.delivery.action_tokens import ActionToken, ActionTokenSigner, ButtonExpired
from webapp.notify.kinds import ANSWERS, ANSWERS_TO_GIVE, REPLIES, Action
from webapp.operations import rate_limits
from webapp.operations.rate_limits import REPLY
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
        told = _do(right, seat, person)
        store.commit()
    except Refusal as refusal:
        return jsonify(code=refusal.code), refusal.status
    return jsonify(told)


@pages.get(f"{REPLIES}<token>")
@checks_access_itself
def ask(token: str) -> ResponseReturnValue:
    """Where an e-mail's link leads: asks once whether to send the answer, since scanners of mail open links too. Names nothing but the
    answer: the reader may be anybody."""
    return _page(token, sent=False)


@pages.post(f"{REPLIES}<token>")
@checks_access_itself
def send(token: str) -> ResponseReturnValue:
    """Give the answer. A repeat changes nothing more."""
    return _page(token, sent=True)


def _page(token: str, *, sent: bool) -> ResponseReturnValue:
    try:
        right = _right(token)
        if right.action not in ANSWERS_TO_GIVE:
            raise ButtonExpired()
        seat, person = _holder(right)
        if sent:
            rate_limits.spend(store, REPLY, f"seat {seat.id}", now=clock.now())
            _do(right, seat, person)
            store.commit()
    except Refusal as refusal:
        return render_template("client/answers/show.html", refusal=refusal), refusal.status
    coming = right.action is Action.CONFIRM
    return render_template("client/answers/show.html", token=token, coming=coming, sent=sent)


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


def _do(right: ActionToken, seat: Seat, person: Person) -> dict[str, Any]:
    """Do what the token is for. An answer that is older than what its person has said since changes nothing: they are asked to open the
    app, in the words for a link whose time is over, which tell whoever reads the mail nothing."""
    verb, now = right.action, clock.now()
    if verb is Action.JOIN:
        record_join_tap(seat, person)
        return {"room": seat.session.join_url} if seat.session.join_url else {}
    if verb is Action.TROUBLE:
        help_calls.report(store, seat, by=person, now=now)
    else:
        if answers.answered_since(store, seat, right.asked_at):
            raise ButtonExpired()
        answers.give(store, seat, verb, now=now, asked_at=right.asked_at)
    return {}
