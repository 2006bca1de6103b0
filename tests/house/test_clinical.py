"""S15: every column with clinical text is encrypted."""

from sqlalchemy import JSON, String, Text

from tests.databases import every_table
from tests.house.reading import told
from webapp.crypto.sealed import SealedText
from webapp.operations import field_keys

TELLING = {"note", "body", "text", "detail", "details", "words", "comment", "barrier", "feedback", "story", "answer"}  # fmt: skip
"""Names of columns in which people write what they like, however short the column."""

NOT_SEALED = {
    "address.keys": "a browser's own push keys",
    "consent.description": "a sentence of ours",
    "consent.purpose": "a sentence of ours, or law's",
    "consent.right_to_revoke": "a sentence of law's",
    "event.canonical": "ids, enum values, numbers and instants only, held to it by Tag.fields",
    "passkey.transports": "how an authenticator can be reached",
    "person.preferences": "settings by name",
    "plan.steps": "names of steps; free words stand in the note",
    "policy_version.body": "durations and thresholds",
    "received_text.answer": "which of our automatic answers was given",
    "resource.makes_up": "kinds of sessions",
    "self_test.results": "what a device could do",
    "self_test.facts": "what a device could do",
    "series.makes_up": "kinds of sessions",
    "session.as_planned": "times, ids and the title and links that the session and its series hold as they are",
    "session.makes_up": "kinds of sessions",
    "task.brief": "enum values and ids",
    "token.scopes": "names of scopes",
}
"""Long texts and JSON (`table.column`) that hold nothing clinical, and why that is so."""

columns = [column for table in every_table().tables.values() for column in table.columns]


def test_every_long_text_is_sealed_or_excused() -> None:
    broken = [
        f"{column.table.name}.{column.name}"
        for column in columns
        if isinstance(column.type, Text | JSON)
        or (isinstance(column.type, String) and column.name in TELLING)
        if not isinstance(column.type, SealedText)
        if f"{column.table.name}.{column.name}" not in NOT_SEALED
    ]
    assert not broken, told(
        broken,
        "What people write about treatment is sealed: mapped_column(SealedText), from webapp.crypto.sealed. If this column holds"
        " nothing clinical, say why in NOT_SEALED above.",
    )


def test_every_excuse_is_for_a_column_and_has_a_reason() -> None:
    there = {f"{column.table.name}.{column.name}" for column in columns}
    broken = [name for name, why in NOT_SEALED.items() if name not in there or len(why) < 10]
    assert not broken, told(
        broken,
        "Take the line out of NOT_SEALED above, or give a reason.",
    )


def test_sealed_tables_are_all_found_by_those_who_turn_keys_over() -> None:
    ours = {column.table.name for column in columns if isinstance(column.type, SealedText)}
    found = {table.name for table in field_keys.sealed_tables()}
    assert ours == found, (
        "A key rotation would miss a table: let field_keys.sealed_tables() look where it is defined."
    )
    assert len(found) > 15, "Where have the clinical tables gone?"
