"""The databases that benches measure: SQLite and PostgreSQL, empty, committing durably."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import lay_schema, opened
from tests.postgres import DURABLE, Server
from webapp.db import Database


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, Database]]:
    """Engine → database with our schema; PostgreSQL is a server of this block's own."""
    server = Server.start(DURABLE)
    made = {
        "sqlite": opened(f"sqlite:///{folder / 'bench.db'}"),
        "postgresql": opened(server.url()),
    }
    try:
        for database in made.values():
            lay_schema(database)
        yield made
    finally:
        for database in made.values():
            database.dispose()
        server.stop()
