"""Patterns: each threshold of the policy, just met and just not."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from webapp.care.attendance.standing import Standing
from webapp.care.directory.policy import Patterns, Policy
from webapp.protocol.ladder import patterns
from webapp.protocol.ladder.patterns import PROPOSALS, PastSeat, find

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 9, 9, tzinfo=NEW_YORK)
"""A Monday morning."""
MISSED, ATTENDED = Standing.MISSED, Standing.ATTENDED


def past(days_ago: int, standing: Standing = MISSED, *, hour: int = 18, **more: Any) -> PastSeat:
    begun = (NOW - timedelta(days=days_ago)).replace(hour=hour)
    more = {"present": timedelta(hours=3) if standing is ATTENDED else timedelta(0)} | more
    return PastSeat(1000 - days_ago, begun, standing, **more)


def names(*seats: PastSeat, policy: Policy | None = None) -> set[str]:
    ordered = sorted(seats, key=lambda p: p.starts_at)
    quiet = Policy(weekly_hours=0.001) if policy is None else policy
    return {pattern.name for pattern in find(ordered, quiet, NOW)}


def test_three_misses_in_two_weeks_are_a_pattern_and_two_are_not() -> None:
    assert "misses" in names(past(3), past(6), past(13))
    assert "misses" not in names(past(3), past(6), past(16))


def test_thresholds_are_policy() -> None:
    strict = Policy(patterns=Patterns(misses=1), weekly_hours=0.001)
    assert "misses" in names(past(3), policy=strict)


def test_three_of_the_last_four_absences_on_one_weekday_are_a_pattern() -> None:
    mondays = [past(days) for days in (7, 14, 21)]
    other = past(5, ATTENDED)
    assert "same_slot" in names(*mondays, past(18), other)
    assert "same_slot" not in names(past(7, hour=9), past(12, hour=11), past(17, hour=13), other)


def test_one_hour_is_no_pattern_for_somebody_whose_sessions_are_all_then() -> None:
    assert "same_slot" not in names(past(1), past(3), past(5), past(6))
    assert "same_slot" in names(past(1), past(3), past(5), past(6, ATTENDED, hour=9))


def test_two_technical_absences_in_two_weeks_ask_for_a_technical_check() -> None:
    told = {"reason": "technical", "standing": Standing.ABSENT_TOLD}
    assert "technical" in names(past(3, **told), past(10, **told))
    assert "technical" not in names(past(3, **told), past(15, **told))


@pytest.mark.parametrize(
    ("hours", "found"), [((3, 2.5, 2, 1), True), ((3, 2, 2, 1), False), ((3, 2, 1), False)]
)
def test_minutes_falling_three_weeks_running_are_a_pattern(
    hours: tuple[float, ...], found: bool
) -> None:
    weeks = reversed(range(1, len(hours) + 1))
    seats = [
        past(7 * week, ATTENDED, present=timedelta(hours=length))
        for week, length in zip(weeks, hours, strict=True)
    ]
    assert ("falling_minutes" in names(*seats)) is found


def test_the_week_that_is_still_running_says_nothing_about_falling_minutes() -> None:
    seats = [past(7 * n, ATTENDED, present=timedelta(hours=n)) for n in (3, 2, 1)]
    assert "falling_minutes" not in names(*seats, past(0, ATTENDED, present=timedelta(0)))


def test_short_notice_three_times_is_a_pattern_and_early_notice_is_not() -> None:
    def told(days: int, hours: float) -> PastSeat:
        return past(days, Standing.ABSENT_TOLD, notice=timedelta(hours=hours))

    assert "short_notice" in names(told(20, 3), told(31, 23), told(40, -1))
    assert "short_notice" not in names(told(20, 3), told(31, 24), told(40, 30))


def test_technical_trouble_is_not_short_notice() -> None:
    """M15: it is counted apart, and leads to a technical check."""
    soon = {"standing": Standing.ABSENT_TOLD, "notice": timedelta(minutes=-10)}
    found = names(*(past(days, reason="technical", **soon) for days in (3, 10, 12)))
    assert "short_notice" not in found
    assert "technical" in found
    assert "short_notice" in names(*(past(days, reason="work", **soon) for days in (3, 10, 12)))


def test_both_partners_missing_together_twice_is_a_pattern() -> None:
    both = {"partner_missed": True}
    assert "together" in names(past(20, **both), past(30, **both))
    assert "together" not in names(past(20, **both), past(30))
    assert "together" not in names(past(20, ATTENDED, **both), past(30, ATTENDED, **both))


def test_two_weeks_running_under_the_plan_are_a_pattern_and_made_up_hours_count() -> None:
    nine = Policy(weekly_hours=9)
    full = [past(n, ATTENDED) for n in (7, 6, 5)]
    thin = [past(n, ATTENDED) for n in (14, 13)]
    assert "under_plan" not in names(*full, *thin, policy=nine)
    assert "under_plan" in names(*full[:2], *thin, policy=nine)
    made_up = past(5, Standing.MADE_UP, present=timedelta(hours=3))
    assert "under_plan" not in names(*full[:2], made_up, *thin, policy=nine)


def test_every_pattern_proposes_something_and_carries_its_evidence() -> None:
    found = find(sorted([past(3), past(6), past(13)], key=lambda p: p.starts_at), Policy(), NOW)
    by_name = {pattern.name: pattern for pattern in found}
    assert by_name["misses"].seats == (987, 994, 997)
    assert PROPOSALS.keys() == patterns.DETECTORS.keys()
    assert all(PROPOSALS.values())
