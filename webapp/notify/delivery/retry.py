"""When to try a failed send again, and when to try the next channel (R6)."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.notify.channels.parcel import Undeliverable, Withdrawn
from webapp.notify.kinds import TRAITS, NoticeKind

FIRST_WAIT = 15.0
"""Seconds after the first transient failure; doubled each time."""
LONGEST_WAIT = 600.0
JITTER = 0.25
"""Share by which a wait is varied, so that not everybody tries again at once."""
PATIENCE = {"high": timedelta(minutes=3), "normal": timedelta(minutes=30)}
"""By urgency: how long one channel that does not answer is tried before the next one is tried too."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What follows a failed send: try again at `again_at` (None: not again); and whether the next channel is tried."""

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
    """What follows `error` in attempt number `attempts` (from 1) for a notice that has waited since `waiting_since`."""
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
    """How long to wait before the next attempt: exponential, with jitter; at least what the provider asked for (RFC 9110, 10.2.3)."""
    seconds = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
    seconds *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, hides nothing
    if retry_after is not None:
        seconds = max(seconds, retry_after * random.uniform(1, 1 + JITTER))  # noqa: S311
    return timedelta(seconds=seconds)
