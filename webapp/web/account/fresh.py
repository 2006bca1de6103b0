"""Confirm it's you: asks for a fresh proof of identity, then goes on (S2, step-up)."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.directory.people import Kind
from webapp.care.directory.permissions import Permission
from webapp.refusals import Busy
from webapp.web.account.context import account
from webapp.web.page import attempts, identity
from webapp.web.page.guard import busy_response, needs, own_path, proof_page_context, resume
from webapp.web.page.unit_of_work import store


@account.get("/account/confirm")
@needs(Permission.OWN_SETTINGS)
def confirm() -> ResponseReturnValue:
    """The page that asks for a passkey or the password, and staff for their code too."""
    if identity.current_login().proved(clock.now()):
        return redirect(own_path(request.args.get("next")) or url_for("account.show"), 303)
    return render_template("account/confirm.html", **proof_page_context())


@account.post("/account/confirm")
@needs(Permission.OWN_SETTINGS)
def give_proof() -> ResponseReturnValue:
    """Check the password and code, and go on with the pending form. A passkey may have proved it already."""
    to = own_path(request.form.get("onward")) or url_for("account.show")
    login = identity.current_login()
    person, second = login.person, None
    if login.proved(clock.now()):
        return resume(to, person)
    try:
        right = attempts.password_matches(person, request.form.get("password", ""))
    except Busy as busy:
        page = render_template("account/confirm.html", **proof_page_context(busy))
        return page, *busy_response(busy)
    if right and person.kind == Kind.STAFF:
        second = attempts.second_factor_of(person, request.form.get("code", ""))
        right = second is not None
    if not right:
        return render_template("account/confirm.html", **proof_page_context(), wrong=True), 422
    identity.prove_again(login, "password", second)
    store.commit()
    return resume(to, person)
