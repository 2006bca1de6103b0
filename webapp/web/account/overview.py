"""The list of a person's sign-in methods, recovery codes, and the welcome page after a link."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.accounts import recovery_codes
from webapp.care.directory.permissions import Permission
from webapp.web import account_changes
from webapp.web.account import context
from webapp.web.account.context import account
from webapp.web.page import identity
from webapp.web.page.guard import needs, signing_in
from webapp.web.page.unit_of_work import store
from webapp.web.sign_in import next_page


@account.get("/account")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """Every sign-in method that the person has or may add."""
    return page()


@account.get("/account/welcome")
@signing_in
def welcome() -> ResponseReturnValue:
    """The page after a link: set up a sign-in method for next time. Clients may skip it, staff may not (S3)."""
    return render_template(
        "account/welcome.html", ways=context.methods(), person=context.person(),
        halfway=identity.current_person() is None, onward=next_page(context.person(), None),
    )  # fmt: skip


@account.post("/account/recovery-codes")
@needs(Permission.SIGN_IN_METHODS)
def make_codes() -> ResponseReturnValue:
    """Create ten new recovery codes, shown on this page and never again."""
    person = context.person()
    codes = recovery_codes.make(store, person, by=person, now=clock.now())
    store.commit()
    return render_template("account/codes.html", place="me", codes=codes, onward=_back())


def page(**more: Any) -> str:
    """The list of sign-in methods, and what changed about them lately."""
    return render_template(
        "account/show.html", place="me", ways=context.methods(),
        changes=account_changes.lately(context.person()), **more,
    )  # fmt: skip


def _back() -> str:
    return url_for("account.show", _anchor="codes")


def redirect_after_saving(words: str) -> ResponseReturnValue:
    """Redirect to the list of sign-in methods with a message."""
    flash(words)
    return redirect(url_for("account.show"), 303)


def default_passkey_name() -> str:
    """The name of a passkey that nobody named: the browser's platform."""
    return request.headers.get("Sec-CH-UA-Platform", "").strip('"') or _("My passkey")
