"""Databases for tests, on both engines: borrowed (shared, rolled back) and fresh (a copy of its own)."""

import importlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, create_engine, text

import webapp
from tests.postgres import Server
from webapp.crypto.keyring import Keyring
from webapp.db import Base, Database, Store

ENGINES = ("sqlite", "postgresql")
KEY = bytes(range(32))
"""Opens the embedded databases of the tests."""
FIELD_KEY = bytes(range(32, 64)).hex()
"""Seals the clinical text of all databases of the tests."""

Planting = Callable[[Database], Any]


class Borrowed(Database):
    """A database whose every store lives on one connection and is undone after the test, commits included.

    For tests in one thread. What needs several connections, threads or processes takes `fresh_database`.
    """

    def __init__(self, lender: Database, connection: Connection):
        vars(self).update(vars(lender))
        self.readers = self.writers = connection  # type: ignore[assignment]

    def open(self, *, writing: bool) -> Store:
        return Store(
            self.writers,
            info={"reading": not writing},
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
        )


class Databases:
    """The databases of one pytest worker. What is planted in one is planted once and copied."""

    def __init__(self, folder: Path, server: Server, worker: str):
        self._folder = folder
        self._server = server
        self._worker = worker
        self._planted: dict[tuple[str, str], tuple[Database, Any]] = {}
        self._copies = 0

    def planted(self, engine: str, planting: Planting | None = None) -> tuple[Database, Any]:
        """The shared database with the schema and what `planting` put there, and what it returned."""
        name = planting.__name__ if planting else "empty"
        if (engine, name) not in self._planted:
            database = opened(self._create(engine, name))
            lay_schema(database)
            self._planted[engine, name] = database, planting(database) if planting else None
        return self._planted[engine, name]

    @contextmanager
    def borrowed(self, engine: str, planting: Planting | None = None) -> Iterator[Borrowed]:
        """The shared database for one test."""
        lender, _ = self.planted(engine, planting)
        with lender.engine.connect() as connection:
            undone = connection.begin()
            try:
                yield Borrowed(lender, connection)
            finally:
                undone.rollback()

    @contextmanager
    def fresh(self, engine: str, planting: Planting | None = None) -> Iterator[Database]:
        """A copy of its own, which may be opened from any thread or process by its `url` (and KEY)."""
        original, _ = self.planted(engine, planting)
        original.dispose()
        self._copies += 1
        url = self._create(engine, f"copy{self._copies}", original)
        database = opened(url)
        try:
            yield database
        finally:
            database.dispose()
            self._drop(engine, database)

    @contextmanager
    def bare(self, engine: str) -> Iterator[Database]:
        """A database of its own without any table."""
        self._copies += 1
        url = self._create(engine, f"bare{self._copies}")
        database = opened(url)
        try:
            yield database
        finally:
            database.dispose()
            self._drop(engine, database)

    def dispose(self) -> None:
        for database, _ in self._planted.values():
            database.dispose()

    def _create(self, engine: str, name: str, original: Database | None = None) -> str:
        if engine == "sqlite":
            path = self._folder / f"{name}.db"
            if original is not None:
                shutil.copy(original.url.database or "", path)
            return f"sqlite:///{path}"
        name = f"{self._worker}_{name}"
        template = original.url.database if original is not None else "template0"
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self._server.url(name)

    def _drop(self, engine: str, database: Database) -> None:
        if engine == "postgresql":
            self._administer(f'DROP DATABASE "{database.url.database}" WITH (FORCE)')
            return
        for file in self._folder.glob(f"{Path(database.url.database or '').name}*"):
            file.unlink()

    def _administer(self, statement: str) -> None:
        url = self._server.url().replace("postgresql:", "postgresql+psycopg:")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def opened(url: str) -> Database:
    """A database of the tests at `url`, with the tests' keys; also for threads and processes of a test."""
    return Database(url, KEY if url.startswith("sqlite") else None, Keyring([FIELD_KEY]))


def lay_schema(database: Database) -> None:
    """Every table, straight from the models; a house test holds the migrations to the same."""
    every_table()
    Base.metadata.create_all(database.engine)


def every_table() -> MetaData:
    """Import each module that defines a table; returns what they define."""
    root = Path(webapp.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if "__tablename__ =" in path.read_text():
            importlib.import_module(".".join(path.relative_to(root.parent).with_suffix("").parts))
    return Base.metadata
