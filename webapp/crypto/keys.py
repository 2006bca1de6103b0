"""Key files: made once in the instance folder, readable by their owner only (mode 0600)."""

import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)


class KeyTrouble(Exception):
    """A key can't be used, or must not be replaced by a new one; the message says the remedy."""


def hex_key() -> str:
    """256 random bits, as 64 hex digits."""
    return secrets.token_hex(32)


def hash_secret(secret: str) -> bytes:
    """The hash under which a random secret of ours (login, link, token) is stored. It has 256 bits, so SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def vapid_key() -> str:
    """A new P-256 private key (RFC 8292) as PEM."""
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def listed(text: str) -> tuple[str, ...]:
    """The parts of a text that commas or line ends divide; none of them empty."""
    return tuple(part.strip() for part in re.split(r"[,\n]", text) if part.strip())


def read_keys(text: str) -> tuple[str, ...]:
    """The keys written down in a setting or a file. Raises ValueError when there is none, or one is too short."""
    found = listed(text)
    if not found or any(len(key) < 32 for key in found):
        raise ValueError(
            "each key needs at least 32 characters; make one with"
            " `python3 -c 'import secrets; print(secrets.token_hex(32))'`"
        )
    return found


def read_or_make(path: Path, make: Callable[[], str], *, guarding: Path | None = None) -> str:
    """Return the key in the file. A missing one is made, by exactly one of any number of processes starting together.

    `guarding` is the file that the key decrypts: if that exists and the key does not, a new key would be useless, so
    KeyTrouble is raised. It is raised too for a key that is empty, or that others can read.
    """
    if not path.exists():
        if guarding is not None and guarding.exists():
            raise KeyTrouble(
                f"{guarding} is there but its key {path} is not. Put the key back from your backup;"
                f" or, to begin anew without what it holds, move {guarding} away."
            )
        _write_new(path, make() + "\n")
    loose = stat.S_IMODE(path.stat().st_mode) & 0o077
    if loose:
        raise KeyTrouble(f"{path} can be read by others. Run: chmod 600 {path}")
    text = path.read_text().strip()
    if not text:
        raise KeyTrouble(f"{path} is empty. Put the key back from your backup, or delete the file.")
    return text


def _write_new(path: Path, text: str) -> None:
    """Write the whole file or nothing, durably. If another process was first, its file stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        os.unlink(draft)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
