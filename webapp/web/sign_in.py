"""Signing in and out: a passkey, e-mail and password, or a one-time link spent by POST (S3). Passkeys: account/passkeys.py."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.accounts import passwords, sign_in_links, sign_in_methods
from webapp.care.contact import addresses
from webapp.care.directory.people import Kind, Person
from webapp.care.preferences import policy_acknowledgements
from webapp.operations.rate_limits import DOOR
from webapp.web.page import attempts, identity
from webapp.web.page.guard import asking_again, go_back, own, public
from webapp.web.page.unit_of_work import store

sign_in = Blueprint("sign_in", __name__)


@sign_in.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """The door. `next` is where one wanted to go. Who has only idled is asked for one proof (quick unlock)."""
    if person := identity.me():
        return redirect(own(request.args.get("next")) or home(person), 303)
    if identity.locked():
        return render_template("sign_in/unlock.html", **asking_again())
    return _form()


@sign_in.post("/sign-in")
@public
def with_password() -> ResponseReturnValue:
    """E-mail and password. One answer, in the same time, for an unknown address and a wrong password (S12)."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    attempts.count(DOOR, attempts.address())
    tries = attempts.at_password(email.strip().lower())
    for rate, who in tries:
        attempts.count(rate, who)
    with attempts.reading() as looking:  # no write waits while a password is being hashed
        found = passwords.person_by_password(looking, email, password)
    if found is None:
        return _form(email=email, unknown=True), 422
    for rate, who in tries:
        attempts.forgive([rate], who)
    person = store.get_one(Person, found.id)
    identity.begin(person, "password")
    return _in(person, own(request.form.get("next")))


@sign_in.post("/sign-in/unlock")
@public
def unlock() -> ResponseReturnValue:
    """The login that idled goes on where it was. A passkey has opened it by now, or the password does (S3)."""
    to = own(request.form.get("onward")) or "/"
    if person := identity.me():
        return go_back(to, person)
    known = identity.locked()
    if known is None:
        return redirect(url_for("sign_in.show", next=to), 303)
    if not attempts.password_fits(known.person, request.form.get("password", "")):
        return render_template("sign_in/unlock.html", **asking_again(), wrong=True), 422
    identity.go_on(known, "password")
    store.commit()
    return go_back(to, known.person)


@sign_in.post("/sign-in/other")
@public
def someone_else() -> ResponseReturnValue:
    """Whoever holds this phone now is not who was signed in here: it forgets that one, as at a sign-out."""
    return _out("someone_else")


@sign_in.get("/sign-in/link/<secret>")
@public
def link(secret: str) -> ResponseReturnValue:
    """Where a one-time link leads. Looking spends nothing, so mail scanners burn nothing (S3)."""
    found = sign_in_links.usable(store, secret, clock.now())
    return render_template("sign_in/link.html", secret=secret, usable=found is not None), (
        200 if found else 410
    )


@sign_in.post("/sign-in/link/<secret>")
@public
def spend(secret: str) -> ResponseReturnValue:
    """Use the link up and come in. One that recovers an account ends every other login and the password, and its person is
    told (S3)."""
    attempts.count(DOOR, attempts.address())
    found = sign_in_links.spend(store, secret, now=clock.now())
    if found is None:
        return render_template("sign_in/link.html", secret=secret, usable=False), 410
    person = found.person
    if found.purpose == "recovery":
        sign_in_methods.recover(store, person, by=person, now=clock.now())
    identity.begin(person, "demo" if found.purpose == "demo" else "link")
    if found.purpose != "demo" and (found.purpose == "recovery" or not _known(person)):
        store.commit()
        return redirect(url_for("account.welcome"), 303)
    return _in(person, None)


@sign_in.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """Out, on this device: the login ends on the server, also one that idled, and the phone forgets what it kept (S2, S6)."""
    return _out("signed_out")


def onward(person: Person, wanted: str | None) -> str:
    """Where somebody goes who has come in: where they wanted to; else, when it is due, past the orientation (M11), which
    therefore never stands before a session's link or an absence. Who opens the app at its start wants nothing yet."""
    if wanted and wanted != home(person):
        return wanted
    if policy_acknowledgements.due(store, person, clock.now()):
        return url_for("account.orientation")
    return home(person)


def home(person: Person) -> str:
    """Where a person's day begins."""
    return url_for("staff.now") if person.kind == Kind.STAFF else url_for("client.today.show")


def _in(person: Person, wanted: str | None) -> ResponseReturnValue:
    to = onward(person, wanted)
    store.commit()
    return redirect(to, 303)


def _out(why: str) -> ResponseReturnValue:
    login, device = identity.known(), request.form.get("endpoint")
    if login and device:
        here = addresses.Address.value == device
        addresses.sign_out_devices(store, login.person, here, by=login.person, now=clock.now())
    identity.end(why)
    store.commit()
    answer = make_response(redirect(url_for("sign_in.show"), 303))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _known(person: Person) -> bool:
    return sign_in_methods.of(store, person).any


def _form(**more: object) -> str:
    asked = request.form.get("next") or request.args.get("next")
    return render_template("sign_in/form.html", next=own(asked), **more)
