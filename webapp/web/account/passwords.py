"""Choosing and changing a password."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.accounts import logins, passwords
from webapp.care.accounts.logins import Login
from webapp.care.directory.people import Person
from webapp.refusals import N_, Busy, Invalid, Refusal
from webapp.web.account import context
from webapp.web.account.context import account
from webapp.web.page import attempts, identity
from webapp.web.page.guard import busy_response, own_path, signing_in
from webapp.web.page.unit_of_work import store


@account.get("/account/password")
@signing_in
def password() -> ResponseReturnValue:
    """The form to choose or change it."""
    return _page()


@account.post("/account/password")
@signing_in
def set_password() -> ResponseReturnValue:
    """Set the password and end the person's other logins (S3). Staff without a second factor go on to set it up."""
    attempts.count_new_password(context.person())
    login, written = context.login(), request.form.get("password", "")
    try:
        if _asked(login) and not attempts.password_matches(
            login.person, request.form.get("current", "")
        ):
            raise Invalid(N_("That isn't the password you have now."), field="current")
        if written != request.form.get("again", written):
            raise Invalid(N_("These two are not the same."), field="again")
        with attempts.reading_store() as looking:  # no writer waits while a password is hashed
            person = looking.get_one(Person, login.person_id)
            hashed = passwords.hashed(person, written)
    except Invalid as refusal:
        return _page(refusal), 422
    except Busy as busy:
        return _page(busy), *busy_response(busy)
    person, now = context.person(), clock.now()
    passwords.keep(store, person, hashed, by=person, now=now)
    logins.end_all(store, person, "password_changed", by=person, now=now, but=login.id)
    identity.prove_again(login, "password")
    store.commit()
    if not login.complete:
        return redirect(url_for("account.authenticator"), 303)
    flash(_("Saved. Other phones and computers are signed out."))
    return redirect(own_path(request.form.get("next")) or url_for("account.show"), 303)


def _asked(login: Login) -> bool:
    """Whether the current password must be given too (ASVS 6.2.3). Not after a passkey, nor after a link because it was forgotten:
    those prove more."""
    other = login.way != "password" or login.second == "passkey"
    return login.person.password_hash is not None and not other


def _page(refusal: Refusal | None = None) -> str:
    person = context.person()
    return render_template(
        "account/password.html", place="me", person=person, refusal=refusal,
        least=passwords.shortest(person), changing=person.password_hash is not None,
        asked=_asked(context.login()),
        next=own_path(request.args.get("next") or request.form.get("next")),
    )  # fmt: skip
