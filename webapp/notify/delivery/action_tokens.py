"""What a notification's button carries: the right to do one thing, for one seat, for a limited time (S9).

Whoever holds the token may say "I can't make it" for that seat without signing in; they can read nothing with it. Used
twice, it does no more than once, because the verbs behind it are idempotent.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import BadData, Signer
from itsdangerous.signer import SigningAlgorithm

from webapp.notify.kinds import Verb
from webapp.refusals import N_, Refusal

SALT = b"notification button"
LONGEST_TOKEN = 512


class Worn(Refusal):
    """The button cannot be used: its time is over, or it is not one of ours."""

    status = 410
    code = "button-expired"
    sentence = N_("This button no longer works. Open the app to answer.")


@dataclass(frozen=True, slots=True)
class Capability:
    """`person_id` may do `verb` for `seat_id` until `until` (aware, whole seconds)."""

    seat_id: int
    verb: Verb
    person_id: int
    until: datetime


class _Digest(SigningAlgorithm):
    """HMAC-SHA256 in one call."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")


class Capabilities:
    """Signs and reads tokens. `keys`: the first signs, all verify, so that keys can be changed under way."""

    def __init__(self, keys: Sequence[str]):
        # itsdangerous signs with the last of its keys. Its plain Signer, keys derived beforehand: a notice has three
        # buttons, and the serializers cost ten times as much a token.
        derived = [hmac.digest(key.encode(), SALT, "sha256") for key in reversed(keys)]
        self._signer = Signer(derived, key_derivation="none", algorithm=_Digest())

    def token(self, capability: Capability) -> str:
        """The token, safe in a URL."""
        until = int(capability.until.timestamp())
        words = f"{capability.seat_id}.{capability.verb.value}.{capability.person_id}.{until}"
        return self._signer.sign(words).decode()

    def read(self, token: str, *, now: datetime) -> Capability:
        """What the token allows at `now` (aware). Raises Worn when that is nothing."""
        try:
            if len(token) > LONGEST_TOKEN:
                raise Worn()
            seat_id, verb, person_id, until = self._signer.unsign(token).decode().split(".")
            ends = datetime.fromtimestamp(int(until), UTC)
            found = Capability(int(seat_id), Verb(verb), int(person_id), ends)
        except (BadData, ValueError, OverflowError) as error:
            raise Worn() from error
        if now >= found.until:
            raise Worn()
        return found
