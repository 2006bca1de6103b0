"""Bearer tokens (RFC 6750): each belongs to one program and has scopes."""

from datetime import timedelta
from typing import cast

from flask import g, request

from webapp import clock
from webapp.care.accounts import api_tokens
from webapp.care.accounts.api_tokens import Token
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.operations import rate_limits
from webapp.web.api.contract.problems import RequestRefused
from webapp.web.page import attempts
from webapp.web.page.unit_of_work import database, store

REALM = 'Bearer realm="rejoin"'


def require(scope: str) -> None:
    """Authenticate this request by its token. Raises RequestRefused: 401 without a live token, 403 without the scope, 429 after too
    many invalid tokens from one address.

    The token is looked up in a read-only store, so that a stranger's POST never waits for, or holds, the write lock.
    """
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise RequestRefused(
            401,
            "no-token",
            "Send a token: Authorization: Bearer …",
            headers={"WWW-Authenticate": REALM},
        )
    with database.reading() as reading:
        token = api_tokens.token_of(reading, secret.strip())
        wait = rate_limits.wait(reading, rate_limits.TOKEN, attempts.caller_address(), clock.now())
    if token is None:
        _count_invalid(wait)
        challenge = f'{REALM}, error="invalid_token"'
        raise RequestRefused(
            401,
            "bad-token",
            "This token isn't valid here.",
            headers={"WWW-Authenticate": challenge},
        )
    g.token = token
    if scope not in token.scopes:
        challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        detail = f"This call needs a token with the scope {scope}."
        raise RequestRefused(403, "scope-missing", detail, headers={"WWW-Authenticate": challenge})


def _count_invalid(wait: timedelta) -> None:
    """Count an invalid token from this address (S12). Raises RequestRefused (429) when there were too many; further attempts
    cost no write."""
    try:
        if wait:
            raise rate_limits.TooMany(wait)
        attempts.count(rate_limits.TOKEN, attempts.caller_address())
    except rate_limits.TooMany as refusal:
        detail = "Too many tokens that aren't valid came from this address. Try again later."
        raise RequestRefused(
            429, "too-many", detail, headers={"Retry-After": str(refusal.retry_after)}
        ) from refusal


def token() -> Token:
    return cast(Token, g.token)


def actor() -> Person:
    """The token's own person, so that every change has an actor."""
    return token().person


def program_id() -> int:
    return token().program_id


def program() -> Program:
    """The token's program, loaded in this request's store."""
    return store.get_one(Program, program_id())
