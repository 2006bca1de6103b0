"""Parses numbers that people write, in ASCII digits and within bounds."""

import re

_DIGITS = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]*)?")


def row_number(text: str) -> int:
    """The number of a row, as a form or an address says it; 0, which no row has, for anything else. Raises nothing."""
    return whole_number(text, most=2**31 - 1) or 0


def whole_number(text: str, *, most: int) -> int | None:
    """The whole number from 0 to `most` that a form or an address says in ASCII digits; None for anything else. The only reader
    of such numbers: Python's `isdigit` lets through ² (which is no number), `int` other scripts' digits, and both any length."""
    found = int(text) if len(text) <= len(str(most)) and _DIGITS.fullmatch(text) else None
    return found if found is not None and found <= most else None


def decimal_number(text: str, *, most: float) -> float | None:
    """The number from 0 to `most` that a form says in ASCII digits, with a point or without; None for anything else, such as
    what Python's `float` reads beyond that: `1_0`, `inf`, `nan`, other scripts' digits."""
    found = float(text) if len(text) <= 40 and _DECIMAL.fullmatch(text) else None
    return found if found is not None and found <= most else None
