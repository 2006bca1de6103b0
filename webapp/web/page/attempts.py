"""Tries to get in, counted before anything is looked up and in a unit of work of their own, so that none is lost with a
refusal; and the checks that are counted so (S12)."""

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
from webapp.web.page import unit_of_work
from webapp.web.page.unit_of_work import database, store

CODE = (PASSWORD, PASSWORD_OF_A_DAY)
COOKIE_LASTS = timedelta(days=400)
"""As long as browsers keep a cookie at most."""
_BROWSER_COOKIE = re.compile(r"[\w-]{22}(\.[\w-]{22}){1,4}", re.ASCII)


def caller_address() -> str:
    """Where the request comes from, as far as our own proxies vouch for it (proxies.py). Of IPv6 the first half: a household,
    or whoever rents a server, has all of the second."""
    told = request.remote_addr or "unknown"
    try:
        found = ipaddress.ip_address(told)
    except ValueError:
        return told
    if isinstance(found, ipaddress.IPv4Address):
        return told
    return str(found.ipv4_mapped or ipaddress.IPv6Address(int(found) >> 64 << 64))


def pseudonym(who: str) -> int:
    """A number that stands for an address or an account in the log: the same each time, and nobody without our key can tell
    whose it is, or try out names."""
    return int.from_bytes(_keyed_digest(f"log:{who}")[:6], "big")


def _keyed_digest(what: str) -> bytes:
    return hmac.digest(str(current_app.secret_key).encode(), what.encode(), hashlib.sha256)


def count(rate: Rate, who: str) -> None:
    """One more try. What this request had read is closed first; its rows are read anew. Raises TooMany."""
    unit_of_work.close()
    with database.writing() as own:
        rate_limits.spend(own, rate, who, now=clock.now())
        own.commit()


def clear(rates: Sequence[Rate], who: str) -> None:
    """They got it right: what they tried before was theirs."""
    rate_limits.clear(store, rates, who)


def password_limits(account: str) -> list[tuple[Rate, str]]:
    """What a try at this account's password is counted under, in turn. A browser that has signed in as it before has tries of
    its own, which no stranger can use up; strangers share the account's, and one address among them has only so many."""
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
    """This browser has signed in as `account`: it gets, or keeps, a name of its own and a mark for it, and for three more.
    Neither says to anybody else whose they are."""
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
    """This browser's name and its marks; a new name, without marks, for one that has none."""
    told = request.cookies.get(current_app.config["KNOWN_COOKIE"], "")
    return told.split(".") if _BROWSER_COOKIE.fullmatch(told) else [secrets.token_urlsafe(16)]


def _account_mark(browser: str, account: str) -> str:
    return base64.urlsafe_b64encode(_keyed_digest(f"known:{browser}:{account}")[:16]).decode()[:22]


def reading_store() -> Store:
    """To look while nobody waits for us."""
    unit_of_work.close()
    return database.open(writing=False)


def password_matches(person: Person, password: str) -> bool:
    """Whether it is the password of somebody we know, counted. Nothing is written while it is being hashed."""
    count_for(person)
    fits = passwords.matches(person, password)
    if fits:
        clear(CODE, f"person {person.id}")
    return fits


def second_factor_of(person: Person, code: str) -> str | None:
    """The second factor that this is: `authenticator`, `recovery_code`, or None. Counted, and used up; the caller commits."""
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


def count_for(person: Person) -> None:
    """One more try at something that person holds, from this address. Raises TooMany."""
    g.attempted_account = pseudonym(f"person {person.id}")
    count(DOOR, caller_address())
    for rate in CODE:
        count(rate, f"person {person.id}")
