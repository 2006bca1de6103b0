"""Counts SQL statements, for tests that a page costs as many for a hundred rows as for one."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from webapp.db import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is asked of `database` inside the block, savepoints aside."""
    told: list[str] = []

    def heard(connection, cursor, statement, parameters, context, executemany) -> None:
        if "SAVEPOINT" not in statement:
            told.append(statement)

    event.listen(database.engine, "before_cursor_execute", heard)
    try:
        yield told
    finally:
        event.remove(database.engine, "before_cursor_execute", heard)
