"""Clinical free text: what people said or wrote about treatment is kept sealed (S15).

A column for such text is `mapped_column(SealedText)`; that is all (see `webapp.crypto.sealed`). A house test refuses any other long
text, and any JSON, that is not excused here with a reason. Events, logs and notices never hold any of it (P5, S13).
"""

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import Table

from webapp import care
from webapp.crypto import sealed
from webapp.db import Base

NOT_SEALED = {
    "address.keys": "a browser's own push keys",
    "consent.description": "a sentence of ours",
    "consent.purpose": "a sentence of ours, or law's",
    "consent.right_to_revoke": "a sentence of law's",
    "event.canonical": "ids, enum values, numbers and instants only, held to it by tag_fields.FIELDS",
    "passkey.transports": "how an authenticator can be reached",
    "person.preferences": "settings by name",
    "plan.steps": "names of steps; free words stand in the note",
    "policy_version.body": "durations and thresholds",
    "resource.makes_up": "kinds of sessions",
    "self_test.results": "what a device could do",
    "self_test.facts": "what a device could do",
    "series.makes_up": "kinds of sessions",
    "session.makes_up": "kinds of sessions",
    "task.brief": "enum values and ids",
    "token.scopes": "names of scopes",
}
"""Long texts and JSON (`table.column`) that hold nothing clinical, and why that is so."""


def sealed_tables() -> list[Table]:
    """Every table that holds clinical text, in the order in which they refer to one another."""
    for module in iter_modules(care.__path__):
        import_module(f"{care.__name__}.{module.name}")
    return [table for table in Base.metadata.sorted_tables if sealed.columns_of(table)]
