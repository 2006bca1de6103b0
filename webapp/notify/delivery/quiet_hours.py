"""Which notifications wait for the end of the recipient's quiet hours, and until when (rule 6).

The ladder moves a client's `heads_up` before their quiet hours. What is left for delivery: notices decided at another
time (changes, partners in another zone, an outage that ended at night). They wait for the morning.
"""

from datetime import datetime

from webapp.notify.kinds import LINKS, NEWS, STAFF, NoticeKind
from webapp.protocol.ladder.ladder import NEAR
from webapp.times import QuietHours, end_of_quiet

EXEMPT = frozenset({*STAFF, *LINKS, NoticeKind.TEST_NOTICE})


def may_wait(kind: str, about_at: datetime | None, now: datetime) -> bool:
    """Whether quiet hours can hold a notice of this kind, about that instant, at all."""
    if kind in NEWS:
        return True
    return about_at is not None and kind not in EXEMPT and about_at - now > NEAR


def wait_until(
    kind: str,
    about_at: datetime | None,
    not_after: datetime,
    hours: QuietHours | None,
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
