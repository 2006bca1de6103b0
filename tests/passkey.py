"""A software authenticator for tests, whose responses can be valid or altered on purpose."""

import base64
import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

ORIGIN, RP_ID = "http://localhost:5000", "localhost"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(words: str) -> bytes:
    return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))


class SoftPasskey:
    """One credential. `create` and `get` take the server's options as parsed JSON; what is named bends the answer."""

    def __init__(self, counts: bool = True):
        self.id = secrets.token_bytes(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.counts, self.count = counts, 0
        self.handle = b""

    def create(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """The answer to navigator.credentials.create()."""
        self.handle = raw(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: point.x.to_bytes(32, "big"),
            -3: point.y.to_bytes(32, "big"),
        }
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + encode_cbor(cose)
        known = self._authenticator(ATTESTED, options["rp"]["id"], bent) + credential
        said = self._client("webauthn.create", options["challenge"], bent)
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": known})
        return self._answer({"clientDataJSON": text(said), "attestationObject": text(attestation)})

    def get(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """The answer to navigator.credentials.get()."""
        known = self._authenticator(0, options["rpId"], bent)
        said = self._client("webauthn.get", options["challenge"], bent)
        signed = self.key.sign(known + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(said),
                "authenticatorData": text(known),
                "signature": text(bent.get("signature", signed)),
                "userHandle": text(bent.get("handle", self.handle)),
            }
        )

    def _authenticator(self, flags: int, rp_id: str, bent: dict[str, Any]) -> bytes:
        self.count += self.counts
        flags |= PRESENT | (0 if bent.get("unverified") else VERIFIED)
        house = hashlib.sha256(bent.get("rp_id", rp_id).encode()).digest()
        return house + bytes([flags]) + bent.get("count", self.count).to_bytes(4, "big")

    @staticmethod
    def _client(kind: str, challenge: str, bent: dict[str, Any]) -> bytes:
        said = {
            "type": kind,
            "challenge": bent.get("challenge", challenge),
            "origin": bent.get("origin", ORIGIN),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        return {
            "id": text(self.id),
            "rawId": text(self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }
