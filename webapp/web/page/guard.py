"""Access control: every route declares who may use it, and one hook refuses everyone else before the view runs.

A route that declares nothing serves nobody, so a forgotten declaration shows at once. Who lacks the permission gets 404, not
403 (S1).
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from htmx_flask import make_response as htmx_response

from webapp import clock
from webapp.care.accounts import sign_in_methods
from webapp.care.accounts.logins import Login
from webapp.care.contact import addresses
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import NEEDS_FRESH_PROOF, Permission, may
from webapp.refusals import Busy
from webapp.web.page import forms, identity
from webapp.web.page.identity import current_person
from webapp.web.page.unit_of_work import SAFE, store

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
CHECKS_ACCESS_ITSELF = "other door"
"""For routes and blueprints that authenticate requests themselves: the API by token, notification buttons by action token."""
SIGNING_IN = "entering"
"""For a login with a fresh proof, even one that still lacks its second factor."""
SECOND_STEP = {"sign_in.second_step", "sign_in.give_second"}
"""Endpoints that ask for the second factor. Whoever has one must give it before setting up another: with a stolen password or
link a thief must not add a factor of their own (S3)."""
_OWN_PATH = re.compile(r"/(?!/)[!-\[\]-~]*")
"""A path of this site: one slash, then printable ASCII without a backslash."""
_blueprints_that_check: set[str] = set()


def needs(permission: Permission) -> Callable[[View], View]:
    """Decorator: the view is for people with `permission`."""
    return _guarded_by(permission)


def public(view: View) -> View:
    """Decorator: the view is for everyone."""
    return _guarded_by(PUBLIC)(view)


def signing_in(view: View) -> View:
    """Decorator: the view is for somebody who is signing in and sets up a passkey, password or second factor."""
    return _guarded_by(SIGNING_IN)(view)


def checks_access_itself(view: View) -> View:
    """Decorator: the view authenticates the request itself. It needs no CSRF token, since it reads no cookie."""
    return _guarded_by(CHECKS_ACCESS_ITSELF)(view)


def blueprint_checks_access_itself(blueprint_name: str) -> None:
    """All views of this blueprint (and those nested in it) are `checks_access_itself`."""
    _blueprints_that_check.add(blueprint_name)


def guard_of(endpoint: str) -> Permission | str | None:
    """Who an endpoint is for; None when its view declares nothing. The route tests read this."""
    view = current_app.view_functions[endpoint]
    if endpoint == "static" or (set(_enclosing_blueprints(endpoint)) & _blueprints_that_check):
        return CHECKS_ACCESS_ITSELF
    return getattr(view, "guarded_by", None)


def _enclosing_blueprints(endpoint: str) -> list[str]:
    parts = endpoint.split(".")[:-1]
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _guarded_by(guard: Permission | str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.guarded_by = guard  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    app.before_request(_check_access)
    app.jinja_env.globals["csrf_token"] = forms.csrf_token
    app.jinja_env.globals["may"] = may
    app.jinja_env.globals["Permission"] = Permission


def _check_access() -> Any:
    if request.endpoint is None:
        return None
    guard = guard_of(request.endpoint)
    if guard == CHECKS_ACCESS_ITSELF:
        return None
    changing = request.method not in SAFE
    if changing:
        _check_origin()
    coming = identity.identified_login() if guard == SIGNING_IN else None
    person = coming.person if coming else current_person()
    if person is None and guard != PUBLIC:
        return ask_to_sign_in()
    if changing and not _token_matches():
        return abort(401) if person is None else _stale_page(person)
    if guard == PUBLIC or person is None:
        return None
    if guard != SIGNING_IN and (guard is None or not may(person, Permission(guard))):
        return _staff_start_page(person.kind) or abort(404)
    if coming and _lacks_second_factor(coming):
        return _redirect_to("sign_in.second_step")
    return ask_for_proof() if needs_fresh_proof(guard) else None


def _lacks_second_factor(coming: Login) -> bool:
    """Whether this login lacks a factor that its person has."""
    if coming.complete or request.endpoint in SECOND_STEP:
        return False
    return sign_in_methods.of(store, coming.person).second


def needs_fresh_proof(guard: Permission | str) -> bool:
    """Whether a fresh proof is needed first. Who signed in by a link may set up a sign-in method within `logins.FRESH` and nothing
    else, since staff may have seen that link (P3, P8). Later somebody else may hold the phone: who has no method yet needs a new link
    for their first one (S3)."""
    if guard not in NEEDS_FRESH_PROOF and guard != SIGNING_IN:
        return False
    known = identity.identified_login()
    if known is None or known.proved(clock.now()):
        return False
    return guard not in (SIGNING_IN, Permission.SIGN_IN_METHODS) or not identity.is_fresh()


def _check_origin() -> None:
    """403 for a request that the browser says comes from another site (S8)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if site is None and origin and origin.partition("://")[2] != request.host:
        abort(403)


