"""The door: every route says whom it is for, and one hook turns everyone else away before the view runs.

A route without a mark serves nobody, so forgetting one is seen at once. Strangers get 404, not 403 (S1).
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
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import NEEDS_FRESH_PROOF, Permission, may
from webapp.web.page import forms, identity
from webapp.web.page.identity import me
from webapp.web.page.unit_of_work import SAFE, store

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
OTHER_DOOR = "other door"
"""For blueprints that check for themselves who is asking: the API by token, notification buttons by capability."""
ENTERING = "entering"
"""For whoever has shown who they are, also while staff still owe a second factor; and that only a moment ago."""
SECOND_STEP = {"sign_in.second_step", "sign_in.give_second"}
"""Where one gives the second factor. Who has one is led here before they may set up another: a stolen password, or link, must
not make a factor of the thief's own (S3)."""
_OURS = re.compile(r"/(?!/)[!-\[\]-~]*")
"""One slash, then what an address is written in, without a backslash."""
_other_doors: set[str] = set()


def needs(permission: Permission) -> Callable[[View], View]:
    """This view is for people with `permission`."""
    return _mark(permission)


def public(view: View) -> View:
    """This view is for everyone."""
    return _mark(PUBLIC)(view)


def entering(view: View) -> View:
    """This view is for whoever is coming in: it sets up what they prove themselves with."""
    return _mark(ENTERING)(view)


def other_door(view: View) -> View:
    """This view checks for itself who is asking, and needs no CSRF token because no cookie helps there."""
    return _mark(OTHER_DOOR)(view)


def other_doors(blueprint_name: str) -> None:
    """All views of this blueprint (and those nested in it) are `other_door`s."""
    _other_doors.add(blueprint_name)


def guard_of(endpoint: str) -> Permission | str | None:
    """Whom an endpoint is for; None: nobody said. The route tests read this."""
    view = current_app.view_functions[endpoint]
    if endpoint == "static" or (set(_names(endpoint)) & _other_doors):
        return OTHER_DOOR
    return getattr(view, "guarded_by", None)


