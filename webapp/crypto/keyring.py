"""Encryption of clinical text with AES-256-GCM, each text bound to its table, column and row (S15).

A sealed text is `s1.KEY.TEXT`: the format, the id of its key, and nonce, ciphertext and tag in URL-safe base64. Retired keys
(`field.keys.retired`, beside the keys in use) open what an old backup restores, and seal nothing.
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
RELOAD_AFTER = 1.0
"""Seconds within which a running program notices a new key in its file."""
RETIRED = ".retired"


class TamperedText(KeyTrouble):
    """A text can't be decrypted: it was changed, or moved from another row, column or table."""


class Keyring:
    """The first key seals, every key opens. With a `file` (one key a line), changes to it are noticed while running."""

    def __init__(self, keys: Iterable[str], file: Path | None = None):
        self._file = file
        self._lock = threading.Lock()
        self._checked_at = time.monotonic()
        self._version = _file_version(file)
        self._use(keys)

    @property
    def first(self) -> str:
        """The id of the key that seals."""
        self._reload_if_changed()
        return self._keys[0]

    @property
    def ids(self) -> set[str]:
        """The ids of all keys that open."""
        self._reload_if_changed()
        return set(self._keys[1])

    def seal(self, text: str, place: str) -> str:
        """Return `text` encrypted for its `place` (`table|column|row`)."""
        self._reload_if_changed()
        (first, ciphers), nonce = self._keys, secrets.token_bytes(NONCE)
        sealed = ciphers[first].encrypt(nonce, text.encode(), place.encode())
        return f"{FORMAT}.{first}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """Return the text that was sealed for `place`. Raises TamperedText, or KeyTrouble when its key is missing."""
        kind, _, rest = sealed.partition(".")
        name, _, body = rest.partition(".")
        if kind != FORMAT or not body:
            raise TamperedText(
                f"{_without_row(place)} holds text that is not sealed. After an update run: rejoin db upgrade"
            )
        try:
            raw = base64.b64decode(body, b"-_", validate=True)
            return self._cipher(name).decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise TamperedText(
                f"A text in {_without_row(place)} does not open: it was changed, or belongs to another row."
                " Keep this database as it is, and compare with a backup."
            ) from error

    def _cipher(self, name: str) -> AESGCM:
        if name not in self._keys[1]:
            self._reload_if_changed(at_once=True)
        if name not in self._keys[1]:
            where = self._file or "REJOIN_FIELD_KEYS"
            raise KeyTrouble(
                f"The key {name}, which seals clinical text, is not in {where}. Put it back from your backup of the keys."
            )
        return self._keys[1][name]

    def _reload_if_changed(self, *, at_once: bool = False) -> None:
        """Read the file again if it has changed; looks at most once in RELOAD_AFTER seconds."""
        if self._file is None:
            return
        now = time.monotonic()
        if not at_once and now < self._checked_at + RELOAD_AFTER:
            return
        with self._lock:
            self._checked_at = now
            version = _file_version(self._file)
            if version is not None and version != self._version:
                self._version = version
                self._use(read_keys(self._file.read_text()))

    def _use(self, keys: Iterable[str]) -> None:
        listed = list(keys)
        retired = retired_keys(self._file) if self._file else []
        ciphers = {key_id(key): AESGCM(_key_bytes(key)) for key in (*listed, *retired)}
        self._keys = key_id(listed[0]), ciphers  # one assignment: other threads seal meanwhile


def key_id(key: str) -> str:
    """The id of a key, which does not reveal it: eight hex digits."""
    return hashlib.sha256(b"rejoin key id" + _key_bytes(key)).hexdigest()[:8]


def retired_keys(file: Path) -> list[str]:
    """The retired keys kept beside `file`."""
    beside = file.with_name(file.name + RETIRED)
    return list(listed(beside.read_text())) if beside.exists() else []


def _key_bytes(key: str) -> bytes:
    """The 256 bits of a key: decoded hex, or the hash of any other text."""
    try:
        raw = bytes.fromhex(key)
    except ValueError:
        raw = b""
    return raw if len(raw) == 32 else hashlib.sha256(key.encode()).digest()


def _file_version(file: Path | None) -> tuple[int, int, int] | None:
    try:
        found = file.stat() if file else None
    except FileNotFoundError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None


def _without_row(place: str) -> str:
    """Table and column alone: an error message, which may be logged, names no row."""
    return ".".join(place.split("|")[:2])
