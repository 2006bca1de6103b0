"""Where a form comes from: a page of ours, and whose page that was (S8)."""

import base64
import hashlib
import hmac
import secrets

from flask import current_app, g
from sqlalchemy import select

from webapp.care.accounts import Login
from webapp.care.people import Person
from webapp.web.identity import known, me, this_login, visit
from webapp.web.unit import store


def csrf_token() -> str:
    """Proof that a form came from our own page for this login (S8); masked anew each time, so that compression tells
    nothing about it."""
    return _masked(_secret())


def token_of(login: Login) -> str:
    """The token for pages of `login`, in the very answer that opens it."""
    return _masked(_of_login(login.id))


def matches(token: str) -> bool:
    """Whether it is a page of this login that the form came from. One from before the login idled is still a page of that
    login: signing out works there."""
    login = None if me() else known()
    return _among(token, [_secret(), *([_of_login(login.id)] if login else [])])


def written_by(person: Person, token: str) -> bool:
    """Whether it came from a page of this person's, be it of an earlier login: then what was typed there is theirs. A page
    from before anybody signed in holds nobody's words."""
    logins = store.scalars(select(Login.id).where(Login.person_id == person.id))
    return _among(token, [_bound_to(f"visit {visit()}"), *map(_of_login, logins)])


def _secret() -> bytes:
    """16 bytes bound to the login, also in the very answer that opens it again, or, before sign-in, to a random cookie of the
    visit. A login keeps its own when its cookie changes, so that pages which are open elsewhere go on."""
    login = g.get("opened") or (this_login() if me() else None)
    return _of_login(login.id) if login else _bound_to(f"visit {visit()}")


def _of_login(number: int) -> bytes:
    return _bound_to(f"login {number}")


def _bound_to(what: str) -> bytes:
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"csrf:{what}".encode(), hashlib.sha256)[:16]


def _masked(secret: bytes) -> str:
    mask = secrets.token_bytes(16)
    masked = bytes(a ^ b for a, b in zip(mask, secret, strict=True))
    return base64.urlsafe_b64encode(mask + masked).decode()


def _among(token: str, ours: list[bytes]) -> bool:
    """Whether one of these was masked in it."""
    try:
        raw = base64.urlsafe_b64decode(token)
    except ValueError:
        return False
    if len(raw) != 32:
        return False
    said = bytes(a ^ b for a, b in zip(raw[:16], raw[16:], strict=True))
    return any(hmac.compare_digest(said, each) for each in ours)
