"""Columns of clinical text: sealed on their way into the database, opened on their way out, on either engine (S15).

    note: Mapped[str | None] = mapped_column(SealedText)

is all a model says; `report.note` and `select(AbsenceReport.note)` read plainly. Each text is bound to table, column and
primary key: moved elsewhere, or changed, it does not open. So a row has its key before its text is written: rows that hold
text are numbered first, and a Core insert is made ready with `prepared_row(store, Model, row)`. Such text can't be searched or
compared in SQL; empty text and NULL are kept as they are. Cost: some 10 µs a text, and one statement a flush for numbers.

The embedded database is encrypted as a whole besides. It is sealed too, so that there is one path to test, and its keys
can be turned over while people write (SQLCipher's own key cannot).
"""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Column, Dialect, Table, Text, TypeDecorator, event, literal_column, text
from sqlalchemy.orm import Mapper

from webapp.crypto.keyring import Keyring
from webapp.crypto.keys import KeyTrouble


class PlacedText(str):
    """A text that knows the place it is kept in (`table|column|row`); a str in every other way."""

    __slots__ = ("place",)
    place: str

    def __new__(cls, words: str, place: str) -> "PlacedText":
        made = super().__new__(cls, words)
        made.place = place
        return made


class SealedText(TypeDecorator[str]):
    """Text that only our keys open. See the module."""

    impl = Text
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        """Read with the place it is found in, which must be the one it was sealed for."""
        base = next(iter(column.base_columns))
        read = column
        for n, key in enumerate(base.table.primary_key):
            there = column.table.corresponding_column(key)
            if there is None:
                raise TypeError(f"select {key} beside {base}: sealed text opens only with its row")
            before = f"|{base.table.name}|{base.name}" if n == 0 else ""
            read = read.op("||")(literal_column(f"'{before}|'")).op("||")(there)
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
    """The keys of the database at hand; its dialect carries them, because that is what SQLAlchemy hands to column types."""
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
    """Where a text is kept: `table|column|row`."""
    return "|".join([column.table.name, column.name, *map(str, key)])


def prepared_row(store: Any, model: Any, row: dict[str, Any]) -> dict[str, Any]:
    """`row`, ready for a Core insert or update of `model`: numbered if it holds text, and each text bound to its place."""
    table: Table = model.__table__
    texts = [column for column in columns_of(table) if row.get(column.name)]
    if not texts:
        return row
    keys = [column.name for column in table.primary_key]
    if row.get(keys[0]) is None:
        store.flush()  # rows that wait to be written have the lower numbers
        row = row | {keys[0]: next_ids(store, table, 1)[0]}
    key = [row[name] for name in keys]
    return row | {
        column.name: PlacedText(row[column.name], place_of(column, key)) for column in texts
    }


def next_ids(store: Any, table: Table, count: int) -> list[int]:
    """The next `count` numbers of a table's rows. On SQLite the caller is the only writer there is."""
    name = table.primary_key.columns[0].name
    with store.no_autoflush:
        if store.get_bind().dialect.name == "sqlite":
            last = store.scalar(text(f"SELECT coalesce(max({name}), 0) FROM {table.name}"))
            return [*range(last + 1, last + 1 + count)]
        sequence = text(
            "SELECT nextval(pg_get_serial_sequence(:table, :key)) FROM generate_series(1, :count)"
        )
        given = {"table": table.name, "key": name, "count": count}
        return [*store.scalars(sequence, given)]


def number_new_rows(store: Any) -> None:
    """New rows that hold text get their number before they are written. `Store` calls it before each flush."""
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
"""Mappers with sealed text whose rows are numbered by the database, and the attribute that holds the number."""


def bind_models(base: Any) -> None:
    """Bind the texts of all models of `base` as they are written."""

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
                if words := held.get(name):
                    place = place_of(column, [getattr(row, key) for key in keys])
                    if getattr(words, "place", None) != place:
                        setattr(row, name, PlacedText(words, place))

        event.listen(model, "before_insert", bind)
        event.listen(model, "before_update", bind)