def _names(endpoint: str) -> list[str]:
    parts = endpoint.split(".")[:-1]
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _mark(guard: Permission | str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.guarded_by = guard  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    app.before_request(_check)
    app.jinja_env.globals["csrf_token"] = forms.csrf_token
    app.jinja_env.globals["may"] = may
    app.jinja_env.globals["Permission"] = Permission


def _check() -> Any:
    if request.endpoint is None:
        return None
    guard = guard_of(request.endpoint)
    if guard == OTHER_DOOR:
        return None
    changing = request.method not in SAFE
    if changing:
        _check_origin()
    coming = identity.entering() if guard == ENTERING else None
    person = coming.person if coming else me()
    if person is None and guard != PUBLIC:
        return to_sign_in()
    if changing and not _token_matches():
        return abort(401) if person is None else _again(person)
    if guard == PUBLIC or person is None:
        return None
    if guard != ENTERING and (guard is None or not may(person, Permission(guard))):
        return _elsewhere(person.kind) or abort(404)
    if coming and _owes(coming):
        return _lead_to("sign_in.second_step")
    return to_confirm() if _stale(guard) else None


def _owes(coming: Login) -> bool:
    """Whether this login lacks a factor that its person has."""
    if coming.complete or request.endpoint in SECOND_STEP:
        return False
    return sign_in_methods.of(store, coming.person).second


def _stale(guard: Permission | str) -> bool:
    """Whether a fresh proof is due first. Who came by a link of the program may set up what to prove themselves with, and
    nothing else: staff may have had that link on their screen (P3, P8)."""
    if guard not in NEEDS_FRESH_PROOF and guard != ENTERING:
        return False
    known = identity.entering()
    if known is None or known.proved(clock.now()):
        return False
    if guard in (ENTERING, Permission.SIGN_IN_METHODS) and identity.fresh():
        return False
    return (
        guard not in (ENTERING, Permission.SIGN_IN_METHODS)
        or sign_in_methods.of(store, known.person).any
    )


def _check_origin() -> None:
    """S8: the browser says where the request comes from."""
    site = request.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if site is None and origin and origin.partition("://")[2] != request.host:
        abort(403)


def _token_matches() -> bool:
    """S8: the page proves that it is ours."""
    return forms.matches(request.headers.get("X-CSRFToken") or request.form.get("csrf_token", ""))


def _again(person: Person) -> ResponseReturnValue:
    """The page is older than the login (signed in again in another tab, say). Its form comes back with its text, to be
    sent with one more tap, unless it was somebody else's page; htmx loads the page anew, where typed text is restored."""
    if request.headers.get("HX-Request") == "true":
        return htmx_response("", 403, refresh=True)
    if not forms.written_by(person, request.form.get("csrf_token", "")):
        abort(403)
    fields = [each for each in request.form.items(multi=True) if each[0] != "csrf_token"]
    return render_template(
        "errors/again.html", fields=fields, to=request.full_path.rstrip("?")
    ), 403


def to_sign_in() -> ResponseReturnValue:
    """Asked without a login in use. A page leads to sign-in and back; htmx is told to go there, never given a sign-in page
    inside a fragment (S8). To a login that merely idled, a form comes back with its text after one proof."""
    if identity.halfway():
        return _lead_to("sign_in.second_step")
    if identity.locked() and _carries():
        return render_template("sign_in/unlock.html", **asking_again()), 403
    return _lead_to("sign_in.show")


def to_confirm() -> ResponseReturnValue:
    """A proof of who one is comes first, then one goes on where one was, with what one had typed."""
    if _carries():
        return render_template("account/confirm.html", **asking_again()), 403
    return _lead_to("account.confirm")


def asking_again(refusal: Exception | None = None) -> dict[str, Any]:
    """What a page needs that asks for a proof: what was under way, and what can be proved with."""
    known = identity.known()
    theirs = known is not None and forms.fits(known.person)
    fields = forms.carried() if theirs else []
    wanted = request.form.get(forms.ONWARD) if forms.asked_before() else request.args.get("next")
    return {
        "onward": own(wanted) or (_here() if fields else None) if theirs else None,
        "fields": fields,
        "person": known.person if known else None,
        "ways": sign_in_methods.of(store, known.person) if known else None,
        "refusal": refusal,
    }


def go_back(to: str, person: Person) -> ResponseReturnValue:
    """On to where one was: a page, or the form that was under way, with its text and one more tap. What was under way for
    somebody else is over."""
    if not forms.fits(person):
        return redirect("/", 303)
    if fields := forms.typed():
        return render_template("errors/again.html", fields=fields, to=to, known=True)
    return redirect(to, 303)


def own(path: str | None) -> str | None:
    """`path` if it is a place of ours, written as addresses are; anything else could lead a signed-in person astray: browsers
    drop tabs and line breaks, and read \\ as /."""
    return path if path and _OURS.fullmatch(path) else None


def go_on() -> ResponseReturnValue:
    """Their change is kept, though its answer can't be shown: to the page before, and for a script nothing."""
    if request.headers.get("HX-Request") == "true":
        return htmx_response("", 204, redirect=_page_before())
    if request.is_json:
        return "", 204
    return redirect(_page_before(), 303)


def _carries() -> bool:
    """A plain form is on its way; what it holds would be lost by leading elsewhere."""
    return request.method == "POST" and bool(request.form) and not _by_script()


def _by_script() -> bool:
    return request.headers.get("HX-Request") == "true" or request.is_json


def _here() -> str:
    return request.full_path.rstrip("?")


def _lead_to(endpoint: str) -> ResponseReturnValue:
    where = url_for(endpoint, next=_here() if request.method == "GET" else _page_before())
    if request.headers.get("HX-Request") == "true":
        return htmx_response("", 204, redirect=where)
    if request.is_json:
        return {"to": where}, 403
    return redirect(where, 303)


def _page_before() -> str:
    try:
        return urlsplit(request.referrer or "/").path or "/"
    except ValueError:  # what no browser sends
        return "/"


def _elsewhere(kind: str) -> Any:
    """Staff who open the clients' start page are at the wrong door, not lost."""
    if request.method == "GET" and request.path == "/" and kind == Kind.STAFF:
        return redirect(url_for("staff.now"), 303)
    return None
