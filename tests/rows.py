"""Creates rows with only what their table requires, for tests about every table."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Table, func, select

from tests.databases import every_table
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store, UTCDateTime

CHECKED = {"presence": ("person_id",)}
"""Columns that may be empty by themselves, and that a check of their table wants all the same."""


def model_of(table: Table) -> Any:
    every_table()
    return next(m.class_ for m in Base.registry.mappers if m.local_table is table)


def put(
    store: Store, table: Table | str, at: datetime, words: str | None = None, **given: Any
) -> dict[str, Any]:
    """One row, and what it refers to; answers its columns. `words`: stands in every free text. Instants come after `at` in
    the order of the columns, so that what ends does so after it began."""
    if isinstance(table, str):
        table = every_table().tables[table]
    row: dict[str, Any] = dict(given)
    for column in table.columns:
        if column.name in row:
            continue
        if isinstance(column.type, SealedText):
            row |= {column.name: words} if words else ({} if column.nullable else {column.name: ""})
        elif column.name in CHECKED.get(table.name, ()) or not (
            column.nullable or numbered(column)
        ):
            row[column.name] = filler(store, column, at, words, row)
    row = prepared_row(store, model_of(table), row)
    made = store.execute(table.insert().values(row)).inserted_primary_key
    return row | dict(zip([key.name for key in table.primary_key], made, strict=True))


def numbered(column: Column[Any]) -> bool:
    """The database counts these."""
    return column.table.autoincrement_column is column


def filler(
    store: Store, column: Column[Any], at: datetime, words: str | None, row: dict[str, Any]
) -> Any:
    """A value that the column takes. Two people of one row are two."""
    if column.foreign_keys:
        [key] = column.foreign_keys
        if store.scalar(select(func.count()).select_from(key.column.table)) == 0:
            put(store, key.column.table, at, words)
        same = [
            row.get(each.name)
            for each in column.table.columns
            if any(k.column is key.column for k in each.foreign_keys)
        ]
        others = [each for each in same if each is not None]
        last = select(func.max(key.column))
        return store.scalar(last.where(key.column.not_in(others))) or store.scalar(last)
    if isinstance(column.type, JSON):
        return {}
    kind = datetime if isinstance(column.type, UTCDateTime) else column.type.python_type
    later = at + timedelta(days=[*column.table.columns].index(column))
    return {
        str: "x", int: 7, bool: True, float: 1.0, bytes: bytes(32), datetime: later,
        date: at.date(), time: at.time(),
    }[kind]  # fmt: skip
