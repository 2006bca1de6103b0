"""S15: no clinical text lies about unsealed, and nobody has to remember that."""

from sqlalchemy import JSON, String, Text

from tests.databases import every_table
from tests.house.reading import told
from webapp.crypto.sealed import SealedText
from webapp.operations import clinical

TELLING = {"note", "body", "text", "detail", "details", "words", "comment", "barrier", "feedback", "story", "answer"}  # fmt: skip
"""Names of columns in which people write what they like, however short the column."""

columns = [column for table in every_table().tables.values() for column in table.columns]


def test_every_long_text_is_sealed_or_excused() -> None:
    broken = [
        f"{column.table.name}.{column.name}"
        for column in columns
        if isinstance(column.type, Text | JSON)
        or (isinstance(column.type, String) and column.name in TELLING)
        if not isinstance(column.type, SealedText)
        if f"{column.table.name}.{column.name}" not in clinical.NOT_SEALED
    ]
    assert not broken, told(
        broken,
        "What people write about treatment is sealed: mapped_column(SealedText), from webapp.crypto.sealed. If this column holds"
        " nothing clinical, say why in NOT_SEALED of webapp/operations/clinical.py.",
    )


def test_every_excuse_is_for_a_column_and_has_a_reason() -> None:
    there = {f"{column.table.name}.{column.name}" for column in columns}
    broken = [
        name for name, why in clinical.NOT_SEALED.items() if name not in there or len(why) < 10
    ]
    assert not broken, told(
        broken,
        "Take the line out of NOT_SEALED of webapp/operations/clinical.py, or give a reason.",
    )


def test_sealed_tables_are_all_found_by_those_who_turn_keys_over() -> None:
    ours = {column.table.name for column in columns if isinstance(column.type, SealedText)}
    found = {table.name for table in clinical.sealed_tables()}
    assert ours == found, "clinical.sealed_tables() reads webapp/care: keep clinical models there."
