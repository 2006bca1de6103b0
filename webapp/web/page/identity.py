"""Finds out which login a request comes with; the one module that reads and writes its cookie.

A login is a row (S2); the cookie holds its secret and nothing else. Flask-Login loads the person; its remember-me and
session protection stay off, since they can't be revoked. Every proof of identity ends in `sign_in()` or, within the same
login, in `prove_again()`. `current_person()` is set only by a login in use with as many factors as its person needs; a login
that was idle too long (`idle_login()`) or lacks a factor (`half_proved_login()`) counts as signed out everywhere else.
"""

import secrets
from datetime import datetime, timedelta
from typing import cast

from flask import Flask, Request, Response, current_app, g, request
from flask_login import LoginManager, current_user
from sqlalchemy import false, true, union_all

from webapp import clock
from webapp.care.accounts import logins
from webapp.care.accounts.logins import Login
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.privacy import emergency_access
from webapp.config import Settings
from webapp.web.page import attempts, unit_of_work
from webapp.web.page.unit_of_work import database, store

SEEN_EVERY = timedelta(minutes=1)
"""Precision of a login's last use; writing it at every request would turn every read into a write."""


class Visitor:
    """The user object that Flask-Login expects, for one login and its person."""

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
    manager.request_loader(_load_user)
    app.after_request(_set_cookies)


def _load_user(asked: Request) -> Visitor | None:
    found = _cookie_login(asked)
    if found is None or not found.complete:
        return None
    now = clock.now()
    if not found.live(now):
        return None
    if now - found.seen_at > SEEN_EVERY:
        g.seen = found.id
    if found.person.kind == Kind.STAFF:
        _add_reach(found.person, asked, now)
    return Visitor(found)


def _add_reach(person: Person, asked: Request, now: datetime) -> None:
    """Set for whom this staff member covers, and whom they reach by emergency access: only while they read (S18)."""
    covered = teams.covered_by(person.id, now).add_columns(true())
    reached = emergency_access.reached_by(person.id, now).add_columns(false())
    found = store.execute(union_all(covered, reached)).all()
    person.covering = frozenset(each for each, is_cover in found if is_cover)
    if asked.method in unit_of_work.SAFE:
        person.reaching = frozenset(each for each, is_cover in found if not is_cover)


def _cookie_login(asked: Request) -> Login | None:
    """The login of this request's cookie, in whatever state. Looked up once a request."""
    if "cookie_login" not in g:
        secret = asked.cookies.get(current_app.config["LOGIN_COOKIE"])
        found = logins.login_of(store, secret) if secret else None
        if found is not None and current_app.config["LEFT_COOKIE"] in asked.cookies:
            g.login_left_offline, found = (
                found.id,
                None,
            )  # signed out without a network: pwa/leaving.py ends it
        g.is_lost_phone = found is not None and found.is_revoked
        g.cookie_login = found
    return cast("Login | None", g.cookie_login)


def _save_last_use() -> None:
    """Record the login's last use after the response is made, in one small write, at most once a minute for a login."""
    login_id = g.pop("seen", None)
    if login_id is not None:
        unit_of_work.close()
        with database.writing() as writing:
            login = writing.get(Login, login_id)
            if login and login.ended_at is None:
                login.seen_at = clock.now()
                writing.commit()


def is_lost_phone() -> bool:
    """Whether the login of this request's cookie was ended from elsewhere (S19); False where nobody asked who is signed in."""
    return bool(g.get("is_lost_phone"))


def current_person() -> Person | None:
    """The signed-in person, or None. Called dozens of times a page, so looked up once."""
    if "me" not in g:
        g.me = current_user.person if current_user.is_authenticated else None
    return cast("Person | None", g.me)


def current_login() -> Login:
    """The login of this request. Call it only where somebody is signed in."""
    return cast(Login, current_user.login)


def idle_login() -> Login | None:
    """This device's login if it was idle too long today, else None: one proof unlocks it (quick unlock, S3)."""
    known = None if current_person() else _cookie_login(request)
    return known if known and known.complete and known.locked(clock.now()) else None


def half_proved_login() -> Login | None:
    """This device's login if its person gave one factor in the last ten minutes and needs two (S3), else None."""
    known, now = None if current_person() else _cookie_login(request), clock.now()
    waiting = known and not known.complete and known.live(now) and known.fresh(now)
    return known if waiting else None


def device_login() -> Login | None:
    """This device's login if it is in use, idle, or waiting for a second factor; else None."""
    return identified_login() or idle_login()


def identified_login() -> Login | None:
    """The login in use, or one that has given one factor of two; else None."""
    return current_login() if current_person() else half_proved_login()


def is_fresh() -> bool:
    """Whether this login was proved within the last ten minutes (`logins.FRESH`)."""
    known = identified_login()
    return known is not None and known.fresh(clock.now())


def sign_in(person: Person, way: str, second: str | None = None) -> Login:
    """Sign `person` in on this device and return the new login. Ends the login that this device had (S2: rotate at sign-in). The
    caller commits; the cookie is set on the response."""
    sign_out("signed_in_again")
    login, g.login_secret = logins.sign_in(
        store, person, way, now=clock.now(), second=second,
        device=(request.user_agent.string or "")[:200],
    )  # fmt: skip
    if person.email:
        attempts.remember_browser(person.email)
    return login


def prove_again(known: Login, way: str, second: str | None = None) -> Login:
    """Record another proof for the same login, which unlocks, refreshes or completes it. Its cookie changes (S2). The caller
    commits."""
    login = store.get_one(Login, known.id)
    g.login_secret = logins.prove_again(
        store, login, way, by=login.person, now=clock.now(), second=second
    )
    g.pop("me", None)
    g.proved_login = login
    return login


def sign_out(why: str) -> None:
    """End this device's login, whatever its state. The caller commits."""
    if known := _cookie_login(request):
        login = store.get_one(Login, known.id)
        logins.sign_out(store, login, why, by=login.person, now=clock.now())
    g.pop("me", None)
    g.login_secret = ""


def browser_id() -> str:
    """A random id of this browser, kept in a cookie from before anybody signs in."""
    known = request.cookies.get(current_app.config["VISIT_COOKIE"]) or g.get("visit")
    if not known:
        known = g.visit = secrets.token_urlsafe(16)
    return cast(str, known)


def _set_cookies(response: Response) -> Response:
    config = current_app.config
    secure = config["SESSION_COOKIE_SECURE"]
    if (secret := g.pop("login_secret", None)) is not None:
        name = config["LOGIN_COOKIE"]
        if secret:
            response.set_cookie(
                name, secret, max_age=int(logins.KEPT.total_seconds()), secure=secure,
                httponly=True, samesite="Lax", path="/",
            )  # fmt: skip
        else:
            response.delete_cookie(name, secure=secure, httponly=True, samesite="Lax", path="/")
    if visit := g.pop("visit", None):
        response.set_cookie(
            config["VISIT_COOKIE"], visit, secure=secure, httponly=True, samesite="Lax", path="/"
        )
    _save_last_use()
    return response
