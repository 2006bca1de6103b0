"""SignInMethods to sign in: what one has, what one may add, what one may let go; and the first time after a link."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.accounts import recovery_codes
from webapp.care.directory.permissions import Permission
from webapp.web.account import context
from webapp.web.account.context import account
from webapp.web.page import identity
from webapp.web.page.guard import entering, needs
from webapp.web.page.unit_of_work import store
from webapp.web.sign_in import onward


@account.get("/account")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """Everything one can sign in with."""
    return render_template("account/show.html", place="me", ways=context.ways())


@account.get("/account/welcome")
@entering
def welcome() -> ResponseReturnValue:
    """After a link: something of one's own to come in with next time. Clients may leave it for later, staff may not (S3)."""
    return render_template(
        "account/welcome.html", ways=context.ways(), person=context.person(),
        halfway=identity.me() is None, onward=onward(context.person(), None),
    )  # fmt: skip


@account.post("/account/recovery-codes")
@needs(Permission.SIGN_IN_METHODS)
def make_codes() -> ResponseReturnValue:
    """Ten new codes, shown on this page and never again."""
    person = context.person()
    codes = recovery_codes.make(store, person, by=person, now=clock.now())
    store.commit()
    return render_template("account/codes.html", place="me", codes=codes, onward=_back())


def _back() -> str:
    return url_for("account.show", _anchor="codes")


def saved(words: str) -> ResponseReturnValue:
    """Back to the ways, which tell how they stand now."""
    flash(words)
    return redirect(url_for("account.show"), 303)


def anyway() -> str:
    """What a passkey is called when nobody gave it a name."""
    return request.headers.get("Sec-CH-UA-Platform", "").strip('"') or _("My passkey")
