"""`Idempotency-Key`: the same key with the same body is answered once, and the same answer is given for 24 hours."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime

from flask import request

from webapp.operations import idempotency_keys
from webapp.operations.idempotency_keys import Answer
from webapp.refusals import Refusal
from webapp.web.api.contract import problems, tokens
from webapp.web.api.contract.problems import RequestRefused
from webapp.web.page.unit_of_work import store

HEADER = "Idempotency-Key"
KEY = r"^[!-~]{1,200}$"


def once(key: str, run: Callable[[], tuple[int, str]], now: datetime) -> tuple[int, str]:
    """Run what was asked, or repeat what was answered: (status, JSON text). Raises RequestRefused (422) for a key that was used for
    something else.

    The key's row is taken first, in the transaction that does the work: of any number of parallel posts one works, and the
    others wait for its answer. A refusal is an answer too; it is kept although the work is undone.
    """
    if not re.fullmatch(KEY.strip("^$"), key):
        raise RequestRefused(
            422, "invalid", "A key is 1 to 200 printable ASCII characters.", at=f"#/{HEADER}"
        )
    token_id, asked = tokens.token().id, _fingerprint()
    if earlier := idempotency_keys.take(store, token_id, key, asked, now):
        return _again(earlier, asked)
    try:
        status, text = run()
    except Refusal as refusal:
        store.rollback()
        no = problems.error_response(refusal.status, refusal)
        status, text = no.status_code, no.get_data(as_text=True).rstrip("\n")
        if earlier := idempotency_keys.take(store, token_id, key, asked, now):
            return _again(earlier, asked)
    idempotency_keys.keep(store, token_id, key, status, text)
    store.commit()
    return status, text


def _again(earlier: Answer, asked: bytes) -> tuple[int, str]:
    if earlier.asked != asked:
        raise RequestRefused(
            422, "key-reused", "This key was used for another request.", at=f"#/{HEADER}"
        )
    return earlier.status, earlier.text


def _fingerprint() -> bytes:
    whole = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    whole.update(request.get_data(cache=True))
    return whole.digest()
