"""Copies the embedded database while it is in use, and puts a copy in its place.

A copy is one file, encrypted with the same key. Keep `database.key` apart from it: whoever has both can read it.
"""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from webapp.cli.console import CommandFailed

PAGES = 500
"""Pages copied at a time; between, others may write."""
Moved = Callable[[int, int], object]
"""Called with (pages copied, pages in all)."""


def copy(source: Path, key: bytes, target: Path, moved: Moved = lambda done, total: None) -> None:
    """Copy the database at `source` to `target`, whole and sound or not at all; others may read and write meanwhile."""
    draft = target.with_name(f".{target.name}.draft")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(_opened(source, key)) as here, closing(_opened(draft, key)) as there:
            here.backup(
                there, pages=PAGES, progress=lambda _, left, total: moved(total - left, total)
            )
            there.execute("PRAGMA journal_mode = DELETE").fetchall()
            _check(there, source)
        _flush(draft)
        draft.replace(target)
        _flush(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def _opened(path: Path, key: bytes) -> Any:
    raw = dbapi2.connect(str(path), isolation_level=None, timeout=10)
    raw.execute("PRAGMA cipher_log_level = NONE")
    raw.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    return raw


def _check(raw: Any, path: Path) -> None:
    found = [row[0] for row in raw.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        raise CommandFailed(f"{path} is damaged ({found[0]}). Use another copy.")


def _flush(path: Path) -> None:
    """Flush it to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def require_ours(path: Path, key: bytes) -> None:
    """Raises CommandFailed unless the file opens with our key and is a database of Rejoin."""
    try:
        with closing(_opened(path, key)) as raw:
            _check(raw, path)
            tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master")}
    except dbapi2.DatabaseError as error:
        raise CommandFailed(
            f"{path} does not open with this installation's key. Put the database.key that belongs to it into the"
            " instance folder."
        ) from error
    if "alembic_version" not in tables or "person" not in tables:
        raise CommandFailed(f"{path} is not a copy of a Rejoin database.")


class Alone:
    """The database at `path`, held so that nobody else can use it; raises CommandFailed when somebody does."""

    def __init__(self, path: Path, key: bytes):
        self._path, self._key = path, key

    def __enter__(self) -> "Alone":
        self._raw = _opened(self._path, self._key)
        self._raw.execute("PRAGMA busy_timeout = 500")
        try:
            self._raw.execute("PRAGMA journal_mode = DELETE").fetchall()
            self._raw.execute("BEGIN EXCLUSIVE")
        except dbapi2.OperationalError as error:
            self._raw.close()
            raise CommandFailed(
                "The database is in use. Stop rejoin serve and rejoin worker first."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()


def swap(path: Path, fresh: Path, aside: Path) -> None:
    """Put `fresh` in the place of `path`, which is kept as `aside`."""
    if path.exists():
        os.link(path, aside)
    for left in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        left.unlink(missing_ok=True)
    fresh.replace(path)
    _flush(path.parent)
