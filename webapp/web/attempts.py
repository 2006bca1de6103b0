"""Tries to get in, counted before anything is looked up and in a unit of work of their own, so that none is lost with a
refusal; and the checks that are counted so (S12)."""

import hashlib
import hmac
from collections.abc import Sequence

from flask import current_app, g, request

from webapp import clock
from webapp.care import passwords, rate_limits, recovery_codes, second_factors
from webapp.care.people import Person
from webapp.care.rate_limits import DOOR, PASSWORD, PASSWORD_OF_A_DAY, Rate
from webapp.db import Store
from webapp.web import unit
from webapp.web.unit import database, store

CODE = (PASSWORD, PASSWORD_OF_A_DAY)


def address() -> str:
    """Where the request comes from, as far as our own proxies vouch for it (proxies.py)."""
    return request.remote_addr or "unknown"


def opaque(who: str) -> int:
    """A number that stands for an address or an account in the log: the same each time, and nobody without our key can tell
    whose it is, or try out names."""
    key = str(current_app.secret_key).encode()
    return int.from_bytes(hmac.digest(key, f"log:{who}".encode(), hashlib.sha256)[:6], "big")


def count(rate: Rate, who: str) -> None:
    """One more try. What this request had read is closed first; its rows are read anew. Raises TooMany."""
    if rate is PASSWORD:
        g.tried = opaque(who)
    unit.close()
    with database.writing() as own:
        rate_limits.spend(own, rate, who, now=clock.now())
        own.commit()


def forgive(rates: Sequence[Rate], who: str) -> None:
    """They got it right: what they tried before was theirs."""
    rate_limits.clear(store, rates, who)


def reading() -> Store:
    """To look while nobody waits for us."""
    unit.close()
    return database.open(writing=False)


def password_fits(person: Person, password: str) -> bool:
    """Whether it is the password of somebody we know, counted. Nothing is written while it is being hashed."""
    counted(person)
    fits = passwords.matches(person, password)
    if fits:
        forgive(CODE, f"person {person.id}")
    return fits


def second_fits(person: Person, code: str) -> str | None:
    """The second factor that this is: `authenticator`, `recovery_code`, or None. Counted, and used up; the caller commits."""
    counted(person)
    now = clock.now()
    if second_factors.accepts(store, person, code, now):
        found = "authenticator"
    elif recovery_codes.accepts(store, person, code, now):
        found = "recovery_code"
    else:
        return None
    forgive(CODE, f"person {person.id}")
    return found


def counted(person: Person) -> None:
    """One more try at something that person holds, from this address. Raises TooMany."""
    count(DOOR, address())
    for rate in CODE:
        count(rate, f"person {person.id}")
