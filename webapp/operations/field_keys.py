"""Which keys seal the clinical text in the database, and re-sealing all of it with a new key while people work (S15).

A row says that there is text sealed with a key. So an installation that has lost a key notices at its start, and does not make
a new key beside text that it cannot open.
"""

from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from sqlalchemy import RowMapping, Table, select, text, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.crypto import sealed
from webapp.crypto.keyring import FORMAT, Keyring
from webapp.crypto.keys import KeyTrouble
from webapp.db import Base, Database, Store

BATCH = 200
"""Rows re-sealed in one short transaction."""


class FieldKey(Base):
    """A key by its id. Growth: one row a rotation."""

    __tablename__ = "field_key"

    id: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    """When no row used it any more; only older backups do."""

    @hybrid_property
    def is_retired(self) -> bool:
        """Only older backups use it."""
        return self.retired_at != None


def sealed_tables() -> list[Table]:
    """Every table that holds clinical text, in the order in which they refer to one another.

    Imports every module that may define a table: the practice's, what runs the installation, the ladder's steps, the outbox.
    """
    for package in ("care", "operations", "protocol", "notify"):
        folder = import_module(f"webapp.{package}")
        for module in walk_packages(folder.__path__, f"{folder.__name__}."):
            import_module(module.name)
    return [table for table in Base.metadata.sorted_tables if sealed.columns_of(table)]


def check(database: Database) -> None:
    """Raises KeyTrouble when there is text sealed with a key that this installation does not have."""
    with database.reading() as store:
        used = set(store.scalars(select(FieldKey.id).where(~FieldKey.is_retired)))
        if missing := used - sealed.keyring_of(database.engine.dialect).ids:
            raise KeyTrouble(
                f"The key {', '.join(sorted(missing))}, which seals clinical text, is not here. Put field.keys back into"
                " the instance folder from your backup of the keys (or set REJOIN_FIELD_KEYS)."
            )


def adopt(database: Database, now: datetime) -> int:
    """Record that the first key is in use, and seal text from before there were keys; returns how many rows had such text."""
    keyring = sealed.keyring_of(database.engine.dialect)
    with database.reading() as store:
        known = set(store.scalars(select(FieldKey.id)))
    sealed_rows = 0 if known else sum(seal_anew(database, plain=True))
    if keyring.first not in known:
        with database.writing() as store:
            store.execute(insert_or_ignore(store, FieldKey).values(id=keyring.first, since=now))
            store.commit()
    return sealed_rows


def retire(store: Store, kept: str, now: datetime) -> None:
    """Record that no key but `kept` is in use."""
    others = update(FieldKey).where(FieldKey.id != kept, ~FieldKey.is_retired)
    store.execute(others.values(retired_at=now))


def count_stale(store: Store) -> int:
    """How many rows hold text sealed with another key than the first. Scans every table with clinical text."""
    return sum(
        store.scalar(text(f"SELECT count(*) FROM {table.name} WHERE {_stale(table, store)}"))
        for table in sealed_tables()
    )


def seal_anew(database: Database, *, plain: bool = False) -> Iterator[int]:
    """Re-seal every row that is not sealed with the first key; yields after each batch how many rows it held.

    Each batch is one short transaction, so others can write meanwhile; rows locked by others are left for the next call, so
    call `count_stale` afterwards. It may be interrupted and called again. `plain`: accept text that was never sealed, which is
    right only once, when the first key is made.
    """
    for table in sealed_tables():
        after: dict[str, Any] | None = None
        while True:
            with database.writing() as store:
                rows = _batch(store, table, after)
                for row in rows:
                    _seal(store, table, row, plain)
                store.commit()
            if not rows:
                break
            after = {key.name: rows[-1][key.name] for key in table.primary_key}
            yield len(rows)


def _stale(table: Table, store: Store) -> str:
    mark = f"{FORMAT}.{sealed.keyring_of(store.get_bind().dialect).first}."
    columns = sealed.columns_of(table)
    return " OR ".join(f"({c.name} <> '' AND {c.name} NOT LIKE '{mark}%')" for c in columns)


def _batch(store: Store, table: Table, after: dict[str, Any] | None) -> list[RowMapping]:
    keys = [key.name for key in table.primary_key]
    names = ", ".join(keys + [column.name for column in sealed.columns_of(table)])
    beyond = f"AND ({', '.join(keys)}) > ({', '.join(':' + key for key in keys)})" if after else ""
    free = "" if store.get_bind().dialect.name == "sqlite" else "FOR NO KEY UPDATE SKIP LOCKED"
    query = text(
        f"SELECT {names} FROM {table.name} WHERE ({_stale(table, store)}) {beyond}"
        f" ORDER BY {', '.join(keys)} LIMIT {BATCH} {free}"
    )
    return list(store.execute(query, after or {}).mappings())


def _seal(store: Store, table: Table, row: RowMapping, plain: bool) -> None:
    keyring = sealed.keyring_of(store.get_bind().dialect)
    keys = {key.name: row[key.name] for key in table.primary_key}
    fresh: dict[str, str] = {}
    for column in sealed.columns_of(table):
        kept = row[column.name]
        if kept and not kept.startswith(f"{FORMAT}.{keyring.first}."):
            place = sealed.place_of(column, keys.values())
            fresh[f"new_{column.name}"] = keyring.seal(_opened(keyring, kept, place, plain), place)
    values = ", ".join(f"{name.removeprefix('new_')} = :{name}" for name in fresh)
    where = " AND ".join(f"{name} = :{name}" for name in keys)
    store.execute(text(f"UPDATE {table.name} SET {values} WHERE {where}"), fresh | keys)


def _opened(keyring: Keyring, kept: str, place: str, plain: bool) -> str:
    return kept if plain and not kept.startswith(f"{FORMAT}.") else keyring.open(kept, place)
