"""Passkeys: signing in with one and adding, renaming, removing one. JSON for static/js/account/passkeys.js."""

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
from webapp.refusals import Invalid, Refusal
from webapp.web.account import context, overview
from webapp.web.account.context import account, relying_party
from webapp.web.account.overview import default_passkey_name, redirect_after_saving
from webapp.web.page import attempts, forms, identity, unit_of_work
from webapp.web.page.filters import sentence
from webapp.web.page.guard import needs, own_path, public, signing_in
from webapp.web.page.unit_of_work import database, store
from webapp.web.sign_in import next_page, sign_in

REGISTER, SIGN_IN = "register", "sign_in"


@sign_in.post("/sign-in/passkey/question")
@public
def ask_to_sign_in() -> ResponseReturnValue:
    """A challenge for whichever passkey this browser has. The same for everyone: nobody's passkeys are listed (S12)."""
    attempts.count(QUESTION, attempts.caller_address())
    question = passkey_challenges.ask(store, SIGN_IN, identity.browser_id(), clock.now())
    store.commit()
    return _json(passkeys.sign_in_options(question, relying_party()))


@sign_in.post("/sign-in/passkey")
@public
def come_in() -> ResponseReturnValue:
    """Check the response and sign in, or prove the login of this device again. Returns the path to go on to, which is not the one
    that another person wanted who was signed in here."""
    try:
        attempts.count(DOOR, attempts.caller_address())
        person = _proved(request.get_json(silent=True))
    except Refusal as refusal:
        return _refused(refusal)
    known, wanted = identity.device_login(), own_path(_text("next"))
    if known is not None and known.person_id == person.id:
        login = identity.prove_again(known, "passkey")
    else:
        login = identity.sign_in(person, "passkey")
        wanted = None if known else wanted
    to = next_page(person, wanted)
    store.commit()
    return jsonify(to=to, token=forms.csrf_token_of(login))


@account.post("/account/passkeys/question")
@signing_in
def ask_to_register() -> ResponseReturnValue:
    """A challenge for a new passkey."""
    person = context.person()
    handle = passkeys.user_handle_of(store, person)
    question = passkey_challenges.ask(store, REGISTER, identity.browser_id(), clock.now(), handle)
    options = passkeys.registration_options(store, person, question, handle, relying_party())
    store.commit()
    return _json(options)


@account.post("/account/passkeys")
@signing_in
def add() -> ResponseReturnValue:
    """Check the response and add the passkey. It counts as the missing factor of a login that lacks one."""
    said, login = request.get_json(silent=True) or {}, context.login()
    try:
        question = _question(said)
        handle = _use_up(question, REGISTER) or b""
        person = store.get_one(Person, login.person_id)
        passkeys.add(
            store, person, said["answer"], question, handle, relying_party(),
            name=_text("name") or default_passkey_name(), by=person, now=clock.now(),
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(refusal)
    going_on = identity.prove_again(login, "passkey")
    to = own_path(_text("next")) or url_for("account.show")
    store.commit()
    return jsonify(to=to, token=forms.csrf_token_of(going_on))


@account.post("/account/passkeys/<row:passkey_id>/name")
@needs(Permission.OWN_SETTINGS)
def rename(passkey_id: int) -> ResponseReturnValue:
    """Rename a passkey. A refused name is shown again with the error at its field."""
    try:
        _mine(passkey_id).rename(request.form.get("name", ""))
    except Invalid as refusal:
        unit_of_work.discard_and_read()
        return overview.page(refusal=refusal, refused_passkey_id=passkey_id), refusal.status
    store.commit()
    return redirect_after_saving(_("Saved."))


@account.post("/account/passkeys/<row:passkey_id>/removal")
@needs(Permission.SIGN_IN_METHODS)
def remove(passkey_id: int) -> ResponseReturnValue:
    """Remove a passkey and end the person's other logins. Raises LastMethod for the last sign-in method."""
    person, now = context.person(), clock.now()
    sign_in_methods.remove_passkey(store, _mine(passkey_id), by=person, now=now)
    logins.end_all(store, person, "passkey_removed", by=person, now=now, but=context.login().id)
    store.commit()
    return redirect_after_saving(_("Removed. It no longer signs in here."))


def _mine(passkey_id: int) -> Passkey:
    return store.scalar(passkeys.of(context.person().id).where(Passkey.id == passkey_id)) or abort(
        404
    )


def _proved(said: Any) -> Person:
    """The person whose passkey signed our challenge. Raises NotProved, after committing what the check recorded."""
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
    """Use a challenge up, also if the response then proves nothing. Return its user handle. Raises NotProved."""
    unit_of_work.close()
    with database.writing() as own_work:
        asked = passkey_challenges.answered(
            own_work, question, purpose, identity.browser_id(), clock.now()
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
