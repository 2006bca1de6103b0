"""Signing in and out: a one-time link spent by POST, or e-mail and password (S3). Passkeys join them here."""

from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care import accounts, addresses
from webapp.care.access import Permission
from webapp.care.people import Kind, Person
from webapp.web import identity
from webapp.web.guard import needs, public
from webapp.web.unit import store

sign_in = Blueprint("sign_in", __name__)


@sign_in.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """The form. `next` is where one wanted to go."""
    if person := identity.me():
        return redirect(home(person), 303)
    return render_template("sign_in/form.html", next=_own(request.args.get("next")))


@sign_in.post("/sign-in")
@public
def with_password() -> ResponseReturnValue:
    """E-mail and password. One answer for an unknown address and a wrong password (S12)."""
    person = accounts.person_by_password(
        store, request.form.get("email", ""), request.form.get("password", "")
    )
    if person is None:
        page = render_template(
            "sign_in/form.html", email=request.form.get("email", ""), unknown=True,
            next=_own(request.form.get("next")),
        )  # fmt: skip
        return page, 422
    return _enter(person, "password", _own(request.form.get("next")))


@sign_in.get("/sign-in/link/<secret>")
@public
def link(secret: str) -> ResponseReturnValue:
    """Where a one-time link leads. Looking spends nothing, so mail scanners burn nothing (S3)."""
    found = accounts.link_of(store, secret, clock.now())
    return render_template("sign_in/link.html", secret=secret, usable=found is not None), (
        200 if found else 410
    )


@sign_in.post("/sign-in/link/<secret>")
@public
def spend(secret: str) -> ResponseReturnValue:
    """Use the link up and come in."""
    person = accounts.spend_link(store, secret, now=clock.now())
    if person is None:
        return render_template("sign_in/link.html", secret=secret, usable=False), 410
    return _enter(person, "link", None)


@sign_in.post("/sign-out")
@needs(Permission.OWN_SETTINGS)
def sign_out() -> ResponseReturnValue:
    """Out, on this device: the login ends on the server, and the phone forgets what it kept (S2, S6)."""
    if device := request.form.get("endpoint"):
        _forget_device(device)
    identity.end("signed_out")
    store.commit()
    answer = make_response(redirect(url_for("sign_in.show"), 303))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _forget_device(endpoint: str) -> None:
    """This phone's push subscription ends with the login (S5)."""
    person = identity.me()
    assert person is not None
    mine = addresses.live(addresses.Channel.PUSH, endpoint).where(
        addresses.Address.person_id == person.id
    )
    for address in store.scalars(mine):
        address.stop(store, "signed_out", by=person, now=clock.now())


def _enter(person: Person, way: str, wanted: str | None) -> ResponseReturnValue:
    identity.begin(person, way)
    store.commit()
    return redirect(wanted or home(person), 303)


def home(person: Person) -> str:
    """Where a person's day begins."""
    return url_for("staff.now") if person.kind == Kind.STAFF else url_for("client.today.show")


def _own(path: str | None) -> str | None:
    """`path` if it is a place of ours; anything else could lead a signed-in person astray."""
    parts = urlsplit(path or "")
    ours = parts.path.startswith("/") and not path.startswith(("//", "/\\")) if path else False
    return path if ours and not parts.scheme and not parts.netloc else None
