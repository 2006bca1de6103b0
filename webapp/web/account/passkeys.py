"""Passkeys in a browser: asked and answered as JSON by static/js/passkeys.js, for coming in and for adding one."""

from typing import Any

from flask import abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.accounts import logins, passkey_challenges, passkeys, sign_in_methods
from webapp.care.accounts.passkeys import NotProved, Passkey
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.operations.rate_limits import DOOR, QUESTION
from webapp.refusals import Refusal
from webapp.web.account import context
from webapp.web.account.context import account, relying_party
from webapp.web.account.overview import anyway, saved
from webapp.web.page import attempts, forms, identity, unit_of_work
from webapp.web.page.filters import sentence
from webapp.web.page.guard import entering, needs, own, public
from webapp.web.page.unit_of_work import database, store
from webapp.web.sign_in import onward, sign_in

REGISTER, SIGN_IN = "register", "sign_in"


@sign_in.post("/sign-in/passkey/question")
@public
def ask_to_sign_in() -> ResponseReturnValue:
    """A question for whichever passkey this browser has. The same for everyone: nobody's passkeys are listed (S12)."""
    attempts.count(QUESTION, attempts.address())
    question = passkey_challenges.ask(store, SIGN_IN, identity.visit(), clock.now())
    store.commit()
    return _json(passkeys.sign_in_options(question, relying_party()))


@sign_in.post("/sign-in/passkey")
@public
def come_in() -> ResponseReturnValue:
    """Its answer: a new login, or the one that idled, lacks a factor, or needs a fresh proof goes on. Tells where to: whoever
    takes over another's phone does not go on where that one was."""
    try:
        attempts.count(DOOR, attempts.address())
        person = _proved(request.get_json(silent=True))
    except Refusal as refusal:
        return _refused(refusal)
    known, wanted = identity.known(), own(_text("next"))
    if known is not None and known.person_id == person.id:
        login = identity.go_on(known, "passkey")
    else:
        login = identity.begin(person, "passkey")
        wanted = None if known else wanted
    to = onward(person, wanted)
    store.commit()
    return jsonify(to=to, token=forms.token_of(login))


@account.post("/account/passkeys/question")
@entering
def ask_to_register() -> ResponseReturnValue:
    """A question for a new passkey."""
    person = context.person()
    handle = passkeys.user_handle_of(store, person)
    question = passkey_challenges.ask(store, REGISTER, identity.visit(), clock.now(), handle)
    options = passkeys.registration_options(store, person, question, handle, relying_party())
    store.commit()
    return _json(options)


@account.post("/account/passkeys")
@entering
def add() -> ResponseReturnValue:
    """Its answer: one more passkey. To somebody who owed a factor it is that factor."""
    said, login = request.get_json(silent=True) or {}, context.login()
    try:
        question = _question(said)
        handle = _use_up(question, REGISTER) or b""
        person = store.get_one(Person, login.person_id)
        passkeys.add(
            store, person, said["answer"], question, handle, relying_party(),
            name=_text("name") or anyway(), by=person, now=clock.now(),
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(refusal)
    going_on = identity.go_on(login, "passkey")
    to = own(_text("next")) or url_for("account.show")
    store.commit()
    return jsonify(to=to, token=forms.token_of(going_on))


@account.post("/account/passkeys/<row:passkey_id>/name")
@needs(Permission.OWN_SETTINGS)
def rename(passkey_id: int) -> ResponseReturnValue:
    """Call it something else."""
    _mine(passkey_id).rename(request.form.get("name", ""))
    store.commit()
    return saved(_("Saved."))


@account.post("/account/passkeys/<row:passkey_id>/removal")
@needs(Permission.SIGN_IN_METHODS)
def remove(passkey_id: int) -> ResponseReturnValue:
    """It opens nothing any more, and neither does what is signed in elsewhere. The last way in stays (LastMethod)."""
    person, now = context.person(), clock.now()
    sign_in_methods.remove_passkey(store, _mine(passkey_id), by=person, now=now)
    logins.end_all(store, person, "passkey_removed", by=person, now=now, but=context.login().id)
    store.commit()
    return saved(_("Removed. It no longer signs in here."))


def _mine(passkey_id: int) -> Passkey:
    return store.scalar(passkeys.of(context.person().id).where(Passkey.id == passkey_id)) or abort(
        404
    )


def _proved(said: Any) -> Person:
    """Whose passkey answered our question. Raises NotProved; what was found out on the way is kept all the same."""
    question = _question(said)
    _use_up(question, SIGN_IN)
    try:
        return passkeys.prove(
            store, said["answer"], question, relying_party(), now=clock.now()
        ).person
    except NotProved:
        store.commit()
        raise


def _use_up(question: bytes, purpose: str) -> bytes | None:
    """A question is good for one answer, also when that proves nothing. Answers the handle asked with it. Raises NotProved."""
    unit_of_work.close()
    with database.writing() as own_work:
        asked = passkey_challenges.answered(
            own_work, question, purpose, identity.visit(), clock.now()
        )
        own_work.commit()
    if asked is None:
        raise NotProved()
    return asked.handle


def _question(said: Any) -> bytes:
    return passkeys.question_of(said.get("answer") if isinstance(said, dict) else None)


def _text(name: str) -> str:
    said = (request.get_json(silent=True) or {}).get(name)
    return said if isinstance(said, str) else ""


def _json(options: str) -> ResponseReturnValue:
    return options, 200, {"Content-Type": "application/json"}


def _refused(refusal: Refusal) -> ResponseReturnValue:
    answer = jsonify(detail=sentence(refusal))
    answer.status_code = refusal.status
    if wait := getattr(refusal, "retry_after", None):
        answer.headers["Retry-After"] = str(wait)
    return answer
