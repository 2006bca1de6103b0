"""Recurrence rules: what can't be kept is refused by its part, and nothing takes more steps than are allowed (rules 12 and 13, S17)."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given
from hypothesis import strategies as st

from webapp.care.schedule import recurrences
from webapp.care.schedule.recurrences import MOST_STEPS, Recurrence
from webapp.refusals import Invalid

NEW_YORK = "America/New_York"
FIRST = datetime(2026, 3, 2, 18)
"""A Monday."""
HORIZON = timedelta(weeks=8)


def refusal(rule: str, first: datetime = FIRST) -> Invalid:
    with pytest.raises(Invalid) as refused:
        recurrences.checked(first, NEW_YORK, rule)
    assert refused.value.field == "rrule"
    return refused.value


def days(rule: str, first: datetime = FIRST, after: datetime | None = None) -> list[str]:
    """The local starts in the eight weeks after the first."""
    after = after or first.replace(tzinfo=UTC) - timedelta(days=1)
    found = recurrences.checked(first, NEW_YORK, rule).occurrences(after, after + HORIZON)
    return [on for on, _instant in found]


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("FREQ=WEEKLY;COUNT=0", "COUNT=0"),
        ("FREQ=WEEKLY;COUNT=\u0663", "COUNT=\u0663"),
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=WEEKLY;INTERVAL=-1", "INTERVAL=-1"),
        ("FREQ=WEEKLY;INTERVAL=100", "INTERVAL=100"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,99", "BYMONTHDAY=99"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY=0"),
        ("FREQ=MONTHLY;BYMONTH=13", "BYMONTH=13"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY=3"),
        ("FREQ=WEEKLY;BYDAY=MO,1TU", "BYDAY=MO,1TU"),
        ("FREQ=WEEKLY;BYDAY=MO,XX", "BYDAY=XX"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY=6MO"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS=1"),
        ("FREQ=DAILY;BYDAY=MO;BYSETPOS=1", "BYSETPOS=1"),
        ("FREQ=WEEKLY;BYEASTER=0", "BYEASTER=0"),
        ("FREQ=WEEKLY;BYWEEKNO=3", "BYWEEKNO=3"),
        ("FREQ=WEEKLY;BYYEARDAY=3", "BYYEARDAY=3"),
        ("FREQ=YEARLY", "FREQ=YEARLY"),
        ("FREQ=SOMETIMES", "FREQ=SOMETIMES"),
        ("FREQ=HOURLY", "FREQ=HOURLY"),
        ("FREQ=SECONDLY", "FREQ=SECONDLY"),
        ("FREQ=DAILY;BYHOUR=9,18", "BYHOUR=9,18"),
        ("FREQ=DAILY;BYMINUTE=0,30", "BYMINUTE=0,30"),
        ("FREQ=DAILY;BYSECOND=1,2", "BYSECOND=1,2"),
        ("FREQ=WEEKLY; BYDAY=MO", "BYDAY=MO"),
        ("FREQ=WEEKLY;BYDAY=MO, WE", "BYDAY=MO, WE"),
        ("FREQ=WEEKLY\nDTSTART:20260101", "FREQ=WEEKLY\nDTSTART:20260101"),
        ("FREQ=WEEKLY;INTERVAL=2;INTERVAL=3", "INTERVAL=3"),
        ("FREQ=WEEKLY;", ""),
        ("BYDAY=MO", "BYDAY=MO"),
        ("", ""),
        ("every monday", "every monday"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20260401", "UNTIL=20260401"),
        ("FREQ=WEEKLY;UNTIL=20260231", "UNTIL=20260231"),
        ("FREQ=WEEKLY;UNTIL=20260401T2500", "UNTIL=20260401T2500"),
        ("FREQ=WEEKLY;UNTIL=20260301", "UNTIL=20260301"),
        ("FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2", "BYMONTH=2;BYMONTHDAY=30"),
        ("FREQ=DAILY;BYMONTHDAY=31;BYMONTH=4,6,9,11", "BYMONTH=4,6,9,11;BYMONTHDAY=31"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "BYDAY=TU"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "BYMONTH=2"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "BYDAY=MO;BYSETPOS=6"),
        ("FREQ=MONTHLY;COUNT=1000", "COUNT=1000"),
        ("FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 100), "O,MO,MO"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_kept_is_refused_by_its_part(rule: str, part: str) -> None:
    said = refusal(rule)
    assert str(said.values["part"]).startswith(part[:60].split("O,MO,MO")[0])
    assert part in str(said) or len(part) > 60


@pytest.mark.parametrize(
    "rule", ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=9,18", "FREQ=DAILY;BYMINUTE=30"]
)
def test_a_rule_for_several_times_a_day_is_refused_in_words_of_its_own(rule: str) -> None:
    assert "once a day at most" in str(refusal(rule))


def test_a_rule_is_stored_in_one_form_however_it_is_written() -> None:
    written = "rrule:freq=weekly;byday=WE,MO,we;interval=1"
    assert str(recurrences.parse(written)) == "FREQ=WEEKLY;BYDAY=MO,WE"


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260316", "2026-03-16T18:00"),  # that day included
        ("20260315", "2026-03-09T18:00"),
        ("20260316T220000Z", "2026-03-16T18:00"),  # 6 PM in New York, an hour after the clocks changed
        ("20260316T215959Z", "2026-03-09T18:00"),
        ("20260316T180000", "2026-03-16T18:00"),
        ("20260316T175959", "2026-03-09T18:00"),
    ],
)  # fmt: skip
def test_until_means_what_it_says(until: str, last: str) -> None:
    assert days(f"FREQ=WEEKLY;UNTIL={until}")[-1] == last


def test_no_end_as_outlook_writes_it_is_none() -> None:
    assert len(days("FREQ=WEEKLY;UNTIL=99991231T235959Z")) == 8


def test_a_count_is_counted_from_the_first_session() -> None:
    later = datetime(2026, 3, 20, tzinfo=UTC)
    assert days("FREQ=WEEKLY;COUNT=4", after=later) == ["2026-03-23T18:00"]


# --- the same days as another reader ------------------------------------------------------------------------------------

listed = st.lists(st.sampled_from(recurrences.WEEKDAYS), min_size=1, max_size=4, unique=True)
signed = st.integers(1, 31).flatmap(lambda n: st.sampled_from([n, -n]))
part = st.one_of(
    st.integers(0, 120).map("INTERVAL={}".format),
    st.integers(0, 1100).map("COUNT={}".format),
    st.dates(datetime(2026, 2, 1).date(), datetime(2026, 8, 1).date()).map("UNTIL={:%Y%m%dT180000}".format),
    listed.map(lambda some: "BYDAY=" + ",".join(some)),
    st.tuples(st.integers(-5, 5), st.sampled_from(recurrences.WEEKDAYS)).map(lambda one: "BYDAY={}{}".format(*one)),
    st.lists(signed, min_size=1, max_size=3).map(lambda some: "BYMONTHDAY=" + ",".join(map(str, some))),
    st.lists(st.integers(1, 13), min_size=1, max_size=3).map(lambda some: "BYMONTH=" + ",".join(map(str, some))),
    signed.map("BYSETPOS={}".format),
    st.sampled_from(recurrences.WEEKDAYS).map("WKST={}".format),
)  # fmt: skip
rules = st.builds(
    lambda freq, parts: ";".join([f"FREQ={freq}", *parts]),
    st.sampled_from([recurrences.DAILY, recurrences.WEEKLY, recurrences.MONTHLY]),
    st.lists(part, max_size=4, unique_by=lambda one: one.partition("=")[0]),
)
firsts = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(hour=18, minute=0, second=0, microsecond=0))  # fmt: skip


@given(rules, firsts, st.integers(-30, 400))
@example("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", FIRST, 10)
@example("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", FIRST, 10)
@example("FREQ=MONTHLY", datetime(2026, 1, 31, 18), 10)
def test_a_kept_rule_has_the_days_that_dateutil_gives_it(
    rule: str, first: datetime, ahead: int
) -> None:
    try:
        made = recurrences.checked(first, "UTC", rule)
    except Invalid:
        return
    begin = first + timedelta(days=ahead)
    theirs = rrulestr(rule, dtstart=first)
    wanted = []
    for at in theirs:  # `between` would search on after the last one
        if at >= begin + HORIZON or at.year > 2099:
            break
        wanted += [at.isoformat(timespec="minutes")] if at >= begin else []
    ours = made.occurrences(begin.replace(tzinfo=UTC), begin.replace(tzinfo=UTC) + HORIZON)
    assert [on for on, _ in ours] == wanted
    assert recurrences.parse(str(made.rule)) == made.rule


# --- what a rule costs --------------------------------------------------------------------------------------------------


@contextmanager
def counted(function: Callable[..., Any]) -> Iterator[list[int]]:
    """How often `function` is called meanwhile."""
    calls, code = [0], function.__code__

    def notice(frame: Any, event: str, _: Any) -> None:
        calls[0] += event == "call" and frame.f_code is code

    before = sys.getprofile()
    sys.setprofile(notice)
    try:
        yield calls
    finally:
        sys.setprofile(before)


WINDOW = HORIZON.days + 2 * 31


@given(st.one_of(rules, st.text(max_size=60), st.lists(part, max_size=6).map(";".join)), firsts)
@example("FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2", FIRST)
@example("FREQ=DAILY;INTERVAL=99;BYMONTHDAY=30;BYMONTH=2", FIRST)
@example("FREQ=WEEKLY;BYDAY=MO;COUNT=570", FIRST)
@example("FREQ=DAILY;INTERVAL=97;BYDAY=MO;BYMONTHDAY=29;BYMONTH=2", datetime(2044, 2, 29, 18))
@example("FREQ=MONTHLY;BYMONTHDAY=" + ",".join(map(str, range(1, 32))) + ";BYSETPOS=-1;COUNT=1000", FIRST)  # fmt: skip
def test_any_rule_is_refused_by_a_part_or_costs_few_steps(rule: str, first: datetime) -> None:
    recurrences.checked.cache_clear()
    said: Invalid | None = None
    with counted(Recurrence._means) as steps:
        try:
            made = recurrences.checked(first, NEW_YORK, rule)
        except Invalid as refused:
            said = refused
    assert steps[0] <= MOST_STEPS + 31
    if said:
        assert (said.field, "part" in said.values) == ("rrule", True)
        return
    for ahead in (-30, 0, 3000, 20000):
        after = first.replace(tzinfo=UTC) + timedelta(days=ahead)
        with counted(Recurrence._means) as steps:
            made.occurrences(after, after + HORIZON)
        assert steps[0] <= MOST_STEPS + WINDOW
