"""Quiet hours: when somebody would rather sleep (rule 6).

The ladder moves a client's `heads_up` before their quiet hours. What is left for delivery: notices decided at another
time (changes, partners in another zone, an outage that ended at night). They wait for the morning.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from webapp.care.preferences.contact_preferences import own_quiet_hours
from webapp.notify.kinds import LINKS, NEWS, STAFF, NoticeKind

NEAR = timedelta(hours=2)
"""What is said about something this near may wake people."""
EXEMPT = frozenset({*STAFF, *LINKS, NoticeKind.TEST_NOTICE})

Hours = tuple[time, time] | None


def may_wait(kind: str, about_at: datetime | None, now: datetime) -> bool:
    """Whether quiet hours can hold a notice of this kind, about that instant, at all."""
    if kind in NEWS:
        return True
    return about_at is not None and kind not in EXEMPT and about_at - now > NEAR


def wait_until(
    kind: str,
    about_at: datetime | None,
    not_after: datetime,
    hours: Hours,
    zone: str,
    now: datetime,
) -> datetime | None:
    """Until when this notice waits; None when it may go at `now`. `hours` are local in `zone`.

    News wait for the morning, unless they are of no use by then: a place that is held until an early hour.
    """
    if hours is None or not may_wait(kind, about_at, now):
        return None
    awake_at = end_of_quiet(hours, zone, now)
    if awake_at is None:
        return None
    if kind in NEWS or about_at is None:
        return awake_at if awake_at < not_after else None
    return min(awake_at, about_at - NEAR)


def end_of_quiet(hours: tuple[time, time], zone: str, now: datetime) -> datetime | None:
    """When the quiet hours end that `now` lies in, in UTC; None when it lies in none."""
    begin, end = hours
    local = now.astimezone(ZoneInfo(zone))
    clock = local.time()
    asleep = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not asleep:
        return None
    day = local.date() + timedelta(days=1) if clock >= end else local.date()
    return datetime.combine(day, end, tzinfo=local.tzinfo).astimezone(now.tzinfo)


def own_hours(wishes: Mapping[str, Any] | None, program: Hours) -> Hours:
    """The person's own quiet hours, else the program's: as the ladder reads them."""
    return own_quiet_hours(wishes) or program
