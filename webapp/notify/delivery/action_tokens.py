"""Action tokens: what a notification's button carries, the right to do one thing, for one seat, for a limited time (S9).

Whoever holds the token may say "I can't make it" for that seat without signing in; they can read nothing with it. Used
twice, it does no more than once, because what it does is idempotent.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import BadData, Signer
from itsdangerous.signer import SigningAlgorithm

from webapp.notify.kinds import Action
from webapp.refusals import N_, Refusal

SALT = b"notification button"
LONGEST_TOKEN = 512


class ButtonExpired(Refusal):
    """The button cannot be used: its time is over, or its token was not made here."""

    status = 410
    code = "button-expired"
    sentence = N_("This button no longer works. Open the app to answer.")


@dataclass(frozen=True, slots=True)
class ActionToken:
    """`person_id` may do `action` for `seat_id` until `until`. `asked_at`: when the notice was decided on; what they answered
    elsewhere since then counts more. Aware, whole seconds."""

    seat_id: int
    action: Action
    person_id: int
    until: datetime
    asked_at: datetime


class _Digest(SigningAlgorithm):
    """HMAC-SHA256 in one call."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")


class ActionTokenSigner:
    """Signs and reads tokens. `keys`: the first signs, all verify, so that keys can be changed under way."""

    def __init__(self, keys: Sequence[str]):
        # itsdangerous signs with the last of its keys. Its plain Signer, keys derived beforehand: a notice has three
        # buttons, and the serializers cost ten times as much a token.
        derived = [hmac.digest(key.encode(), SALT, "sha256") for key in reversed(keys)]
        self._signer = Signer(derived, key_derivation="none", algorithm=_Digest())

    def sign(self, token: ActionToken) -> str:
        """The token as text that is safe in a URL."""
        until, asked = int(token.until.timestamp()), int(token.asked_at.timestamp())
        text = f"{token.seat_id}.{token.action.value}.{token.person_id}.{until}.{asked}"
        return self._signer.sign(text).decode()

    def read(self, text: str, *, now: datetime) -> ActionToken:
        """The token, if it still holds at `now` (aware). Raises ButtonExpired."""
        try:
            if len(text) > LONGEST_TOKEN:
                raise ButtonExpired()
            seat_id, action, person_id, until, asked = self._signer.unsign(text).decode().split(".")
            ends = datetime.fromtimestamp(int(until), UTC)
            asked_at = datetime.fromtimestamp(int(asked), UTC)
            token = ActionToken(int(seat_id), Action(action), int(person_id), ends, asked_at)
        except (BadData, ValueError, OverflowError) as error:
            raise ButtonExpired() from error
        if now >= token.until:
            raise ButtonExpired()
        return token
