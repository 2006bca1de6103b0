"""Policies: reading, writing, refusals that name the field, and warnings."""

import re
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.care.directory.policy import DURATION, Policy
from webapp.refusals import Invalid
from webapp.times import format_duration


def test_the_default_policy_reads_as_the_interfaces_say() -> None:
    written = Policy().to_json()
    written.pop("patterns")
    assert written == {
        "heads_up": "-PT24H",
        "soon": "-PT1H",
        "doors_open": "-PT10M",
        "first_check": "PT5M",
        "second_check": "PT20M",
        "outreach": "PT60M",
        "outreach_due": "PT60M",
        "escalate_after": 2,
        "early_notice": "PT24H",
        "excused_allowance": 4,
        "attended_share": 0.5,
        "make_up_within": "P14D",
        "weekly_hours": 9,
        "quiet_hours": ["21:00", "08:00"],
        "corrections_within": "P90D",
        "missed_fee": None,
    }


def test_what_is_not_written_keeps_the_default() -> None:
    changed = Policy.from_json({"first_check": "PT3S", "patterns": {"misses": 5}})
    assert (changed.first_check, changed.escalate_after) == (timedelta(seconds=3), 2)
    assert (changed.patterns.misses, changed.patterns.technical) == (5, 2)


@given(st.timedeltas(min_value=timedelta(days=-366), max_value=timedelta(days=366)))
def test_every_duration_as_it_is_written_is_one_that_a_policy_takes(length: timedelta) -> None:
    assert re.fullmatch(DURATION, format_duration(length))


def test_a_policy_written_and_read_again_is_the_same() -> None:
    policy = Policy.from_json(
        {"missed_fee": "25.00", "quiet_hours": ["22:30", "07:00"], "second_check": "PT30M"}
    )
    assert Policy.from_json(policy.to_json()) == policy
    assert policy.quiet_hours == (time(22, 30), time(7))
    assert Policy.from_json({"quiet_hours": None}).quiet_hours is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("heads_up", "-PT30M"),  # after the default `soon`
        ("soon", 60),
        ("doors_open", "PT10M"),
        ("first_check", "-PT5M"),
        ("second_check", "PT2M"),
        ("outreach", "PT10M"),
        ("outreach_due", "PT0S"),
        ("outreach_due", "P400D"),
        ("escalate_after", 0),
        ("escalate_after", True),
        ("escalate_after", 2.0),
        ("early_notice", "-PT24H"),
        ("excused_allowance", -1),
        ("attended_share", 0),
        ("attended_share", 1.01),
        ("attended_share", float("nan")),
        ("make_up_within", "two weeks"),
        ("weekly_hours", 0),
        ("weekly_hours", "9"),
        ("quiet_hours", "21:00-08:00"),
        ("quiet_hours", ["21:00"]),
        ("quiet_hours", ["9 pm", "8 am"]),
        ("quiet_hours", ["21:0\uff10", "08:00"]),
        ("missed_fee", "\u0662\u0665"),
        ("missed_fee", "1e3"),
        ("outreach", "PT\uff16\uff10M"),
        ("corrections_within", None),
        ("missed_fee", -1),
        ("missed_fee", "NaN"),
        ("missed_fee", []),
        ("patterns", 3),
        ("grace", "PT5M"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_naming_the_field(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        Policy.from_json({field: value})
    assert refused.value.field == field
    assert refused.value.sentence.endswith(".")


def test_thresholds_of_patterns_are_refused_by_their_path() -> None:
    with pytest.raises(Invalid) as refused:
        Policy.from_json({"patterns": {"same_slot": 5}})
    assert refused.value.field == "patterns.same_slot"


def test_what_is_not_an_object_is_no_policy() -> None:
    with pytest.raises(Invalid):
        Policy.from_json([])


@pytest.mark.parametrize(("minutes", "warned"), [(14, 1), (15, 0), (30, 0), (31, 1)])
def test_a_second_reminder_outside_the_published_time_is_warned_about_and_allowed(
    minutes: int, warned: int
) -> None:
    policy = Policy.from_json({"second_check": f"PT{minutes}M"})
    assert [field for field, _ in policy.warnings()] == ["second_check"] * warned
