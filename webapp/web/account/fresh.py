"""Confirm it's you: asks for a fresh proof of identity, then goes on (S2, step-up). Who has nothing to prove it with yet is sent a
link to their own mailbox."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.accounts import sign_in_links, sign_in_methods
from webapp.care.contact import addresses
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.notify import outbox
from webapp.notify.kinds import NoticeKind
from webapp.operations.rate_limits import LINK
from webapp.refusals import Busy
from webapp.web.account.context import account
from webapp.web.page import attempts, identity
from webapp.web.page.guard import busy_response, needs, own_path, proof_page_context, public, resume
from webapp.web.page.unit_of_work import store
from webapp.web.sign_in import sign_in


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


@sign_in.post("/sign-in/own-link")
@public
def send_own_link() -> ResponseReturnValue:
    """Send who is signed in here, or was until a while ago, a link of their own: only that may set up their first passkey or password
    once the link they came by is no longer fresh, since somebody else may hold their phone by then (S3). Nothing is sent to who has
    a way to sign in, nor where others may read it; the page says so."""
    known = identity.device_login()
    if known is None:
        return redirect(url_for("sign_in.show"), 303)
    attempts.count(LINK, f"own link of {known.person_id}")
    person, now = store.get_one(Person, known.person_id), clock.now()
    to = "account.confirm" if identity.current_person() else "sign_in.show"
    if sign_in_methods.of(store, person).any or not addresses.own_mailbox(store, person):
        return redirect(url_for(to), 303)
    secret = sign_in_links.issue(store, person, "own", by=person, now=now)
    until = now + sign_in_links.LASTS["own"]
    path = f"/sign-in/link/{secret}"
    outbox.put_link(store, person, NoticeKind.SIGN_IN_LINK, path, now=now, not_after=until)
    store.commit()
    return redirect(url_for(to, link="sent"), 303)
