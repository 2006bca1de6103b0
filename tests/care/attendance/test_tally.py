"""Minutes: overlapping evidence is merged, never added twice; corrections append; order does not matter."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from tests.protocol.pictures import START, at, joined, left, said, tap
from webapp.care.attendance.tally import Evidence, counted_stays, merged, tally

END = at(60)


def minutes(*evidence: Evidence, now: float = 60) -> float:
    return tally(evidence, START, END, at(now)).present_for / timedelta(minutes=1)


def test_two_devices_at_once_count_once() -> None:
    assert minutes(joined(0), joined(10), left(20), left(50)) == 50


def test_the_same_minutes_from_two_sources_count_once() -> None:
    assert minutes(joined(0), left(30), joined(10, source="ehr"), left(40, source="ehr")) == 40


def test_each_connection_is_paired_with_its_own_leaving() -> None:
    phone, laptop = {"connection": "a"}, {"connection": "b"}
    assert (
        minutes(joined(0, **phone), left(5, **phone), joined(3, **laptop), left(9, **laptop)) == 9
    )


def test_repeated_evidence_changes_nothing() -> None:
    assert minutes(joined(0), joined(0), left(30), left(30)) == 30


def test_what_lies_outside_the_session_does_not_count() -> None:
    assert minutes(joined(-10), left(70), now=90) == 60
    assert minutes(joined(-10), left(-5)) == 0
    assert not tally([joined(-10), left(-5)], START, END, at(30)).seen
    assert not tally([joined(61)], START, END, at(70)).seen


def test_who_has_not_left_is_there_until_now() -> None:
    seen = tally([joined(5)], START, END, at(25))
    assert (seen.present_for, seen.here) == (timedelta(minutes=20), True)
    assert not tally([joined(5)], START, END, at(65)).here


def test_leaving_without_joining_still_shows_that_somebody_was_there() -> None:
    seen = tally([left(30)], START, END, at(60))
    assert (seen.seen, seen.present_for) == (True, timedelta(0))


def test_evidence_of_the_future_does_not_count_yet() -> None:
    assert not tally([joined(30)], START, END, at(29)).seen


def test_a_tap_on_join_is_no_minute_of_presence() -> None:
    assert not tally([tap(1)], START, END, at(60)).seen


def test_a_mark_by_staff_counts_for_the_whole_session() -> None:
    assert minutes(said("present", 10)) == 60
    assert minutes(said("present", 10), left(45, source="staff")) == 45


def test_a_later_mark_overrules_the_platform_and_earlier_marks() -> None:
    absent = tally([joined(0), left(50), said("absent", 0, recorded=90)], START, END, at(100))
    assert (absent.seen, absent.word) == (False, "absent")
    both = [joined(0), said("absent", 70), said("present", 80)]
    assert tally(both, START, END, at(100)).present_for == timedelta(minutes=60)


def test_who_joins_after_being_marked_absent_is_there_after_all() -> None:
    assert minutes(said("absent", 15), joined(40)) == 20


some_evidence = some.lists(
    some.builds(
        Evidence,
        kind=some.sampled_from(["joined", "left", "present", "absent"]),
        at=some.integers(-20, 80).map(at),
        source=some.sampled_from(["platform", "staff", "tap", "ehr"]),
        recorded_at=some.one_of(some.none(), some.integers(0, 200).map(at)),
        connection=some.sampled_from(["", "a"]),
    ),
    max_size=10,
)


@given(some_evidence, some.randoms())
def test_any_order_and_any_repetition_give_the_same_answer(evidence: list, luck: object) -> None:
    once = tally(evidence, START, END, at(100))
    again = evidence + evidence[::2]
    luck.shuffle(again)  # type: ignore[attr-defined]
    assert tally(again, START, END, at(100)) == once
    assert timedelta(0) <= once.present_for <= END - START
    assert once.seen or not once.present_for


@given(some.lists(some.tuples(some.integers(0, 100), some.integers(0, 30)), max_size=12))
def test_merging_never_adds_a_minute_twice(pairs: list[tuple[int, int]]) -> None:
    spans = [(at(begin), at(begin + length)) for begin, length in pairs]
    union = merged(spans)
    covered = {minute for begin, length in pairs for minute in range(begin, begin + length)}
    assert sum((b - a for a, b in union), timedelta(0)) == timedelta(minutes=len(covered))
    assert all(one[1] < other[0] for one, other in pairwise(union))


@given(some_evidence)
def test_the_stays_that_count_for_another_add_up_to_the_same(evidence: list[Evidence]) -> None:
    """Two people on one device (rule 7): for the same stretch, and beside one's own never twice."""
    mine = tally(evidence, START, END, at(200))
    lent = [
        piece
        for begin, end in counted_stays(evidence, START, END)
        for piece in (Evidence("joined", begin, "one"), Evidence("left", end, "one"))
    ]
    theirs = tally(lent, START, END, at(200))
    assert (theirs.present_for, theirs.seen) == (mine.present_for, mine.seen)
    if mine.word != "absent":
        assert tally([*evidence, *lent], START, END, at(200)).present_for == mine.present_for
