"""Standing: the table of the protocol, line by line."""

from datetime import timedelta
from typing import Any

import pytest

from tests.protocol.pictures import at, joined, left, reported, said, seat, tap
from webapp.care.attendance.standing import Standing, standing
from webapp.care.directory.policy import Policy

DAY = 24 * 60


def standing_at(now: float, **facts: Any) -> Standing:
    return standing(seat(**facts), at(now))


def test_a_seat_is_expected_then_waited_for_then_missed() -> None:
    assert [standing_at(m) for m in (-1, 0, 59, 60)] == ["expected", "waiting", "waiting", "missed"]


def test_a_short_session_is_missed_at_its_end() -> None:
    assert standing_at(44, length=45) == "waiting"
    assert standing_at(45, length=45) == "missed"


def test_half_the_session_is_attended_and_less_is_partial() -> None:
    assert standing_at(200, evidence=(joined(0), left(90))) == "attended"
    assert standing_at(200, evidence=(joined(0), left(89))) == "partial"
    most = Policy(attended_share=0.8)
    assert standing_at(200, evidence=(joined(0), left(90)), policy=most) == "partial"


def test_who_is_there_now_is_assumed_to_stay() -> None:
    assert standing_at(1, evidence=(joined(0),)) == "attended"
    assert standing_at(100, evidence=(joined(95),)) == "partial"
    assert standing_at(30, evidence=(joined(0), left(20))) == "partial"


def test_waiting_in_the_lobby_before_the_start_is_still_expected() -> None:
    assert standing_at(-3, evidence=(joined(-5),)) == "expected"


def test_early_notice_within_the_allowance_is_excused() -> None:
    assert standing_at(-10, absence=reported(-DAY)) == "excused"
    assert standing_at(200, absence=reported(-DAY), excused_before=3) == "excused"


def test_late_notice_or_notice_beyond_the_allowance_is_an_unexcused_reported_absence() -> None:
    assert standing_at(-10, absence=reported(-DAY + 1)) == "absent_told"
    assert standing_at(200, absence=reported(-2 * DAY), excused_before=4) == "absent_told"
    assert standing_at(200, absence=reported(90)) == "absent_told"


def test_staff_may_excuse_with_or_without_a_report() -> None:
    assert standing_at(200, excused=True) == "excused"
    assert standing_at(200, absence=reported(30), excused=True) == "excused"
    assert standing_at(200, evidence=(joined(0), left(10)), excused=True) == "excused"


def test_a_client_who_reported_and_came_anyway_was_there() -> None:
    assert standing_at(200, absence=reported(-DAY), evidence=(joined(0),)) == "attended"


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"evidence": (joined(0), left(10))},
        {"absence": reported(-DAY)},
        {"absence": reported(-5)},
    ],
)
def test_what_was_not_attended_can_be_made_up(facts: dict[str, Any]) -> None:
    assert standing_at(200, made_up=True, **facts) == "made_up"


def test_making_up_does_not_hide_that_somebody_was_there() -> None:
    assert standing_at(200, made_up=True, evidence=(joined(0),)) == "attended"


def test_a_cancelled_session_was_missed_by_nobody() -> None:
    assert standing_at(200, cancelled=True) == "cancelled"
    assert standing_at(200, cancelled=True, absence=reported(-5), made_up=True) == "cancelled"


def test_a_platform_session_without_any_evidence_says_nothing_about_anybody() -> None:
    dark: dict[str, Any] = {"platform_fed": True, "anyone_seen": False}
    assert standing_at(4, **dark) == "waiting"
    assert standing_at(5, **dark) == "unknown"
    assert standing_at(500, **dark) == "unknown"


def test_a_silent_feed_says_nothing_about_those_it_did_not_name() -> None:
    fed: dict[str, Any] = {"platform_fed": True, "anyone_seen": True}
    assert standing_at(70, **fed, feed_heard_at=at(59)) == "unknown"
    assert standing_at(70, **fed, feed_heard_at=at(61)) == "missed"
    assert standing_at(70, **fed, feed_heard_at=at(59), evidence=(joined(0),)) == "attended"
    assert standing_at(900, **fed, feed_heard_at=at(175)) == "missed"


def test_a_room_that_staff_mark_and_nobody_has_marked_says_nothing_about_anybody() -> None:
    by_hand: dict[str, Any] = {"platform_fed": False}
    assert [standing_at(m, **by_hand) for m in (4, 5, 61, 500)] == ["waiting"] + ["unknown"] * 3
    assert standing_at(61, **by_hand, evidence=(joined(2),)) == "attended"
    assert standing_at(61, **by_hand, absence=reported(-5)) == "absent_told"


@pytest.mark.parametrize("room", [{"platform_fed": False}, {"anyone_seen": False}])
def test_once_somebody_has_looked_the_ladder_goes_by_the_facts(room: dict[str, Any]) -> None:
    assert standing_at(20, **room, looked_at=at(9)) == "waiting"
    assert standing_at(61, **room, looked_at=at(9)) == "missed"


def test_a_feed_that_stopped_after_somebody_looked_is_to_be_looked_at_again() -> None:
    fed: dict[str, Any] = {"feed_heard_at": at(40)}
    assert standing_at(70, **fed, looked_at=at(30)) == "unknown"
    assert standing_at(70, **fed, looked_at=at(65)) == "missed"


def test_marking_by_staff_ends_an_unknown_standing() -> None:
    dark: dict[str, Any] = {"platform_fed": True, "anyone_seen": False}
    assert standing_at(200, **dark, evidence=(said("absent", 190),)) == "missed"
    assert standing_at(200, **dark, evidence=(said("present", 190),)) == "attended"


def test_a_tap_on_join_holds_the_miss_for_a_quarter_of_an_hour_and_no_longer() -> None:
    assert standing_at(60, evidence=(tap(50),)) == "waiting"
    assert standing_at(65, evidence=(tap(50),)) == "missed"
    assert standing_at(70, evidence=(tap(50), tap(61))) == "missed"


def test_who_was_paused_when_it_began_is_excused() -> None:
    assert standing_at(200, set_aside=True) == "excused"


def test_a_policy_in_seconds_works_the_same() -> None:
    quick = Policy(
        first_check=timedelta(seconds=2),
        second_check=timedelta(seconds=4),
        outreach=timedelta(seconds=6),
    )
    assert standing_at(0.05, policy=quick) == "waiting"
    assert standing_at(0.1, policy=quick) == "missed"
