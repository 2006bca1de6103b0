"""Keys that are made once, in the instance folder, readable by their owner alone (mode 0600)."""

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
    """A key cannot be used or must not be made anew; the message says the remedy."""


def hex_key() -> str:
    """256 random bits, as 64 hex digits."""
    return secrets.token_hex(32)


def hash_secret(secret: str) -> bytes:
    """How a random secret of ours (a login, a link, a token) is stored: it has 256 bits, so a plain hash is enough."""
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


def once(path: Path, make: Callable[[], str], *, guarding: Path | None = None) -> str:
    """The key in the file; made when missing, by exactly one of any number of processes starting together.

    `guarding` is the file that the key opens: when that exists already, a new key could never open it, so a missing
    key is trouble and not a reason to make another.
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
    """Write the whole file or nothing, durably; whoever links first wins and the others read that one."""
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
