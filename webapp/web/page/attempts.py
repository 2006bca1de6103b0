"""Counts attempts to sign in, and the password and code checks that are limited this way (S12).

An attempt is counted before anything is looked up and in its own transaction, so that a refusal does not undo the count.
"""

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta

from flask import Response, after_this_request, current_app, g, request

from webapp import clock
from webapp.care.accounts import authenticators, passwords, recovery_codes
from webapp.care.directory.people import Person
from webapp.db import Store
from webapp.operations import rate_limits
from webapp.operations.rate_limits import (
    DOOR,
    PASSWORD,
    PASSWORD_FROM_ONE_ADDRESS,
    PASSWORD_OF_A_DAY,
    Rate,
)
from webapp.refusals import Busy
from webapp.web.page import unit_of_work
from webapp.web.page.unit_of_work import database, store

CODE = (PASSWORD, PASSWORD_OF_A_DAY)
COOKIE_LASTS = timedelta(days=400)
"""The longest that browsers keep a cookie."""
_BROWSER_COOKIE = re.compile(r"[\w-]{22}(\.[\w-]{22}){1,4}", re.ASCII)


def caller_address() -> str:
    """The IP address that the request comes from, behind trusted proxies (proxies.py). Of IPv6 only the /64 network: one household or
    one rented server has all of it."""
    remote = request.remote_addr or "unknown"
    try:
        found = ipaddress.ip_address(remote)
    except ValueError:
        return remote
    if isinstance(found, ipaddress.IPv4Address):
        return remote
    return str(found.ipv4_mapped or ipaddress.IPv6Address(int(found) >> 64 << 64))


def pseudonym(who: str) -> int:
    """A keyed 48-bit hash that stands for an address or an account in the log. Without the secret key nobody can tell whose it is or
    try out names."""
    return int.from_bytes(_keyed_digest(f"log:{who}")[:6], "big")


def _keyed_digest(what: str) -> bytes:
    return hmac.digest(str(current_app.secret_key).encode(), what.encode(), hashlib.sha256)


def count(rate: Rate, who: str) -> None:
    """Count one attempt. Closes the request's store first, so its rows are read again. Raises TooMany."""
    unit_of_work.close()
    with database.writing() as own:
        rate_limits.spend(own, rate, who, now=clock.now())
        own.commit()


def clear(rates: Sequence[Rate], who: str) -> None:
    """Reset the counts after a right password or code."""
    rate_limits.clear(store, rates, who)


def refund(rate: Rate, who: str) -> None:
    """Take back the one attempt counted last, and none before it."""
    rate_limits.refund(store, rate, who)


def take_back(tries: Sequence[tuple[Rate, str]]) -> None:
    """Take back an attempt that was counted and not made, as nothing was looked up. The caller's address keeps its count."""
    unit_of_work.close()
    with database.writing() as own:
        for rate, who in tries:
            rate_limits.refund(own, rate, who)
        own.commit()


def password_limits(account: str) -> list[tuple[Rate, str]]:
    """The (rate, key) pairs that an attempt at this account's password counts against, in order. A browser that has signed in to it
    before has its own limits, which strangers can't use up; all others share the account's, and each address has a limit too."""
    g.attempted_account = pseudonym(account)
    browser, *marks = _browser_cookie()
    mark = _account_mark(browser, account)
    if any(hmac.compare_digest(mark, each) for each in marks):
        return [(rate, f"{account}\0{browser}") for rate in CODE]
    here = f"{account}\0{caller_address()}"
    return [
        (PASSWORD, here), (PASSWORD_FROM_ONE_ADDRESS, here), (PASSWORD_OF_A_DAY, account),
    ]  # fmt: skip


def remember_browser(account: str) -> None:
    """Set a cookie by which this browser is recognised as having signed in to `account`, and to at most three others. It holds a
    random id and a keyed hash for each account, which tell nobody else whose they are."""
    browser, *marks = _browser_cookie()
    mark = _account_mark(browser, account)
    kept = ".".join([browser, mark, *[each for each in marks if each != mark][:3]])
    config = current_app.config

    @after_this_request
    def keep(answer: Response) -> Response:
        answer.set_cookie(
            config["KNOWN_COOKIE"], kept, max_age=COOKIE_LASTS, secure=config["SESSION_COOKIE_SECURE"],
            httponly=True, samesite="Lax", path="/",
        )  # fmt: skip
        return answer


def _browser_cookie() -> list[str]:
    """This browser's random id and its account hashes; a new id without hashes when it has no cookie."""
    cookie = request.cookies.get(current_app.config["KNOWN_COOKIE"], "")
    return cookie.split(".") if _BROWSER_COOKIE.fullmatch(cookie) else [secrets.token_urlsafe(16)]


def _account_mark(browser: str, account: str) -> str:
    return base64.urlsafe_b64encode(_keyed_digest(f"known:{browser}:{account}")[:16]).decode()[:22]


def reading_store() -> Store:
    """A store that only reads, so that no writer waits, for instance while a password is hashed."""
    unit_of_work.close()
    return database.open(writing=False)


def password_matches(person: Person, password: str) -> bool:
    """Whether it is this person's password. Counts the attempt first; nothing is locked while it is hashed. Raises TooMany;
    Busy, with nothing counted against the person."""
    count_for(person)
    try:
        fits = passwords.matches(person, password)
    except Busy:
        take_back([(rate, f"person {person.id}") for rate in CODE])
        raise
    if fits:
        clear(CODE, f"person {person.id}")
    return fits


def second_factor_of(person: Person, code: str) -> str | None:
    """Which second factor the code is: `authenticator`, `recovery_code`, or None. Counts the attempt and uses the code up; the caller
    commits. Raises TooMany."""
    count_for(person)
    now = clock.now()
    if authenticators.accepts(store, person, code, now):
        found = "authenticator"
    elif recovery_codes.accepts(store, person, code, now):
        found = "recovery_code"
    else:
        return None
    clear(CODE, f"person {person.id}")
    return found


def count_new_password(person: Person) -> None:
    """Count one attempt to choose a password: each costs a hash, and the list of breached ones is long. Raises TooMany."""
    for rate in CODE:
        count(rate, f"new password of {person.id}")


def count_for(person: Person) -> None:
    """Count one attempt at this person's password or codes, and one for this address. Raises TooMany."""
    g.attempted_account = pseudonym(f"person {person.id}")
    count(DOOR, caller_address())
    for rate in CODE:
        count(rate, f"person {person.id}")
