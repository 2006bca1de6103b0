"""Who is asking: a Bearer token (RFC 6750), bound to one program and to scopes."""

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
    """Let this request through as its token's program and person. Raises RequestRefused: 401 without a live token, 403 without
    the scope.

    Looked up in a store of its own that only reads: a stranger's POST never waits for, or holds, the write lock.
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
        wait = rate_limits.wait(reading, rate_limits.TOKEN, attempts.address(), clock.now())
    if token is None:
        _count(wait)
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
        said = f"This call needs a token with the scope {scope}."
        raise RequestRefused(403, "scope-missing", said, headers={"WWW-Authenticate": challenge})


def _count(wait: timedelta) -> None:
    """A token that is none, from this address (S12). Raises RequestRefused (429) when there were too many; who goes on regardless costs
    no write."""
    try:
        if wait:
            raise rate_limits.TooMany(wait)
        attempts.count(rate_limits.TOKEN, attempts.address())
    except rate_limits.TooMany as refusal:
        said = "Too many tokens that aren't valid came from this address. Try again later."
        raise RequestRefused(
            429, "too-many", said, headers={"Retry-After": str(refusal.retry_after)}
        ) from refusal


def token() -> Token:
    return cast(Token, g.token)


def actor() -> Person:
    """In whose name this happens: the token's own person, so that every act has an actor."""
    return token().person


def program_id() -> int:
    return token().program_id


def program() -> Program:
    """The token's program, as a row of this request's store."""
    return store.get_one(Program, program_id())
