"""Times of day, ISO 8601 durations, the instants of local times, and quiet hours. Standard library only.

Times of day are read once from the text that people write, then kept and compared as minutes since midnight.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

QuietHours = tuple[time, time]
"""Local times from and to. Where the second is not later than the first they go past midnight."""

MIDNIGHT = 24 * 60
"""Minutes in a day: `24:00`, its end."""

_WALL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?")
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


def wall_time(text: str) -> datetime:
    """The local date and time (naive) that `YYYY-MM-DDTHH:MM`, with seconds or without, names in ASCII digits: what a browser's
    field sends. In this century. Raises ValueError, also for a day without an hour, which Python reads as midnight."""
    if not _WALL_TIME.fullmatch(text):
        raise ValueError("not a local date and time, written as YYYY-MM-DDTHH:MM")
    found = datetime.fromisoformat(text)
    if not in_this_century(found):
        raise ValueError("not in this century")
    return found


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


@lru_cache(maxsize=4096)
def quiet_around(
    hours: QuietHours, zone: str, instant: datetime
) -> tuple[datetime, datetime] | None:
    """The quiet hours that `instant` (aware) lies in, as the instants (UTC) at which they begin and end; None outside of them.

    `hours` are read in `zone` (IANA), by `instant_of` where the clocks change. Their begin is quiet, their end is not.
    """
    local = ZoneInfo(zone)
    today = instant.astimezone(local).date()
    for days in (-1, 0, 1):  # tomorrow's too: a clock may be set back over midnight
        begins, ends = _quiet_hours_from(today + timedelta(days=days), hours, local)
        if begins <= instant < ends:
            return begins, ends
    return None


def end_of_quiet(hours: QuietHours, zone: str, instant: datetime) -> datetime | None:
    """When the quiet hours end (UTC) that `instant` lies in, as `quiet_around` has them; None outside of them."""
    around = quiet_around(hours, zone, instant)
    return around[1] if around else None


def _quiet_hours_from(day: date, hours: QuietHours, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The quiet hours that begin on `day`."""
    begin, end = hours
    last = day if begin < end else day + timedelta(days=1)
    return (
        instant_of(datetime.combine(day, begin), zone),
        instant_of(datetime.combine(last, end), zone),
    )


def in_this_century(instant: datetime) -> bool:
    """Whether a date and time that somebody wrote lies from 2000 to 2099, the bounds in the API's document. Near the limits of
    `datetime` nothing can be calculated: the end of a session that begins there would overflow."""
    return instant.year // 100 == 20
