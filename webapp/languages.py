"""The languages that people are addressed in: English, and every other whose catalogue of translations is whole (M34).

A half-translated one would mix words and dates of two languages. A person's language may be known before that; until then
they are addressed in English.
"""

from functools import lru_cache
from pathlib import Path

SOURCE = "en"
KNOWN = (SOURCE, "es")
"""What a roster may name."""
TRANSLATIONS = Path(__file__).parent / "translations"


@lru_cache(maxsize=1)
def offered() -> tuple[str, ...]:
    """The codes of the languages that pages and notices come in. Reads the catalogues once."""
    return tuple(code for code in KNOWN if code == SOURCE or is_whole(TRANSLATIONS / code))


def spoken(code: str) -> str:
    """`code` if it is offered, else English."""
    return code if code in offered() else SOURCE


def is_whole(folder: Path) -> bool:
    """Whether every message of a language's catalogue is translated and none is doubtful, and the compiled one lies beside it."""
    from babel.messages.pofile import (
        read_po,  # takes a while to load, and only a language beside English needs it
    )

    source = folder / "LC_MESSAGES" / "messages.po"
    if not (source.exists() and source.with_suffix(".mo").exists()):
        return False
    with source.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    return bool(messages) and not any(message.fuzzy or _gap(message.string) for message in messages)


def _gap(words: object) -> bool:
    """Whether a translation, or one of its plural forms, is missing."""
    return not words or (isinstance(words, list | tuple) and not all(words))
