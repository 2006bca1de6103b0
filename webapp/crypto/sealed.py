"""Encrypted columns for clinical text: sealed when written to the database, opened when read, on both engines (S15).

    note: Mapped[str | None] = mapped_column(SealedText)

is all a model needs; `report.note` and `select(AbsenceReport.note)` return plain text. Each text is bound to table, column
and primary key: changed, or moved elsewhere, it can't be opened. So a row needs its key before its text is written: new rows
with text get their ids first, and rows of a Core insert go through `prepared_row(store, Model, row)`. Sealed text can't be
searched or compared in SQL; empty text and NULL stay as they are. Cost: some 10 µs a text, and one statement a flush for ids.

The embedded database is encrypted as a whole as well. Its columns are sealed too, so that there is one path to test, and
because these keys can be rotated while people write (SQLCipher's own key can't).
"""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Column, Dialect, Table, Text, TypeDecorator, event, literal_column, text
from sqlalchemy.orm import Mapper

from webapp.crypto.keyring import Keyring
from webapp.crypto.keys import KeyTrouble


class PlacedText(str):
    """A str that carries the place where it is stored (`table|column|row`)."""

    __slots__ = ("place",)
    place: str

    def __new__(cls, plain: str, place: str) -> "PlacedText":
        made = super().__new__(cls, plain)
        made.place = place
        return made


class SealedText(TypeDecorator[str]):
    """Column type for encrypted text; see the module."""

    impl = Text
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        """Select the text together with its place, which must be the one it was sealed for."""
        base = next(iter(column.base_columns))
        read = column
        for n, key in enumerate(base.table.primary_key):
            key_column = column.table.corresponding_column(key)
            if key_column is None:
                raise TypeError(f"select {key} beside {base}: sealed text opens only with its row")
            before = f"|{base.table.name}|{base.name}" if n == 0 else ""
            read = read.op("||")(literal_column(f"'{before}|'")).op("||")(key_column)
        return read

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if not value:
            return value
        if not isinstance(value, PlacedText):
            raise TypeError(
                "sealed text needs its row: write it through the model, or make the insert `sealed.prepared_row()`;"
                " it can't be compared in SQL"
            )
        return keyring_of(dialect).seal(value, value.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        sealed, _, place = value.partition("|")
        return keyring_of(dialect).open(sealed, place) if sealed else ""


def keyring_of(dialect: Dialect) -> Keyring:
    """The keys of a database. Its dialect carries them, since that is what SQLAlchemy passes to column types. Raises
    KeyTrouble."""
    keyring: Keyring | None = getattr(dialect, "keyring", None)
    if keyring is None:
        raise KeyTrouble(
            "This database was opened without the keys of clinical text. Give Database() settings.keyring."
        )
    return keyring


def columns_of(table: Table) -> list[Column[Any]]:
    """The sealed columns of a table."""
    return [column for column in table.columns if isinstance(column.type, SealedText)]


def place_of(column: Column[Any], key: Iterable[Any]) -> str:
    """Where a text is stored: `table|column|row`."""
    return "|".join([column.table.name, column.name, *map(str, key)])


def prepared_row(store: Any, model: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Return `row` for a Core insert or update of `model`: with an id if it holds text, and each text bound to its place."""
    table: Table = model.__table__
    texts = [column for column in columns_of(table) if row.get(column.name)]
    if not texts:
        return row
    keys = [column.name for column in table.primary_key]
    if row.get(keys[0]) is None:
        store.flush()  # pending rows get the lower ids
        row = row | {keys[0]: next_ids(store, table, 1)[0]}
    key = [row[name] for name in keys]
    return row | {
        column.name: PlacedText(row[column.name], place_of(column, key)) for column in texts
    }


def next_ids(store: Any, table: Table, count: int) -> list[int]:
    """The next `count` ids of a table. On SQLite nobody else writes meanwhile."""
    name = table.primary_key.columns[0].name
    with store.no_autoflush:
        if store.get_bind().dialect.name == "sqlite":
            last = store.scalar(text(f"SELECT coalesce(max({name}), 0) FROM {table.name}"))
            return [*range(last + 1, last + 1 + count)]
        sequence = text(
            "SELECT nextval(pg_get_serial_sequence(:table, :key)) FROM generate_series(1, :count)"
        )
        values = {"table": table.name, "key": name, "count": count}
        return [*store.scalars(sequence, values)]


def number_new_rows(store: Any) -> None:
    """Give new rows with text their ids before they are written. `Store` calls this before each flush."""
    waiting: dict[Mapper[Any], list[Any]] = {}
    for row in store.new:
        mapper = row.__mapper__
        if mapper in _numbered and getattr(row, _numbered[mapper]) is None:
            waiting.setdefault(mapper, []).append(row)
    for mapper, rows in waiting.items():
        table = _table(mapper)
        names = [mapper.get_property_by_column(column).key for column in columns_of(table)]
        if any(getattr(row, name) for row in rows for name in names):
            for row, made in zip(rows, next_ids(store, table, len(rows)), strict=True):
                setattr(row, _numbered[mapper], made)


def _table(mapper: Mapper[Any]) -> Table:
    return cast(Table, mapper.local_table)


_numbered: dict[Mapper[Any], str] = {}
"""Mappers with sealed text whose ids the database makes, and the attribute that holds the id."""


def bind_models(base: Any) -> None:
    """Have all models of `base` bind their texts to their places when they are written."""

    @event.listens_for(base, "mapper_configured", propagate=True)
    def configured(mapper: Mapper[Any], model: type) -> None:
        table = _table(mapper)
        texts = [(mapper.get_property_by_column(c).key, c) for c in columns_of(table)]
        if not texts:
            return
        keys = [mapper.get_property_by_column(c).key for c in mapper.primary_key]
        if table.autoincrement_column is not None:
            _numbered[mapper] = keys[0]

        def bind(_mapper: Any, _connection: Any, row: Any) -> None:
            held = vars(row)
            for name, column in texts:
                if plain := held.get(name):
                    place = place_of(column, [getattr(row, key) for key in keys])
                    if getattr(plain, "place", None) != place:
                        setattr(row, name, PlacedText(plain, place))

        event.listen(model, "before_insert", bind)
        event.listen(model, "before_update", bind)
