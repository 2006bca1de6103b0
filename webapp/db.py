"""The database: one `Database` an installation, one `Store` (unit of work) for each request or chore.

It runs on an encrypted SQLite file (SQLCipher; web and worker processes of one machine) or on PostgreSQL (many machines),
with one code path above both. Open it with `reading()` or `writing()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    URL,
    DateTime,
    Engine,
    MetaData,
    QueuePool,
    Select,
    TypeDecorator,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Session

from webapp.config import loopback
from webapp.crypto import sealed
from webapp.crypto.keyring import Keyring
from webapp.embedded import WriterLock, check_sqlite, prepare_sqlite

IN_USE = 7_345_647
"""PostgreSQL's advisory lock on a whole database: every connection of ours shares it, a restore holds it exclusively."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC. Naive values raise ValueError: they would mean another instant in each time zone."""

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

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        """SQLite stores text. Rows of a batch share a few instants, so parsing is cached."""
        if dialect.name == "sqlite":
            return _read_sqlite
        return super().result_processor(dialect, coltype)


@lru_cache(maxsize=4096)
def _read_sqlite(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


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


sealed.bind_models(Base)


class ReadOnlyStore(RuntimeError):
    """A reading store was asked to write: open it with `database.writing()`."""


class Store(Session):
    """One unit of work. Nothing is kept unless `commit()` is called."""

    def flush(self, objects: Any = None) -> None:
        if self.info.get("reading") and (self.new or self.dirty or self.deleted):
            raise ReadOnlyStore("this store only reads; open it with database.writing()")
        if self.new:
            with self.no_autoflush:
                sealed.number_new_rows(self)
        super().flush(objects)


class Database:
    """One database and its connection pool.

    `url`: `sqlite:///FILE` (encrypted with `key`, 32 bytes) or a PostgreSQL URL. `keyring` seals and opens clinical text.
    `restoring`: the caller holds `IN_USE` exclusively. Raises `UnsafeDatabase` when the linked SQLite can lose data (R3).
    """

    def __init__(
        self,
        url: str,
        key: bytes | None = None,
        keyring: Keyring | None = None,
        *,
        restoring: bool = False,
    ):
        self.url = encrypted(make_url(url))
        self.embedded = self.url.get_backend_name() == "sqlite"
        self.engine = self._embedded(key) if self.embedded else self._postgresql()
        if not (self.embedded or restoring):
            event.listen(self.engine, "connect", _share_use)
        self.engine.dialect.keyring = keyring  # type: ignore[attr-defined]
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
        return Store(bind, info={"reading": not writing, "database": self}, expire_on_commit=False)

    def dispose(self) -> None:
        self.engine.dispose()
        if self.embedded:
            self.engine.dialect.writer_lock.close()  # type: ignore[attr-defined]

    def _embedded(self, key: bytes | None) -> Engine:
        from sqlcipher3 import dbapi2

        check_sqlite(dbapi2.sqlite_version_info)

        class Connection(dbapi2.Connection):
            holds_writer_lock = False

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
        engine.dialect.writer_lock = WriterLock(path)  # type: ignore[attr-defined]
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


def _share_use(raw: Any, record: object) -> None:
    """Share the lock `IN_USE` for as long as this connection lasts. Raises OperationalError while a restore holds it."""
    raw.autocommit = True
    (shared,) = raw.execute("SELECT pg_try_advisory_lock_shared(%s)", [IN_USE]).fetchone()
    raw.autocommit = False
    if not shared:
        from psycopg import OperationalError

        raise OperationalError("it is being restored; try again when that is done")


def encrypted(url: URL) -> URL:
    """Return `url` with TLS required, so that nothing goes unencrypted over a network. Unchanged: a URL that sets `sslmode`
    (best: verify-full), loopback and sockets."""
    host = url.host or ""
    if url.get_backend_name() == "sqlite" or not host or loopback(host) or "sslmode" in url.query:
        return url
    return url.update_query_dict({"sslmode": "require"})


def claim(query: Select[Any], *, of: Any = None) -> Select[Any]:
    """Return `query` so that it locks its rows for this transaction and skips rows that another worker has locked.

    PostgreSQL: FOR NO KEY UPDATE SKIP LOCKED, so that other tables may refer to the rows meanwhile: a report on a seat that
    is being looked at does not wait. SQLite ignores it: a writing store is the only writer there.
    """
    return query.with_for_update(skip_locked=True, key_share=True, of=of)


def database_now(store: Store) -> datetime:
    """The time by the database's clock, aware UTC. Leases use it, so that machines' clocks need not agree (rule 12)."""
    if store.get_bind().dialect.name == "sqlite":
        text = store.scalar(select(func.strftime("%Y-%m-%d %H:%M:%f", "now")))
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    instant: datetime = store.scalar(select(func.clock_timestamp()))  # type: ignore[assignment]
    return instant.astimezone(UTC)
