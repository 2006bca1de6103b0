"""Times of day: read once from the text that people write, then kept and compared as minutes since midnight."""

import re
from datetime import datetime, time

MIDNIGHT = 24 * 60
"""The minute at which a day ends: `24:00`."""

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


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


def written(minute: int) -> str:
    """`HH:MM` of a minute since midnight, 0 to 1440."""
    return "{:02}:{:02}".format(*divmod(minute, 60))


def in_this_century(instant: datetime) -> bool:
    """Whether a date and time that somebody wrote lies from 2000 to 2099, the bounds in the API's document. Near the limits of
    `datetime` nothing can be calculated: the end of a session that begins there would overflow."""
    return instant.year // 100 == 20
