"""Signing in by e-mail and password or by a one-time link, unlocking, signing out (S2, S3). Passkeys: account/passkeys.py."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.accounts import passwords, sign_in_links, sign_in_methods
from webapp.care.accounts.sign_in_links import SignInLink
from webapp.care.contact import addresses
from webapp.care.directory import people
from webapp.care.directory.people import Kind, Person
from webapp.care.preferences import policy_acknowledgements
from webapp.operations.rate_limits import DOOR
from webapp.refusals import Busy
from webapp.web.page import attempts, identity
from webapp.web.page.guard import busy_response, own_path, proof_page_context, public, resume
from webapp.web.page.unit_of_work import store

sign_in = Blueprint("sign_in", __name__)


@sign_in.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """The sign-in page, or the quick unlock of an idle login. `next` is the path to go on to."""
    if person := identity.current_person():
        return redirect(own_path(request.args.get("next")) or start_page(person), 303)
    if identity.idle_login():
        return render_template("sign_in/unlock.html", **proof_page_context())
    return _sign_in_form()


@sign_in.post("/sign-in")
@public
def with_password() -> ResponseReturnValue:
    """Sign in by e-mail and password; who shares the address adds their name. The same response, in the same time, for an unknown address and a wrong password (S12)."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    name = request.form.get("name", "")[: people.MOST_LETTERS]
    attempts.count(DOOR, attempts.caller_address())
    tries = attempts.password_limits(email.strip().lower())
    for rate, who in tries:
        attempts.count(rate, who)
    try:
        with attempts.reading_store() as looking:  # no writer waits while a password is hashed
            found = passwords.person_by_password(looking, email, password, name)
    except Busy as busy:
        attempts.take_back(tries)
        return _sign_in_form(email=email, name=name, refusal=busy), *busy_response(busy)
    if found is None:
        return _sign_in_form(email=email, name=name, unknown=True), 422
    person = store.get_one(Person, found.id)
    for rate, who in tries:
        if not addresses.is_shared(store, person.email or ""):
            attempts.clear([rate], who)
        else:  # else one of a couple could try the other's password without end, entering their own in between
            attempts.refund(rate, who)
    identity.sign_in(person, "password")
    return _finish_sign_in(person, own_path(request.form.get("next")))


@sign_in.post("/sign-in/unlock")
@public
def unlock() -> ResponseReturnValue:
    """Unlock an idle login by its password and go on where it was; a passkey may have unlocked it already (S3)."""
    to = own_path(request.form.get("onward")) or "/"
    if person := identity.current_person():
        return resume(to, person)
    known = identity.idle_login()
    if known is None:
        return redirect(url_for("sign_in.show", next=to), 303)
    try:
        right = attempts.password_matches(known.person, request.form.get("password", ""))
    except Busy as busy:
        return render_template("sign_in/unlock.html", **proof_page_context(busy)), *busy_response(
            busy
        )
    if not right:
        return render_template("sign_in/unlock.html", **proof_page_context(), wrong=True), 422
    identity.prove_again(known, "password")
    store.commit()
    return resume(to, known.person)


@sign_in.post("/sign-in/other")
@public
def someone_else() -> ResponseReturnValue:
    """Sign out the person who was signed in here, for somebody else who holds this device now."""
    return _finish_sign_out("someone_else")


@sign_in.get("/sign-in/link/<secret>")
@public
def link(secret: str) -> ResponseReturnValue:
    """The page of a one-time link. Opening it does not use the link up, so mail scanners don't either (S3)."""
    found = sign_in_links.usable(store, secret, clock.now())
    return _link_page(secret, found), 200 if found else 410


@sign_in.post("/sign-in/link/<secret>")
@public
def spend(secret: str) -> ResponseReturnValue:
    """Use a one-time link up and sign in. One that recovers an account ends every other login and the password, and its person is
    notified (S3)."""
    attempts.count(DOOR, attempts.caller_address())
    found = sign_in_links.spend(store, secret, now=clock.now())
    if found is None:
        return _link_page(secret, None), 410
    person = found.person
    if found.purpose == "recovery":
        sign_in_methods.recover(store, person, by=person, now=clock.now())
    identity.sign_in(person, "demo" if found.purpose == "demo" else "link")
    if found.purpose != "demo" and (found.purpose == "recovery" or not _has_sign_in_method(person)):
        store.commit()
        return redirect(url_for("account.welcome"), 303)
    return _finish_sign_in(person, None)


@sign_in.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """Sign out on this device: its login ends on the server, also an idle one, and the browser deletes what it kept (S2, S6)."""
    return _finish_sign_out("signed_out")


def next_page(person: Person, wanted: str | None) -> str:
    """The path to go to after sign-in: `wanted`, if it is more than the start page; else the orientation when it is due (M11), which
    therefore never comes before a session's link or an absence; else the start page."""
    if wanted and wanted != start_page(person):
        return wanted
    if policy_acknowledgements.due(store, person, clock.now()):
        return url_for("account.orientation")
    return start_page(person)


def start_page(person: Person) -> str:
    """The path of the person's start page: Now for staff, Today for everyone else."""
    return url_for("staff.now") if person.kind == Kind.STAFF else url_for("client.today.show")


def _finish_sign_in(person: Person, wanted: str | None) -> ResponseReturnValue:
    to = next_page(person, wanted)
    store.commit()
    return redirect(to, 303)


def _finish_sign_out(why: str) -> ResponseReturnValue:
    login, device = identity.device_login(), request.form.get("endpoint")
    if login and device:
        here = addresses.Address.value == device
        addresses.sign_out_devices(store, login.person, here, by=login.person, now=clock.now())
    identity.sign_out(why)
    store.commit()
    answer = make_response(redirect(url_for("sign_in.show"), 303))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _link_page(secret: str, usable: SignInLink | None) -> str:
    """Names the person, since two people may share the mailbox; of a link that is useless it says nothing."""
    person = usable.person if usable else None
    return render_template("sign_in/link.html", secret=secret, person=person)


def _has_sign_in_method(person: Person) -> bool:
    return sign_in_methods.of(store, person).any


def _sign_in_form(**more: object) -> str:
    asked = request.form.get("next") or request.args.get("next")
    return render_template("sign_in/form.html", next=own_path(asked), **more)
