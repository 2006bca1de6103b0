"""Many rows at once, the driver's fastest way on either database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from webapp.db import Store, UTCDateTime


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
