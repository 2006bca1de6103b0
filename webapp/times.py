"""Times of day, ISO 8601 durations, and the instants of local times. Standard library only.

Times of day are read once from the text that people write, then kept and compared as minutes since midnight.
"""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

MIDNIGHT = 24 * 60
"""Minutes in a day: `24:00`, its end."""

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?=[0-9T])(?:(?P<weeks>[0-9]{1,4})W)?(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,8})M)?"
    r"(?:(?P<seconds>[0-9]{1,9}(?:\.[0-9]{1,6})?)S)?)?",
)


def minute_of_day(text: str, *, until_midnight: bool = False) -> int:
    """The minute since midnight that `HH:MM` names, in ASCII digits: what a browser's time field sends. `until_midnight`:
    `24:00` is read too. Raises ValueError."""
    if until_midnight and text == "24:00":
        return MIDNIGHT
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError("not a time of day, written as HH:MM")
    return int(found[1]) * 60 + int(found[2])


def clock_time(text: str) -> time:
    """The time of day that `HH:MM` names, in ASCII digits. Raises ValueError."""
    return time_at(minute_of_day(text))


def time_at(minute: int) -> time:
    """The time of day at that minute since midnight, 0 to 1439."""
    return time(*divmod(minute, 60))


def clock_text(minute: int) -> str:
    """`HH:MM` of a minute since midnight, 0 to 1440; the last is `24:00`."""
    return "{:02}:{:02}".format(*divmod(minute, 60))


def parse_duration(text: str) -> timedelta:
    """Parse an ISO 8601 duration. Raises ValueError, also for years and months, which have no fixed length."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"not an ISO 8601 duration: {text[:40]!r}")
    parts = {name: float(n) for name, n in found.groupdict().items() if name != "sign" and n}
    length = timedelta(**parts)
    return -length if found["sign"] == "-" else length


def format_duration(length: timedelta) -> str:
    """Format a timedelta as ISO 8601 in the units people use: `PT60M`, `PT24H`, `P14D`, `-PT1H`."""
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


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant (aware UTC) of a naive local time. One that the spring gap skips moves forward by the gap; one that the
    autumn overlap has twice is its first (rule 12)."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
