"""The embedded database: SQLite encrypted by SQLCipher, with one writer at a time (R3, S15)."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

SAFE_SQLITE = (3, 51, 3)
"""Oldest SQLite whose write-ahead log cannot be corrupted by several connections (R3)."""


BUSY_MILLISECONDS = 10_000


class UnsafeDatabase(RuntimeError):
    """This database could lose people's records; the message says the remedy."""


class WriterLock:
    """A lock on a file beside the database: one process writes at a time, and the kernel wakes the next.

    SQLite's own busy handler sleeps up to a tenth of a second between two tries and keeps no order: two web processes spent
    most of their time asleep. The kernel releases the lock of a process that is killed.
    """

    def __init__(self, path: str):
        self._path = f"{path}-lock"
        self._file, self._process = -1, 0

    def acquire(self) -> None:
        """Wait for the lock and take it. Only one thread of a process may wait at a time."""
        if sys.platform == "win32" or self._path.startswith(":memory:"):
            return  # SQLite's own busy handler waits there
        import fcntl

        if self._process != os.getpid():  # a fork's copy would be the same lock
            self.close()
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            self._process = os.getpid()
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def release(self) -> None:
        """Give the lock back; without effect when it is not held."""
        if self._file >= 0 and sys.platform != "win32":
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file. `acquire` opens it again."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._process = -1, 0


class EmbeddedDialect(SQLiteDialect_pysqlite):
    """SQLite with one writer: threads wait on `thread_lock` and processes on `writer_lock`, instead of in SQLite's busy
    handler (R3).

    A connection for writing takes both before BEGIN IMMEDIATE and releases them when its transaction has ended.
    """

    supports_statement_cache = True
    thread_lock = threading.Lock()
    writer_lock: WriterLock
    """The lock of this dialect's one database; `Database` sets it."""

    def do_commit(self, dbapi_connection: Any) -> None:
        try:
            super().do_commit(dbapi_connection)
        finally:
            self._release_locks(dbapi_connection)

    def do_rollback(self, dbapi_connection: Any) -> None:
        try:
            super().do_rollback(dbapi_connection)
        finally:
            self._release_locks(dbapi_connection)

    def begin(self, connection: Any) -> None:
        if not connection.get_execution_options().get("writing"):
            connection.exec_driver_sql("BEGIN")
            return
        self.thread_lock.acquire()
        try:
            self.writer_lock.acquire()
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except BaseException:
                self.writer_lock.release()
                raise
        except BaseException:
            self.thread_lock.release()
            raise
        connection.connection.dbapi_connection.holds_writer_lock = True

    def _release_locks(self, dbapi_connection: Any) -> None:
        raw = getattr(dbapi_connection, "dbapi_connection", dbapi_connection)
        if getattr(raw, "holds_writer_lock", False):
            raw.holds_writer_lock = False
            self.writer_lock.release()
            self.thread_lock.release()


def check_sqlite(version: tuple[int, ...]) -> None:
    """Raises `UnsafeDatabase` for a SQLite older than `SAFE_SQLITE` (R3)."""
    if tuple(version) < SAFE_SQLITE:
        have, need = (".".join(map(str, v)) for v in (version, SAFE_SQLITE))
        raise UnsafeDatabase(
            f"SQLite {have} can damage its file; at least {need} is needed. Run `make install` to bring it."
        )


def prepare_sqlite(raw: Any, key: bytes | None) -> None:
    """Unlock the file and set every pragma the promises rest on (R3)."""
    if key:
        raw.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "mmap_size = 0",
        "cache_size = -32000",
    ):
        raw.execute(f"PRAGMA {pragma}").fetchall()


def make_private(path: Path) -> None:
    """Create `path` readable by its owner only, before anything is written into it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)


registry.register("sqlite.embedded", "webapp.embedded", "EmbeddedDialect")
