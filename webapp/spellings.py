"""Reads numbers and instants that people write: row numbers, and instants within this century."""

from datetime import datetime


def row_number(text: str) -> int:
    """The number of a row, as a form or an address says it; 0, which no row has, for anything else. Raises nothing: `isdigit`
    alone lets through ² (which is no number) and numbers that no database holds."""
    plain = text.isascii() and text.isdigit() and len(text) <= 10
    return int(text) if plain and int(text) < 2**31 else 0


def in_reach(written: datetime) -> bool:
    """Whether a moment that somebody wrote lies in this century, as the API's document has it too. One at the edge of the
    calendar can't be reckoned with: the session that begins then would end after it."""
    return written.year // 100 == 20
