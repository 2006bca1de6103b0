"""Encrypts messages for web push (RFC 8291 on RFC 8188), faster than pywebpush does.

pywebpush reads the subscription and names the encodings; only the key schedule is done here, in half its time: the
sender's point is exported once instead of three times and HKDF is plain HMAC (RFC 5869; every output fits one block).
"""

import base64
import hmac
import os
import struct
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pywebpush import WebPusher

CURVE = ec.SECP256R1()
RECORD_SIZE = 4096
LARGEST_MESSAGE = 3993
"""Bytes of plain text that surely fit (RFC 8291, 4)."""


class Sealer(WebPusher):
    """pywebpush's WebPusher with its aes128gcm encryption made quick.

    `p256dh`, `auth`: a subscription's keys, base64url. Raises ValueError for what is no base64.
    """

    def __init__(self, p256dh: str, auth: str):
        # WebPusher's own would copy the subscription deeply, at the price of half an encryption.
        self.receiver_key = base64.urlsafe_b64decode(self._repad(p256dh.encode()))
        self.auth_key = base64.urlsafe_b64decode(self._repad(auth.encode()))

    def encode(self, data: bytes, content_encoding: str = "aes128gcm") -> Any:
        if content_encoding != "aes128gcm":
            return super().encode(data, content_encoding)
        return {"body": sealed(data, self.receiver_key, self.auth_key)}


def sealed(message: bytes, receiver: bytes, auth: bytes) -> bytes:
    """`message` encrypted for the holder of `receiver` (uncompressed P-256 point), ready to be posted.

    Raises ValueError for a point off the curve.
    """
    peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, receiver)
    own = ec.generate_private_key(CURVE)  # a new one a message: RFC 8291, 3.1
    sender = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = own.exchange(ec.ECDH(), peer)
    salt = os.urandom(16)
    digest = hmac.digest
    key = digest(
        digest(auth, shared, "sha256"), b"WebPush: info\0" + receiver + sender + b"\1", "sha256"
    )
    prk = digest(salt, key, "sha256")
    content_key = digest(prk, b"Content-Encoding: aes128gcm\0\1", "sha256")[:16]
    nonce = digest(prk, b"Content-Encoding: nonce\0\1", "sha256")[:12]
    record = AESGCM(content_key).encrypt(nonce, message + b"\2", None)
    return salt + struct.pack("!LB", RECORD_SIZE, len(sender)) + sender + record
