"""The database: one `Database` an installation, one `Store` (unit of work) a request or chore.

Two engines carry it, with one code path above them: an encrypted SQLite file (SQLCipher; web and worker processes of
one machine) and PostgreSQL (many machines). `reading()` and `writing()` are the only ways in.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    MetaData,
    QueuePool,
    Select,
    Table,
    TypeDecorator,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, registry, sqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.orm import DeclarativeBase, Session

SAFE_SQLITE = (3, 51, 3)
"""Oldest SQLite whose write-ahead log cannot be corrupted by several connections (R3)."""

BUSY_MILLISECONDS = 10_000


class UnsafeDatabase(RuntimeError):
    """The database at hand would risk people's records; the message says the remedy."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC. A naive one is refused: it would mean a different moment to each reader."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: give an aware one")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables. Constraint names are fixed so that migrations can name them on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCDateTime}


class ReadOnlyStore(RuntimeError):
    """A reading store was asked to write: open it with `database.writing()`."""


class Store(Session):
    """One unit of work. Nothing is kept unless `commit()` is called."""

    def flush(self, objects: Any = None) -> None:
        if self.info.get("reading") and (self.new or self.dirty or self.deleted):
            raise ReadOnlyStore("this store only reads; open it with database.writing()")
        super().flush(objects)


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


registry.register("sqlite.embedded", "webapp.db", "EmbeddedDialect")


class Database:
    """Where everything is kept.

    `url`: `sqlite:///FILE` (encrypted with `key`, 32 bytes) or a PostgreSQL URL. Raises `UnsafeDatabase` when the linked
    SQLite is one that can lose data (R3).
    """

    def __init__(self, url: str, key: bytes | None = None):
        self.url = make_url(url)
        self.embedded = self.url.get_backend_name() == "sqlite"
        self.engine = self._embedded(key) if self.embedded else self._postgresql()
        readers = {} if self.embedded else {"isolation_level": "AUTOCOMMIT"}
        self.readers = self.engine.execution_options(**readers)
        self.writers = self.engine.execution_options(writing=True)

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """A store that only reads: no round trips for BEGIN and ROLLBACK on PostgreSQL, no lock on SQLite."""
        with self.open(writing=False) as store:
            yield store

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """A store that may write. Leaving the block without `commit()` keeps nothing."""
        with self.open(writing=True) as store:
            yield store

    def open(self, *, writing: bool) -> Store:
        """A store to be closed by the caller; the web's requests use it."""
        bind = self.writers if writing else self.readers
        return Store(bind, info={"reading": not writing}, expire_on_commit=False)

    def dispose(self) -> None:
        self.engine.dispose()

    def _embedded(self, key: bytes | None) -> Engine:
        from sqlcipher3 import dbapi2

        check_sqlite(dbapi2.sqlite_version_info)

        class Connection(dbapi2.Connection):
            holds_the_pen = False

        path = self.url.database or ":memory:"

        def connect() -> Any:
            raw = dbapi2.connect(
                path, check_same_thread=False, isolation_level=None, factory=Connection
            )
            prepare_sqlite(raw, key)
            return raw

        engine = create_engine(
            "sqlite+embedded://",
            module=dbapi2,
            creator=connect,
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=24,
        )
        event.listen(engine, "begin", engine.dialect.begin)  # type: ignore[attr-defined]
        return engine

    def _postgresql(self) -> Engine:
        return create_engine(
            self.url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=24,
            insertmanyvalues_page_size=5000,
            connect_args={"prepare_threshold": 1, "options": "-c timezone=UTC"},
        )


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


def claim(query: Select[Any], *, of: Any = None) -> Select[Any]:
    """`query`, its rows held by this transaction alone: rows another worker holds are passed over.

    PostgreSQL skips locked rows, and holds them so that other tables may still refer to them meanwhile (FOR NO KEY UPDATE):
    a report on a seat that is being looked at does not wait. SQLite needs nothing: a writing store is the only writer there.
    """
    return query.with_for_update(skip_locked=True, key_share=True, of=of)


def database_now(store: Store) -> datetime:
    """The database's own clock, aware UTC: what leases are measured by, so that machines need not agree (rule 12)."""
    if store.get_bind().dialect.name == "sqlite":
        text = store.scalar(select(func.strftime("%Y-%m-%d %H:%M:%f", "now")))
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    instant: datetime = store.scalar(select(func.clock_timestamp()))  # type: ignore[assignment]
    return instant.astimezone(UTC)


def insert_many(store: Store, table: Table, columns: Sequence[str], rows: list[Any]) -> None:
    """Insert `rows` (tuples in the order of `columns`) the driver's fastest way: executemany on SQLite, COPY on PostgreSQL.

    Values are Python's; instants aware. The rows must be new: for rows that may exist already, see `insert_missing`.
    """
    if not rows:
        return
    connection = store.connection()
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        instants = [i for i, c in enumerate(columns) if isinstance(table.c[c].type, UTCDateTime)]
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({names}) VALUES ({marks})",
            [_for_sqlite(row, instants) for row in rows],
        )
        return
    _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", rows)


def insert_missing(store: Store, table: Table, columns: Sequence[str], rows: list[Any]) -> int:
    """Insert those of `rows` that break no unique key; returns how many were new. Repeats are harmless (engine rule)."""
    if not rows:
        return 0
    connection = store.connection()
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        instants = [i for i, c in enumerate(columns) if isinstance(table.c[c].type, UTCDateTime)]
        marks = ", ".join("?" * len(columns))
        before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",
            [_for_sqlite(row, instants) for row in rows],
        )
        return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one() - before)
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS new_{table.name} ON COMMIT DELETE ROWS "
        f"AS SELECT {names} FROM {table.name} WHERE false"
    )
    connection.exec_driver_sql(f"DELETE FROM new_{table.name}")
    _copy(connection, f"COPY new_{table.name} ({names}) FROM STDIN", rows)
    return connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM new_{table.name} "
        "ON CONFLICT DO NOTHING"
    ).rowcount


def adding(store: Store, model: Any) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` into a model's table, in the dialect at hand; complete it with rows and `returning`."""
    dialect = store.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(model).on_conflict_do_nothing()


def _for_sqlite(row: Any, instants: list[int]) -> Any:
    if not instants:
        return row
    values = list(row)
    for i in instants:
        if values[i] is not None:
            values[i] = sqlite_instant(values[i])
    return tuple(values)


@lru_cache(maxsize=4096)
def sqlite_instant(instant: datetime) -> str:
    """An aware instant as SQLite keeps it. Bulk rows share a few instants."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _copy(connection: Connection, statement: str, rows: list[Any]) -> None:
    raw = connection.connection.dbapi_connection
    with raw.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[union-attr]
        for row in rows:
            copy.write_row(row)
