"""The keys of clinical text: AES-256-GCM, each text bound to the table, column and row it stands in (S15).

A sealed text reads `s1.KEY.TEXT`: the format, which key opens it, and nonce, ciphertext and tag in URL-safe base64. Beside
the keys in use may lie retired ones (`field.keys.retired`): they open what an old backup brings back, and seal nothing.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from webapp.crypto.keys import KeyTrouble, listed, read_keys

FORMAT = "s1"
NONCE = 12
"""Bytes (NIST SP 800-38D); random, so one key seals at most 2^32 texts."""
NOTICED_WITHIN = 1.0
"""Seconds after which a running program has noticed a new key in its file."""
RETIRED = ".retired"


class Sealed(KeyTrouble):
    """A text does not open: it was changed, or moved here from another row, column or table."""


class Keyring:
    """The first key seals, every key opens. With a `file` it follows what is written there: one key a line."""

    def __init__(self, keys: Iterable[str], file: Path | None = None):
        self._file = file
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
        self._stamp = _stamp(file)
        self._take(keys)

    @property
    def first(self) -> str:
        """The id of the key that seals."""
        self._follow()
        return self._held[0]

    @property
    def ids(self) -> set[str]:
        """The ids of all keys that open."""
        self._follow()
        return set(self._held[1])

    def seal(self, text: str, place: str) -> str:
        """`text`, sealed for its `place` (`table|column|row`)."""
        self._follow()
        (first, ciphers), nonce = self._held, secrets.token_bytes(NONCE)
        sealed = ciphers[first].encrypt(nonce, text.encode(), place.encode())
        return f"{FORMAT}.{first}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """The text that was sealed for `place`. Raises Sealed, or KeyTrouble when its key is not here."""
        kind, _, rest = sealed.partition(".")
        name, _, body = rest.partition(".")
        if kind != FORMAT or not body:
            raise Sealed(
                f"{_without_row(place)} holds text that is not sealed. After an update run: rejoin db upgrade"
            )
        try:
            raw = base64.b64decode(body, b"-_", validate=True)
            return self._cipher(name).decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Sealed(
                f"A text in {_without_row(place)} does not open: it was changed, or belongs to another row."
                " Keep this database as it is, and compare with a backup."
            ) from error

    def _cipher(self, name: str) -> AESGCM:
        if name not in self._held[1]:
            self._follow(at_once=True)
        if name not in self._held[1]:
            where = self._file or "REJOIN_FIELD_KEYS"
            raise KeyTrouble(
                f"The key {name}, which seals clinical text, is not in {where}. Put it back from your backup of the keys."
            )
        return self._held[1][name]

    def _follow(self, *, at_once: bool = False) -> None:
        """Notice a changed file, at most once in NOTICED_WITHIN seconds."""
        if self._file is None:
            return
        now = time.monotonic()
        if not at_once and now < self._looked_at + NOTICED_WITHIN:
            return
        with self._lock:
            self._looked_at = now
            stamp = _stamp(self._file)
            if stamp is not None and stamp != self._stamp:
                self._stamp = stamp
                self._take(read_keys(self._file.read_text()))

    def _take(self, keys: Iterable[str]) -> None:
        given = list(keys)
        retired = retired_keys(self._file) if self._file else []
        ciphers = {key_id(key): AESGCM(_bits(key)) for key in (*given, *retired)}
        self._held = key_id(given[0]), ciphers  # at once: other threads seal meanwhile


def key_id(key: str) -> str:
    """What names a key without telling it: eight hex digits."""
    return hashlib.sha256(b"rejoin key id" + _bits(key)).hexdigest()[:8]


def retired_keys(file: Path) -> list[str]:
    """Keys that only open, kept beside `file`."""
    beside = file.with_name(file.name + RETIRED)
    return list(listed(beside.read_text())) if beside.exists() else []


def _bits(key: str) -> bytes:
    """256 bits of a key however it was written down: its hex, or the hash of a longer phrase."""
    try:
        raw = bytes.fromhex(key)
    except ValueError:
        raw = b""
    return raw if len(raw) == 32 else hashlib.sha256(key.encode()).digest()


def _stamp(file: Path | None) -> tuple[int, int, int] | None:
    try:
        found = file.stat() if file else None
    except FileNotFoundError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None


def _without_row(place: str) -> str:
    """Table and column; logs hold no more."""
    return ".".join(place.split("|")[:2])
