"""Who is asking: the one place that reads and writes the cookie of a login.

A login is a row (S2); the cookie holds its secret and nothing else. Flask-Login loads the person; its remember-me and
session protection stay off (they can't be revoked). Every way of proving who one is ends in `begin()`, or, within the same login,
in `go_on()`. Only a login in use, with as many factors as its person needs, makes somebody `me()`: to everything else a
login that idles (`locked()`) or still lacks a factor (`halfway()`) is a stranger.
"""

import secrets
from datetime import timedelta
from typing import cast

from flask import Flask, Request, Response, current_app, g, request
from flask_login import LoginManager, current_user

from webapp import clock
from webapp.care.accounts import logins
from webapp.care.accounts.logins import Login
from webapp.care.directory.people import Kind, Person
from webapp.care.privacy import emergency_access
from webapp.config import Settings
from webapp.web.page import attempts, unit_of_work
from webapp.web.page.unit_of_work import database, store

SEEN_EVERY = timedelta(minutes=1)
"""How exactly a login's last use is kept; writing it on every page would make every page a write."""


class Visitor:
    """What Flask-Login asks of a user, around a person."""

    is_active = True
    is_authenticated = True
    is_anonymous = False

    def __init__(self, login: Login):
        self.login = login
        self.person = login.person

    def get_id(self) -> str:
        return str(self.person.id)


def init_app(app: Flask, settings: Settings) -> None:
    app.secret_key = settings.secret_keys[0]
    prefix = "__Host-" if settings.secure else ""
    app.config.update(
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        SESSION_COOKIE_NAME=f"{prefix}said",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_SAMESITE="Lax",
        LOGIN_COOKIE=f"{prefix}login",
        VISIT_COOKIE=f"{prefix}visit",
        KNOWN_COOKIE=f"{prefix}known",
    )
    manager = LoginManager(app)
    manager.session_protection = None
    manager.request_loader(_load)
    app.after_request(_cookies)


def _load(asked: Request) -> Visitor | None:
    found = _found(asked)
    if found is None or not found.complete:
        return None
    now = clock.now()
    if not found.live(now):
        return None
    if now - found.seen_at > SEEN_EVERY:
        g.seen = found.id
    if found.person.kind == Kind.STAFF:
        found.person.reaching = emergency_access.reaching(store, found.person_id, now)
    return Visitor(found)


def _found(asked: Request) -> Login | None:
    """The login this cookie stands for, whatever has become of it. Looked up once."""
    if "found_login" not in g:
        secret = asked.cookies.get(current_app.config["LOGIN_COOKIE"])
        found = logins.login_of(store, secret) if secret else None
        if found is not None and current_app.config["LEFT_COOKIE"] in asked.cookies:
            g.left, found = found.id, None  # signed out without a network: pwa/leaving.py ends it
        g.found_login = found
    return cast("Login | None", g.found_login)


def _keep_seen() -> None:
    """When the answer is made and the request's own work is over: one small write, once a minute a login."""
    login_id = g.pop("seen", None)
    if login_id is not None:
        unit_of_work.close()
        with database.writing() as writing:
            login = writing.get(Login, login_id)
            if login and login.ended_at is None:
                login.seen_at = clock.now()
                writing.commit()


def me() -> Person | None:
    """The signed-in person, or None. Asked dozens of times a page, so looked up once."""
    if "me" not in g:
        g.me = current_user.person if current_user.is_authenticated else None
    return cast("Person | None", g.me)


def this_login() -> Login:
    """The login this page is asked with; somebody is signed in."""
    return cast(Login, current_user.login)


def locked() -> Login | None:
    """This device's login when it has idled for too long today: one proof opens it again (quick unlock, S3)."""
    known = None if me() else _found(request)
    return known if known and known.complete and known.locked(clock.now()) else None


def halfway() -> Login | None:
    """This device's login when its person has just given one factor and needs two (S3). It waits ten minutes for the other."""
    known, now = None if me() else _found(request), clock.now()
    waiting = known and not known.complete and known.live(now) and known.fresh(now)
    return known if waiting else None


def known() -> Login | None:
    """This device's login while it is good for anything: in use, idle, or waiting for a factor."""
    return entering() or locked()


def entering() -> Login | None:
    """Whoever has shown who they are, be it with one factor of two."""
    return this_login() if me() else halfway()


def fresh() -> bool:
    """Whether this login was proved within the last ten minutes (`accounts.FRESH`)."""
    known = entering()
    return known is not None and known.fresh(clock.now())


def begin(person: Person, way: str, second: str | None = None) -> Login:
    """Sign `person` in on this device; answers the new login. The caller commits; the cookie goes out with the answer. A login that this
    device still had ends (S2: rotate at sign-in)."""
    end("signed_in_again")
    login, g.login_secret = logins.sign_in(
        store, person, way, now=clock.now(), second=second,
        device=(request.user_agent.string or "")[:200],
    )  # fmt: skip
    if person.email:
        attempts.know_again(person.email)
    return login


def go_on(known: Login, way: str, second: str | None = None) -> Login:
    """The same login, proved again: unlocked, fresh, or complete now. Its cookie changes (S2). The caller commits."""
    login = store.get_one(Login, known.id)
    g.login_secret = logins.prove_again(
        store, login, way, by=login.person, now=clock.now(), second=second
    )
    g.pop("me", None)
    g.opened = login
    return login


def end(why: str) -> None:
    """Sign this device out, whatever state its login is in. The caller commits."""
    if known := _found(request):
        login = store.get_one(Login, known.id)
        logins.sign_out(store, login, why, by=login.person, now=clock.now())
    g.pop("me", None)
    g.login_secret = ""


def visit() -> str:
    """A random name of this browser, from before anybody signed in."""
    known = request.cookies.get(current_app.config["VISIT_COOKIE"]) or g.get("visit")
    if not known:
        known = g.visit = secrets.token_urlsafe(16)
    return cast(str, known)


def _cookies(response: Response) -> Response:
    config = current_app.config
    secure = config["SESSION_COOKIE_SECURE"]
    if (secret := g.pop("login_secret", None)) is not None:
        name = config["LOGIN_COOKIE"]
        if secret:
            response.set_cookie(
                name, secret, max_age=int(logins.OVERALL.total_seconds()), secure=secure,
                httponly=True, samesite="Lax", path="/",
            )  # fmt: skip
        else:
            response.delete_cookie(name, secure=secure, httponly=True, samesite="Lax", path="/")
    if visit := g.pop("visit", None):
        response.set_cookie(
            config["VISIT_COOKIE"], visit, secure=secure, httponly=True, samesite="Lax", path="/"
        )
    _keep_seen()
    return response
