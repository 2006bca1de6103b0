"""The embedded database: SQLite, encrypted by SQLCipher, with one writer a process (R3, S15)."""

import threading
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

SAFE_SQLITE = (3, 51, 3)
"""Oldest SQLite whose write-ahead log cannot be corrupted by several connections (R3)."""


BUSY_MILLISECONDS = 10_000


class UnsafeDatabase(RuntimeError):
    """The database at hand would risk people's records; the message says the remedy."""


class EmbeddedDialect(SQLiteDialect_pysqlite):
    """SQLite with one writer a process: threads queue on a lock instead of on SQLite's sleeping busy handler (R3).

    A connection checked out for writing takes the lock before BEGIN IMMEDIATE and gives it back when its transaction
    has really ended.
    """

    supports_statement_cache = True
    writer = threading.Lock()

    def do_commit(self, dbapi_connection: Any) -> None:
        try:
            super().do_commit(dbapi_connection)
        finally:
            self._hand_on(dbapi_connection)

    def do_rollback(self, dbapi_connection: Any) -> None:
        try:
            super().do_rollback(dbapi_connection)
        finally:
            self._hand_on(dbapi_connection)

    def begin(self, connection: Any) -> None:
        if not connection.get_execution_options().get("writing"):
            connection.exec_driver_sql("BEGIN")
            return
        self.writer.acquire()
        raw = connection.connection.dbapi_connection
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            self.writer.release()
            raise
        raw.holds_the_pen = True

    def _hand_on(self, dbapi_connection: Any) -> None:
        raw = getattr(dbapi_connection, "dbapi_connection", dbapi_connection)
        if getattr(raw, "holds_the_pen", False):
            raw.holds_the_pen = False
            self.writer.release()


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
