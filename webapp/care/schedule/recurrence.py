"""Recurrence: rules and wall times, and the instants they stand for (RFC 5545; rule 12)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from webapp.refusals import N_, Invalid

MOST_A_HORIZON = 400
"""More occurrences than this in a horizon is a slip of the pen (FREQ=SECONDLY), not a schedule."""


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall time. A wall time that the spring gap skips moves forward by the gap; one that the autumn
    overlap has twice is its first (rule 12)."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def check_rule(rrule: str, local_start: datetime) -> None:
    """Raises Invalid unless `rrule` is one RFC 5545 rule for whole days or rarer."""
    try:
        if "\n" in rrule or "DTSTART" in rrule.upper():
            raise ValueError
        rule = rrulestr(rrule, dtstart=local_start)
        if rule._freq > 3:  # type: ignore[union-attr]
            raise ValueError
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise Invalid(N_("Write a rule like FREQ=WEEKLY;BYDAY=MO,WE."), field="rrule") from error
