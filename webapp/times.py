"""Times of day: read once from the text that people write, kept as minutes since midnight, and turned into instants.

Pure: the standard library only.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

QuietHours = tuple[time, time]
"""Local times from and to. Where the second is not later than the first they go past midnight."""
ONE_DAY = timedelta(days=1)

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


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a wall time. A wall time that the spring gap skips moves forward by the gap; one that the autumn
    overlap has twice is its first (rule 12)."""
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
    for day in (
        today - ONE_DAY,
        today,
        today + ONE_DAY,
    ):  # tomorrow: a clock set back over midnight
        begins, ends = _quiet_hours_from(day, hours, local)
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
    last = day if begin < end else day + ONE_DAY
    return (
        instant_of(datetime.combine(day, begin), zone),
        instant_of(datetime.combine(last, end), zone),
    )
