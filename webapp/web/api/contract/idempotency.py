"""`Idempotency-Key`: a repeated POST with the same key and body gets the first response again, for 24 hours."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime

from flask import request

from webapp.operations import idempotency_keys
from webapp.operations.idempotency_keys import KeptResponse
from webapp.refusals import Refusal
from webapp.web.api.contract import problems, tokens
from webapp.web.api.contract.problems import RequestRefused
from webapp.web.page.unit_of_work import store

HEADER = "Idempotency-Key"
KEY = r"^[!-~]{1,200}$"


def once(key: str, run: Callable[[], tuple[int, str]], now: datetime) -> tuple[int, str]:
    """Run the call, or return what it returned the first time: (status, JSON text). Raises RequestRefused (422) for a key that was
    used for another request.

    The key's row is inserted first, in the transaction that does the work: of any number of parallel posts one runs, and the
    others wait for its response. A refusal is kept and repeated like any response, although its work is rolled back.
    """
    if not re.fullmatch(KEY.strip("^$"), key):
        raise RequestRefused(
            422, "invalid", "A key is 1 to 200 printable ASCII characters.", at=f"#/{HEADER}"
        )
    token_id, fingerprint = tokens.token().id, _fingerprint()
    if earlier := idempotency_keys.take(store, token_id, key, fingerprint, now):
        return _repeated(earlier, fingerprint)
    try:
        status, text = run()
    except Refusal as refusal:
        store.rollback()
        problem = problems.error_response(refusal.status, refusal)
        status, text = problem.status_code, problem.get_data(as_text=True).rstrip("\n")
        if earlier := idempotency_keys.take(store, token_id, key, fingerprint, now):
            return _repeated(earlier, fingerprint)
    idempotency_keys.keep(store, token_id, key, status, text)
    store.commit()
    return status, text


def _repeated(earlier: KeptResponse, fingerprint: bytes) -> tuple[int, str]:
    if earlier.asked != fingerprint:
        raise RequestRefused(
            422, "key-reused", "This key was used for another request.", at=f"#/{HEADER}"
        )
    return earlier.status, earlier.text


def _fingerprint() -> bytes:
    whole = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    whole.update(request.get_data(cache=True))
    return whole.digest()
