"""Confirm it's you: what needs a proof from the last ten minutes asks for it here, then leads back (S2, step-up)."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.directory.people import Kind
from webapp.care.directory.permissions import Permission
from webapp.web.account.context import account
from webapp.web.page import attempts, identity
from webapp.web.page.guard import asking_again, go_back, needs, own
from webapp.web.page.unit_of_work import store


@account.get("/account/confirm")
@needs(Permission.OWN_SETTINGS)
def confirm() -> ResponseReturnValue:
    """Asks for a passkey, or the password; of staff for the code too."""
    if identity.this_login().proved(clock.now()):
        return redirect(own(request.args.get("next")) or url_for("account.show"), 303)
    return render_template("account/confirm.html", **asking_again())


@account.post("/account/confirm")
@needs(Permission.OWN_SETTINGS)
def give_proof() -> ResponseReturnValue:
    """On to where one was, with what one had typed. A passkey has proved it by now, or what was typed does."""
    to = own(request.form.get("onward")) or url_for("account.show")
    login = identity.this_login()
    person, second = login.person, None
    if login.proved(clock.now()):
        return go_back(to, person)
    right = attempts.password_fits(person, request.form.get("password", ""))
    if right and person.kind == Kind.STAFF:
        second = attempts.second_fits(person, request.form.get("code", ""))
        right = second is not None
    if not right:
        return render_template("account/confirm.html", **asking_again(), wrong=True), 422
    identity.go_on(login, "password", second)
    store.commit()
    return go_back(to, person)
