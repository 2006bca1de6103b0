"""ISO 8601 durations: `PT20M`, `-PT24H`, `P14D`, `PT2.5S`. Standard library only."""

import re
from datetime import timedelta

DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?=[0-9T])(?:(?P<weeks>[0-9]{1,4})W)?(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,8})M)?"
    r"(?:(?P<seconds>[0-9]{1,9}(?:\.[0-9]{1,6})?)S)?)?",
)


def parse_duration(text: str) -> timedelta:
    """Read an ISO 8601 duration. Years and months are refused, for they have no fixed length.

    Raises ValueError.
    """
    found = DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"not an ISO 8601 duration: {text[:40]!r}")
    parts = {name: float(n) for name, n in found.groupdict().items() if name != "sign" and n}
    length = timedelta(**parts)
    return -length if found["sign"] == "-" else length


def format_duration(length: timedelta) -> str:
    """Write a timedelta as ISO 8601, in the units people use: `PT60M`, `PT24H`, `P14D`, `-PT1H`."""
    sign, length = ("-", -length) if length < timedelta(0) else ("", length)
    whole, micros = length.days * 86400 + length.seconds, length.microseconds
    if micros:
        return f"{sign}PT{whole}.{micros:06d}".rstrip("0") + "S"
    if whole > 86400 and whole % 86400 == 0:
        return f"{sign}P{whole // 86400}D"
    # Protocols count minutes up to an hour after the start, and hours before it.
    in_hours = whole >= 7200 or (sign and whole >= 3600)
    if in_hours and whole % 3600 == 0:
        return f"{sign}PT{whole // 3600}H"
    if whole and whole % 60 == 0:
        return f"{sign}PT{whole // 60}M"
    return f"{sign}PT{whole}S"
