"""An authenticator app: the second factor beside a password."""

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from webapp import clock
from webapp.care.accounts import authenticators, recovery_codes, sign_in_methods
from webapp.care.accounts.authenticators import Authenticator
from webapp.care.directory.people import Kind
from webapp.care.directory.permissions import Permission
from webapp.refusals import Refusal
from webapp.web.account import context
from webapp.web.account.context import account
from webapp.web.account.overview import saved
from webapp.web.page import attempts, identity
from webapp.web.page.guard import entering, needs
from webapp.web.page.unit_of_work import database, store
from webapp.web.sign_in import home


@account.get("/account/authenticator")
@entering
def authenticator() -> ResponseReturnValue:
    """The square to scan, the same for ten minutes in this login; who owes a password chooses that first."""
    person = context.person()
    if person.kind != Kind.STAFF:
        return redirect(url_for("account.show"), 303)
    if person.password_hash is None:
        return redirect(url_for("account.password"), 303)
    store.commit()
    with database.writing() as writing:
        begun = authenticators.begin(
            writing, person, by=person, now=clock.now(), login=context.login().id
        )
        writing.commit()
    return _page(begun)


@account.post("/account/authenticator")
@entering
def confirm_authenticator() -> ResponseReturnValue:
    """Its first code. Whoever owed a factor has given it now, and gets the codes for a lost phone."""
    login = context.login()
    attempts.counted(login.person)
    person, now, written = context.person(), clock.now(), request.form.get("code", "")
    try:
        authenticators.confirm(store, person, written, by=person, now=now, login=login.id)
    except Refusal as refusal:
        store.rollback()
        begun = authenticators.begin(store, person, by=person, now=now, login=login.id)
        return _page(begun, refusal), 422
    identity.go_on(login, "password", "authenticator")
    codes = None
    if not recovery_codes.left(store, person.id):
        codes = recovery_codes.make(store, person, by=person, now=now)
    store.commit()
    if codes is None:
        return saved(_("Saved. From now on a code is asked for beside your password."))
    return render_template("account/codes.html", codes=codes, onward=home(person))


@account.post("/account/authenticator/removal")
@needs(Permission.SIGN_IN_METHODS)
def remove_authenticator() -> ResponseReturnValue:
    """No code is asked for any more; for staff only while a passkey is there (LastMethod)."""
    person = context.person()
    sign_in_methods.remove_authenticator(store, person, by=person, now=clock.now())
    store.commit()
    return saved(_("Removed."))


def _page(begun: Authenticator, refusal: Refusal | None = None) -> str:
    import segno  # only who sets one up needs it

    name = current_app.extensions["settings"].app_name
    square = segno.make(begun.address(context.person(), name), error="m", micro=False)
    drawn = square.svg_inline(
        scale=1, border=2, omitsize=True, svgclass="qr", lineclass=None, light="#fff"
    )
    spelled = [begun.secret[n : n + 4] for n in range(0, len(begun.secret), 4)]
    return render_template(
        "account/authenticator.html",
        place="me",
        square=Markup(drawn),  # noqa: S704 - drawn by segno, which escapes what it is given
        spelled=spelled,
        refusal=refusal,
    )
