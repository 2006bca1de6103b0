"""Forms: from which page of ours one comes and whose page that was (S8); and what was typed when a proof of who one is had to
come first: carried through that proof, then given back for one more tap.

The token of the page it was typed on goes with it and says whose words they are: on a phone that two people share, one's
words never go out under the other's name.
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
"""What a form that came too soon is carried under."""
ONWARD = "onward"
"""The field of a proof's form that says where one goes on."""
TOKEN = "csrf_token"
NEVER_CARRIED = {TOKEN, "password", "again", "code", "current"}


def csrf_token() -> str:
    """Proof that a form came from our own page for this login (S8); masked anew each time, so that compression tells
    nothing about it."""
    return _masked(_token_secret())


def csrf_token_of(login: Login) -> str:
    """The token for pages of `login`, in the very answer that opens it."""
    return _masked(_login_secret(login.id))


def is_own_token(token: str) -> bool:
    """Whether it is a page of this login that the form came from. One from before the login idled is still a page of that
    login: signing out works there."""
    login = None if current_person() else device_login()
    return _masks_any_of(token, [_token_secret(), *([_login_secret(login.id)] if login else [])])


def token_is_of(person: Person, token: str) -> bool:
    """Whether it came from a page of this person's, be it of an earlier login: then what was typed there is theirs. A page
    from before anybody signed in holds nobody's words."""
    logins = store.scalars(select(Login.id).where(Login.person_id == person.id))
    return _masks_any_of(token, [_secret_for(f"visit {browser_id()}"), *map(_login_secret, logins)])


def _token_secret() -> bytes:
    """16 bytes bound to the login, also in the very answer that opens it again, or, before sign-in, to a random cookie of the
    visit. A login keeps its own when its cookie changes, so that pages which are open elsewhere go on."""
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
    """Whether one of these was masked in it."""
    try:
        raw = base64.urlsafe_b64decode(token)
    except ValueError:
        return False
    if len(raw) != 32:
        return False
    said = bytes(a ^ b for a, b in zip(raw[:16], raw[16:], strict=True))
    return any(hmac.compare_digest(said, each) for each in ours)


def is_proof_form() -> bool:
    """Whether this is a proof's own form, which may carry another."""
    return ONWARD in request.form


def pending_fields() -> list[tuple[str, str]]:
    """The fields of the form that is under way: this one or, in a proof's form, the one it carries."""
    return [each for each in _pending_form() if each[0] not in NEVER_CARRIED]


def carried_fields() -> list[tuple[str, str]]:
    """The same as a proof's form holds them."""
    fields = pending_fields()
    return [
        (CARRIED + name, value) for name, value in [*fields, (TOKEN, _pending_token())] if fields
    ]


def pending_form_is_of(person: Person) -> bool:
    """Whether nothing is under way that somebody else typed."""
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
