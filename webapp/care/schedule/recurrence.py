"""Checks recurrence rules (RFC 5545)."""

import re
from datetime import datetime

from dateutil.rrule import rrulestr

from webapp.refusals import N_, Invalid

RULE = re.compile(r"(RRULE:)?[A-Za-z]+=[A-Za-z0-9,+-]+(;[A-Za-z]+=[A-Za-z0-9,+-]+)*")
"""One rule's parts, in ASCII: what the reader makes of other scripts' digits today need not be what it makes of them tomorrow."""
MOST_A_HORIZON = 400
"""More occurrences than this in a horizon is a slip of the pen (FREQ=SECONDLY), not a schedule."""


def check_rule(rrule: str, local_start: datetime) -> None:
    """Raises Invalid unless `rrule` is one RFC 5545 rule for whole days or rarer."""
    try:
        if not RULE.fullmatch(rrule):
            raise ValueError
        rule = rrulestr(rrule, dtstart=local_start)
        if rule._freq > 3:  # type: ignore[union-attr]
            raise ValueError
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise Invalid(N_("Write a rule like FREQ=WEEKLY;BYDAY=MO,WE."), field="rrule") from error