def _token_matches() -> bool:
    """Whether the request carries a CSRF token of this login (S8)."""
    return forms.is_own_token(
        request.headers.get("X-CSRFToken") or request.form.get("csrf_token", "")
    )


def _stale_page(person: Person) -> ResponseReturnValue:
    """Respond to a form whose token is of an earlier login, for instance after signing in again in another tab. The form comes
    back with its text to be sent with one more tap, unless another person's page sent it; htmx reloads the page, which restores
    typed text."""
    if request.headers.get("HX-Request") == "true":
        return htmx_response("", 403, refresh=True)
    if not forms.token_is_of(person, request.form.get("csrf_token", "")):
        abort(403)
    fields = [each for each in request.form.items(multi=True) if each[0] != "csrf_token"]
    return render_template(
        "errors/again.html", fields=fields, to=request.full_path.rstrip("?")
    ), 403


def ask_to_sign_in() -> ResponseReturnValue:
    """Respond to a request without a login in use: redirect to sign-in and back. htmx is told to go there and never gets a sign-in
    page inside a fragment (S8). After an idle login a form comes back with its text once unlocked."""
    if identity.half_proved_login():
        return _redirect_to("sign_in.second_step")
    if identity.idle_login() and _sends_a_form():
        return render_template("sign_in/unlock.html", **proof_page_context()), 403
    return _redirect_to("sign_in.show")


def ask_for_proof() -> ResponseReturnValue:
    """Ask for a fresh proof; after it the person continues where they were, with what they had typed."""
    if _sends_a_form():
        return render_template("account/confirm.html", **proof_page_context()), 403
    return _redirect_to("account.confirm")


def proof_page_context(refusal: Exception | None = None) -> dict[str, Any]:
    """Context of a page that asks for a proof: the pending form, where to go on, and the person's sign-in methods."""
    known = identity.device_login()
    theirs = known is not None and forms.pending_form_is_of(known.person)
    fields = forms.carried_fields() if theirs else []
    wanted = request.form.get(forms.ONWARD) if forms.is_proof_form() else request.args.get("next")
    return {
        "onward": own_path(wanted) or (_current_address() if fields else None) if theirs else None,
        "fields": fields,
        "person": known.person if known else None,
        "ways": sign_in_methods.of(store, known.person) if known else None,
        "fresh": identity.is_fresh(),
        "mailbox": addresses.own_mailbox(store, known.person) if known else None,
        "link_sent": "link" in request.args,
        "refusal": refusal,
    }


def busy_response(busy: Busy) -> tuple[int, dict[str, str]]:
    """Status and headers of a page that asks for the password once more, in a moment (S12)."""
    return busy.status, {"Retry-After": str(busy.retry_after)}


def resume(to: str, person: Person) -> ResponseReturnValue:
    """Go on after a proof: to the page `to`, or to the pending form with its text, to be sent with one more tap. Another person's
    pending form is dropped."""
    if not forms.pending_form_is_of(person):
        return redirect("/", 303)
    if fields := forms.pending_fields():
        return render_template("errors/again.html", fields=fields, to=to, known=True)
    return redirect(to, 303)


def own_path(path: str | None) -> str | None:
    """`path` if it is a path of this site, else None, so that no link redirects to another site: browsers drop tabs and line
    breaks, and read \\ as /."""
    return path if path and _OWN_PATH.fullmatch(path) else None


def redirect_after_change() -> ResponseReturnValue:
    """Respond to a change that is committed although its page can't be rendered: redirect to the page before; a script gets 204."""
    if request.headers.get("HX-Request") == "true":
        return htmx_response("", 204, redirect=_previous_page())
    if request.is_json:
        return "", 204
    return redirect(_previous_page(), 303)


def _sends_a_form() -> bool:
    """Whether the request is a plain form, whose text a redirect would lose."""
    return request.method == "POST" and bool(request.form) and not _by_script()


def _by_script() -> bool:
    return request.headers.get("HX-Request") == "true" or request.is_json


def _current_address() -> str:
    return request.full_path.rstrip("?")


def _redirect_to(endpoint: str) -> ResponseReturnValue:
    where = url_for(
        endpoint, next=_current_address() if request.method == "GET" else _previous_page()
    )
    if request.headers.get("HX-Request") == "true":
        return htmx_response("", 204, redirect=where)
    if request.is_json:
        return {"to": where}, 403
    return redirect(where, 303)


def _previous_page() -> str:
    try:
        return urlsplit(request.referrer or "/").path or "/"
    except ValueError:  # what no browser sends
        return "/"


def _staff_start_page(kind: str) -> Any:
    """Redirect staff who open the clients' start page to their own; None for any other request."""
    if request.method == "GET" and request.path == "/" and kind == Kind.STAFF:
        return redirect(url_for("staff.now"), 303)
    return None
