"""CSRF tokens (S8), and pending forms: what somebody had sent when a fresh proof was needed first.

A pending form is carried in hidden fields through the page that asks for the proof, then shown again to be sent with one more
tap. Its own CSRF token is carried too and tells who typed it: on a phone that two people share, nothing that one typed is sent
under the other's name.
"""

import base64
import hashlib
import hmac
import secrets

from flask import current_app, g, request
from sqlalchemy import select

from webapp.care.accounts.logins import Login
from webapp.care.directory.people import Person
from webapp.web.page.identity import browser_id, current_login, current_person, device_login
from webapp.web.page.unit_of_work import store

CARRIED = "kept."
"""Prefix of a pending form's fields inside the proof's form."""
ONWARD = "onward"
"""The field of a proof's form that holds the path to go on to."""
TOKEN = "csrf_token"
NEVER_CARRIED = {TOKEN, "password", "again", "code", "current"}


def csrf_token() -> str:
    """The CSRF token of this login (S8); masked anew each time, so that compression reveals nothing about it."""
    return _masked(_token_secret())


def csrf_token_of(login: Login) -> str:
    """The CSRF token of `login`, for the response that signs it in."""
    return _masked(_login_secret(login.id))


def is_own_token(token: str) -> bool:
    """Whether `token` is of this login. One from before the login was idle still is: signing out works on such a page."""
    login = None if current_person() else device_login()
    return _masks_any_of(token, [_token_secret(), *([_login_secret(login.id)] if login else [])])


def token_is_of(person: Person, token: str) -> bool:
    """Whether `token` is of one of this person's logins, also an earlier one: then they typed the form. A token of this browser from
    before anybody signed in counts too."""
    logins = store.scalars(select(Login.id).where(Login.person_id == person.id))
    return _masks_any_of(token, [_secret_for(f"visit {browser_id()}"), *map(_login_secret, logins)])


def _token_secret() -> bytes:
    """16 bytes bound to the login or, before sign-in, to the browser's random id. A login keeps its own when its cookie changes, so
    that pages which are open elsewhere keep working."""
    login = g.get("proved_login") or (current_login() if current_person() else None)
    return _login_secret(login.id) if login else _secret_for(f"visit {browser_id()}")


def _login_secret(number: int) -> bytes:
    return _secret_for(f"login {number}")


def _secret_for(what: str) -> bytes:
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"csrf:{what}".encode(), hashlib.sha256)[:16]


def _masked(secret: bytes) -> str:
    mask = secrets.token_bytes(16)
    masked = bytes(a ^ b for a, b in zip(mask, secret, strict=True))
    return base64.urlsafe_b64encode(mask + masked).decode()


def _masks_any_of(token: str, ours: list[bytes]) -> bool:
    """Whether `token` is one of these secrets, masked."""
    try:
        raw = base64.urlsafe_b64decode(token)
    except ValueError:
        return False
    if len(raw) != 32:
        return False
    unmasked = bytes(a ^ b for a, b in zip(raw[:16], raw[16:], strict=True))
    return any(hmac.compare_digest(unmasked, each) for each in ours)


def is_proof_form() -> bool:
    """Whether this request is a proof's own form, which may carry a pending one."""
    return ONWARD in request.form


def pending_fields() -> list[tuple[str, str]]:
    """The fields of the pending form: this request's or, in a proof's form, the carried one. Without passwords, codes and tokens."""
    return [each for each in _pending_form() if each[0] not in NEVER_CARRIED]


def carried_fields() -> list[tuple[str, str]]:
    """The pending form's fields and token as the proof's form carries them."""
    fields = pending_fields()
    return [
        (CARRIED + name, value) for name, value in [*fields, (TOKEN, _pending_token())] if fields
    ]


def pending_form_is_of(person: Person) -> bool:
    """Whether there is no pending form, or this person typed it."""
    return not pending_fields() or token_is_of(person, _pending_token())


def _pending_token() -> str:
    return dict(_pending_form()).get(TOKEN, "")


def _pending_form() -> list[tuple[str, str]]:
    fields = request.form.items(multi=True)
    if not is_proof_form():
        return list(fields)
    return [
        (name.removeprefix(CARRIED), value) for name, value in fields if name.startswith(CARRIED)
    ]
