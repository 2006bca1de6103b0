"""Who is asking: the one place that reads and writes the cookie of a login.

A login is a row (S2); the cookie holds its secret and nothing else. Flask-Login loads the person; its remember-me and
session protection stay off (they can't be revoked). Other ways of proving who one is (passkeys, a second factor) end in
`begin()`, like the link and the password do now.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import cast

from flask import Flask, Request, Response, current_app, g, request
from flask_login import LoginManager, current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care import accounts
from webapp.care.accounts import Login
from webapp.care.people import Person
from webapp.config import Settings
from webapp.web import unit
from webapp.web.unit import database, store

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
    )
    manager = LoginManager(app)
    manager.session_protection = None
    manager.request_loader(_load)
    app.after_request(_cookies)


def _load(asked: Request) -> Visitor | None:
    secret = asked.cookies.get(current_app.config["LOGIN_COOKIE"])
    if not secret:
        return None
    found = select(Login).where(Login.secret_hash == accounts.hashed(secret))
    found = found.options(joinedload(Login.person).joinedload(Person.program))
    now = clock.now()
    login = store.scalar(found)
    if login is None or not login.live(now):
        return None
    if now - login.seen_at > SEEN_EVERY:
        g.seen = login.id
    return Visitor(login)


def _keep_seen() -> None:
    """When the answer is made and the request's own work is over: one small write, once a minute a login."""
    login_id = g.pop("seen", None)
    if login_id is not None:
        unit.close()
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


def begin(person: Person, way: str) -> None:
    """Sign `person` in on this device. The caller commits; the cookie goes out with the answer. A login that this
    device still had ends (S2: rotate at sign-in)."""
    end("signed_in_again")
    g.pop("me", None)
    _, g.login_secret = accounts.sign_in(
        store, person, way, now=clock.now(), device=(request.user_agent.string or "")[:200]
    )


def end(why: str) -> None:
    """Sign this device out. The caller commits."""
    if current_user.is_authenticated:
        person = current_user.person
        current_user.login.end(store, why, by=person, now=clock.now())
    g.login_secret = ""


def csrf_token() -> str:
    """Proof that a form came from our own page for this login (S8); masked anew each time, so that compression tells
    nothing about it."""
    mask = secrets.token_bytes(16)
    masked = bytes(a ^ b for a, b in zip(mask, _csrf_secret(), strict=True))
    return base64.urlsafe_b64encode(mask + masked).decode()


def csrf_matches(token: str) -> bool:
    try:
        raw = base64.urlsafe_b64decode(token)
    except ValueError:
        return False
    if len(raw) != 32:
        return False
    said = bytes(a ^ b for a, b in zip(raw[:16], raw[16:], strict=True))
    return hmac.compare_digest(said, _csrf_secret())


def _csrf_secret() -> bytes:
    """16 bytes bound to the login or, before sign-in, to a random cookie of the visit."""
    config = current_app.config
    bound = request.cookies.get(config["LOGIN_COOKIE"]) if me() else _visit()
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"csrf:{bound}".encode(), hashlib.sha256)[:16]


def _visit() -> str:
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
                name, secret, max_age=int(accounts.OVERALL.total_seconds()), secure=secure,
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
