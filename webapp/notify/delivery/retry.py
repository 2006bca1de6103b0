"""When to try again, and when to stop waiting for one channel and ask the next (R6)."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.notify.channels.parcel import Undeliverable, Withdrawn
from webapp.notify.kinds import TRAITS, NoticeKind

FIRST_WAIT = 15.0
"""Seconds after the first transient failure; doubled each time."""
LONGEST_WAIT = 600.0
JITTER = 0.25
"""Share by which a wait is varied, so that a service that comes back is not met by everybody at once."""
PATIENCE = {"high": timedelta(minutes=3), "normal": timedelta(minutes=30)}
"""How long a notice keeps to one channel that does not answer, while there is another."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What follows a failure: try again at `again_at`, or end; and whether the next channel steps in."""

    again_at: datetime | None
    next_channel: bool


def after_failure(
    error: Undeliverable,
    *,
    kind: str,
    attempts: int,
    waiting_since: datetime,
    not_after: datetime,
    now: datetime,
) -> RetryDecision:
    """What follows `error`, in attempt number `attempts` (from 1), for a notice that waits since `waiting_since`."""
    if isinstance(error, Withdrawn):
        return RetryDecision(now, next_channel=False)
    if error.permanent:
        return RetryDecision(None, next_channel=True)
    again_at = now + wait(attempts, error.retry_after)
    if again_at >= not_after:
        return RetryDecision(None, next_channel=True)
    patience = PATIENCE[TRAITS[NoticeKind(kind)].urgency]
    return RetryDecision(again_at, next_channel=again_at - waiting_since > patience)


def wait(attempts: int, retry_after: float | None) -> timedelta:
    """Exponential, with jitter; at least what the provider asked for (RFC 9110, 10.2.3)."""
    seconds = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
    seconds *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, hides nothing
    if retry_after is not None:
        seconds = max(seconds, retry_after * random.uniform(1, 1 + JITTER))  # noqa: S311
    return timedelta(seconds=seconds)
