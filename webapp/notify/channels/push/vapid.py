"""VAPID headers (RFC 8292), which tell push services who sends, signed once for each origin and not for each message."""

import base64
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from webapp import clock

VALID_FOR = timedelta(hours=12)
"""RFC 8292, 2: at most 24 hours."""
RENEWED_BEFORE = timedelta(hours=1)


class VapidHeaders:
    """Authorization headers, one per push service's origin, renewed before they run out.

    `key`: the private key, PEM. `subject`: a `mailto:` or `https:` contact; Apple refuses pushes without one.
    """

    def __init__(self, key: str, subject: str):
        self._vapid = Vapid02.from_pem(key.strip().encode())
        self._subject = subject
        self._signed: dict[str, tuple[str, datetime]] = {}

    @property
    def public_key(self) -> str:
        """What browsers subscribe with (`applicationServerKey`): the uncompressed point, base64url, unpadded."""
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def for_origin(self, origin: str) -> str:
        """The Authorization header for one origin (`https://host`)."""
        now = clock.now()
        header, renew_at = self._signed.get(origin, ("", now))
        if now < renew_at:
            return header
        # A dict of its own each time: claims shared between origins would carry a stranger's audience.
        expires = now + VALID_FOR
        claims = {"sub": self._subject, "aud": origin, "exp": int(expires.timestamp())}
        header = str(self._vapid.sign(claims)["Authorization"])
        self._signed[origin] = (header, expires - RENEWED_BEFORE)
        return header
