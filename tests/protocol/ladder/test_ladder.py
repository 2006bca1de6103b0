"""The ladder: every rung and every hard case of the protocol, on pictures of facts."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from tests.protocol.pictures import START, at, earlier, joined, reported, said, seat, tap
from webapp.care.attendance.standing import Facts, Standing
from webapp.care.directory.policy import Policy
from webapp.protocol.ladder.ladder import awake, due_rungs, explain, misses_in_row, next_look
from webapp.protocol.ladder.rungs import TAKEN, WHY, Rung, State

MISSED, ATTENDED = Standing.MISSED, Standing.ATTENDED
BEFORE = dict.fromkeys(("heads_up", "soon", "doors_open"), TAKEN)
CHECKED = BEFORE | dict.fromkeys(("first_check", "second_check"), TAKEN)


def due(facts: Facts, now: float, taken: dict[str, str] | None = None) -> dict[str, str]:
    """rung → `due`, or why it is skipped."""
    return {
        look.rung: look.why or look.state.value for look in due_rungs(facts, taken or {}, at(now))
    }


def why(facts: Facts, now: float, rung: Rung, taken: dict[str, str] | None = None) -> str:
    return next(look.why for look in explain(facts, taken or {}, at(now)) if look.rung is rung)


def looks_next(facts: Facts, now: float, taken: dict[str, str] | None = None) -> float | None:
    found = next_look(facts, taken or {}, at(now))
    return found and (found - START) / timedelta(minutes=1)


# --- the rungs, one after the other -----------------------------------------------------------------------------------


def test_the_whole_ladder_is_climbed_rung_by_rung_when_nothing_is_heard() -> None:
    facts, taken, climbed = seat(earlier=earlier(MISSED)), {}, []
    now: float | None = -7 * 24 * 60
    while now is not None and now < 300:
        for rung, state in due(facts, now, taken).items():
            taken[rung] = TAKEN
            climbed.append((now, rung, state))
        now = looks_next(facts, now, taken)
    assert climbed == [
        (-1440, "heads_up", "due"),
        (-60, "soon", "due"),
        (-10, "doors_open", "due"),
        (5, "first_check", "due"),
        (20, "second_check", "due"),
        (60, "outreach", "due"),
        (60, "escalation", "due"),
    ]


def test_a_first_miss_is_not_escalated_and_explains_why() -> None:
    assert due(seat(), 60, CHECKED) == {"outreach": "due"}
    assert why(seat(), 60, Rung.ESCALATION) == "too_few_misses"


def test_the_outreach_of_a_short_session_comes_at_its_end() -> None:
    facts = seat(length=45)
    assert due(facts, 44, CHECKED) == {}
    assert due(facts, 45, CHECKED) == {"outreach": "due"}


@pytest.mark.parametrize(
    ("stop", "now", "silenced"),
    [
        ({"absence": reported(-2000)}, -60, "soon"),
        ({"cancelled": True}, -60, "soon"),
        ({"evidence": (joined(-15),)}, -10, "doors_open"),
        ({"evidence": (joined(1),)}, 5, "first_check"),
        ({"absence": reported(2)}, 5, "first_check"),
        ({"contact_at": at(2)}, 5, "first_check"),
        ({"contact_at": at(-3)}, 5, "first_check"),
        ({"contact_at": at(18)}, 20, "second_check"),
        ({"evidence": (joined(30),)}, 60, "outreach"),
        ({"contact_at": at(30), "spoken_at": at(30)}, 60, "outreach"),
        ({"inactive": "paused"}, 5, "first_check"),
        ({"inactive": "discharged"}, -60, "soon"),
        ({"excused": True}, 5, "first_check"),
    ],
)
def test_any_fact_that_answers_the_question_stops_the_rung(
    stop: dict[str, Any], now: float, silenced: str
) -> None:
    def live(facts: Facts) -> set[str]:
        return {rung for rung, state in due(facts, now).items() if state == "due"}

    assert silenced in live(seat())
    assert silenced not in live(seat(**stop))


def test_a_reply_stops_the_reminders_but_not_the_call() -> None:
    facts = seat(contact_at=at(6))
    assert due(facts, 20, BEFORE | {"first_check": TAKEN}) == {}
    assert due(facts, 60, CHECKED) == {"outreach": "due"}


def test_an_answer_of_the_day_before_does_not_silence_the_check_after_the_start() -> None:
    assert due(seat(contact_at=at(-1200)), 5, BEFORE) == {"first_check": "due"}


# --- rule 1 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "count"),
    [
        ((), 1),
        ((MISSED,), 2),
        ((MISSED, MISSED), 3),
        ((Standing.CANCELLED, Standing.UNKNOWN, MISSED), 2),
        ((Standing.EXPECTED, MISSED), 2),
        ((ATTENDED, MISSED), 1),
        ((Standing.PARTIAL, MISSED), 1),
        ((Standing.ABSENT_TOLD, MISSED), 1),
        ((Standing.EXCUSED, MISSED), 1),
        ((Standing.MADE_UP, MISSED), 1),
    ],
)
def test_misses_in_a_row_skip_seats_that_say_nothing(
    before: tuple[Standing, ...], count: int
) -> None:
    assert misses_in_row(seat(earlier=earlier(*before))) == count


def test_contact_since_a_missed_seat_began_ends_the_walk_there() -> None:
    both = earlier(MISSED, MISSED)
    between = START - timedelta(days=3)
    assert misses_in_row(seat(earlier=both, contact_at=between)) == 2
    assert misses_in_row(seat(earlier=both, contact_at=between - timedelta(days=2))) == 3


def test_contact_since_the_start_stops_the_escalation() -> None:
    facts = seat(earlier=earlier(MISSED), contact_at=at(10))
    assert due(facts, 60, CHECKED) == {"outreach": "due"}
    assert why(facts, 60, Rung.ESCALATION) == "contact_since_start"


def test_when_a_supervisor_reviews_is_policy() -> None:
    thrice = Policy(escalate_after=3)
    assert "escalation" not in due(seat(policy=thrice, earlier=earlier(MISSED)), 60)
    assert "escalation" in due(seat(policy=thrice, earlier=earlier(MISSED, MISSED)), 60)


# --- rules 3 to 5: decided when due, moved sessions, not-after --------------------------------------------------------


def test_after_an_outage_only_the_last_reminder_goes_out() -> None:
    assert due(seat(), 25) == {
        "heads_up": "superseded",
        "soon": "superseded",
        "doors_open": "superseded",
        "first_check": "superseded",
        "second_check": "due",
    }


def test_after_the_session_every_reminder_is_written_down_as_expired_and_a_human_takes_over() -> (
    None
):
    assert due(seat(), 6 * 60) == dict.fromkeys(CHECKED, "expired") | {"outreach": "due"}


def test_a_seat_given_late_gets_no_reminder_for_times_before_it_existed() -> None:
    facts = seat(given_at=at(-300))
    assert due(facts, -300) == {"heads_up": "seat_is_newer"}
    assert looks_next(facts, -300, {"heads_up": "seat_is_newer"}) == -60


def test_a_seat_given_minutes_before_the_start_still_gets_the_reminder_at_the_door() -> None:
    assert due(seat(given_at=at(-5)), -5)["doors_open"] == "due"


def test_a_moved_session_is_reminded_of_anew_only_for_what_lies_ahead() -> None:
    moved = seat(moved_at=at(-200))
    assert due(moved, -200) == {"heads_up": "seat_is_newer"}
    assert due(moved, -60, {"heads_up": "seat_is_newer"}) == {"soon": "due"}


def test_a_seat_written_down_long_after_its_session_is_history() -> None:
    facts = seat(given_at=at(180 + 24 * 60 + 1))
    assert due(facts, 9000) == {}
    assert looks_next(facts, 9000) is None
    assert "outreach" in due(seat(given_at=at(180 + 24 * 60)), 9000)


def test_a_cancelled_session_needs_no_further_look() -> None:
    assert looks_next(seat(cancelled=True), -5000) is None


def test_a_paused_client_is_looked_at_again_at_the_next_rung() -> None:
    paused = seat(inactive="paused")
    assert looks_next(paused, -5000) == -1440
    assert due(seat(), -600) == {"heads_up": "due"}


def test_the_outreach_of_a_paused_client_is_written_down_as_set_aside() -> None:
    assert due(seat(inactive="paused"), 60) == {"outreach": "paused"}


# --- rule 6: quiet hours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "offset", "expected"),
    [
        # 06:00 in New York: the day before at six is night; 20:59 of the evening before that is not.
        ("2026-03-05T11:00", -24, "2026-03-04T01:59"),
        # 22:00: moved to the same evening.
        ("2026-03-05T03:00", -24, "2026-03-04T01:59"),
        # 18:00: untouched.
        ("2026-03-04T23:00", -24, "2026-03-03T23:00"),
        # 08:00 is allowed again.
        ("2026-03-05T13:00", -24, "2026-03-04T13:00"),
        # Within two hours of the session: exempt.
        ("2026-03-05T11:00", -2, "2026-03-05T09:00"),
        ("2026-03-05T11:00", -3, "2026-03-05T01:59"),
        # Over the spring gap of 8 March 24 elapsed hours are 24 elapsed hours: 17:00 the day before.
        ("2026-03-08T22:00", -24, "2026-03-07T22:00"),
        # 07:30 EDT on the 9th less 24 h is 07:30 on the 8th: quiet; the evening of the 7th was still EST.
        ("2026-03-09T11:30", -24, "2026-03-08T01:59"),
    ],
)
def test_quiet_hours_move_a_reminder_to_the_last_allowed_minute_before(
    start: str, offset: int, expected: str
) -> None:
    starts_at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    quiet = (time(21), time(8))
    found = awake(starts_at, timedelta(hours=offset), quiet, "America/New_York")
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_quiet_hours_may_lie_within_one_day_or_not_be_at_all() -> None:
    starts_at = datetime(2026, 3, 5, 18, tzinfo=UTC)  # 13:00 in New York
    offset = timedelta(hours=-24)
    noon = (time(12), time(14))
    assert awake(starts_at, offset, noon, "America/New_York").hour == 16
    assert awake(starts_at, offset, None, "America/New_York").hour == 18


def test_a_persons_own_quiet_hours_come_before_the_policys() -> None:
    own = seat(quiet_hours=(time(17), time(19)))
    assert looks_next(own, -5000) == -1440 - 61
    assert looks_next(seat(), -5000) == -1440


def test_a_clients_own_lead_moves_that_reminder_and_no_other() -> None:
    """M4."""
    own = seat(leads={"heads_up": timedelta(hours=-48), "soon": timedelta(hours=-2)})
    found = {look.rung: look.due_at for look in explain(own, {}, at(-5000))}
    usual = {look.rung: look.due_at for look in explain(seat(), {}, at(-5000))}
    assert {rung for rung in found if found[rung] != usual[rung]} == {"heads_up", "soon"}
    assert (found[Rung.HEADS_UP], found[Rung.SOON]) == (at(-2880), at(-120))
    assert why(own, -5000, Rung.SOON) == "own_lead"


def test_a_lead_chosen_too_late_for_its_instant_reminds_at_once_and_only_once() -> None:
    own = seat(leads={"heads_up": timedelta(hours=-48)})
    assert due(own, -1800) == {"heads_up": "due"}
    assert due(own, -1800, {"heads_up": TAKEN}) == {}


# --- rule 7: blackout and weak presence -------------------------------------------------------------------------------

DARK: dict[str, Any] = {"platform_fed": True, "anyone_seen": False}


def test_in_a_silent_room_nobody_is_chased_and_the_coordinator_is_asked_to_mark_it() -> None:
    dark = seat(**DARK)
    assert due(dark, 5, BEFORE) == {"mark_room": "due"}
    marked = BEFORE | {"mark_room": TAKEN}
    assert all(due(dark, now, marked) == {} for now in (6, 20, 60, 179))
    assert why(dark, 60, Rung.OUTREACH) == "room_silent"
    assert looks_next(dark, 60, marked) == 61


def test_once_a_silent_room_has_evidence_the_ladder_goes_on() -> None:
    marked = BEFORE | {"mark_room": TAKEN}
    assert due(seat(platform_fed=True), 30, marked) == {
        "first_check": "superseded",
        "second_check": "due",
    }
    absent = seat(**DARK, evidence=(said("absent", 200),))
    assert due(absent, 201, marked)["outreach"] == "due"


def test_a_silent_room_asks_nothing_about_clients_who_reported_or_joined() -> None:
    assert due(seat(**DARK, absence=reported(-2000)), 5, BEFORE) == {}


def test_a_tap_on_join_holds_the_ladder_for_a_quarter_of_an_hour() -> None:
    tapped = seat(evidence=(tap(3),))
    assert due(tapped, 5, BEFORE) == {}
    assert why(tapped, 5, Rung.FIRST_CHECK) == "tapped"
    assert looks_next(tapped, 5, BEFORE) == 18
    assert due(tapped, 18, BEFORE) == {"first_check": "due"}


def test_a_tap_shortly_before_the_call_is_due_holds_the_call_too() -> None:
    tapped = seat(evidence=(tap(55),))
    assert due(tapped, 60, CHECKED) == {}
    assert due(tapped, 70, CHECKED) == {"outreach": "due"}


# --- re-engagement, late joins, and looking again ---------------------------------------------------------------------

CALLED = CHECKED | {"outreach": TAKEN}


def test_contact_after_a_miss_asks_for_a_plan_until_there_is_one() -> None:
    assert due(seat(contact_at=at(75), spoken_at=at(75)), 76, CALLED) == {"reengagement": "due"}
    assert due(seat(contact_at=at(75), open_plan=True), 76, CALLED) == {}
    assert due(seat(contact_at=at(75), planned_at=at(80)), 81, CALLED) == {}


def test_a_report_after_the_call_was_opened_is_contact_after_a_miss() -> None:
    facts = seat(absence=reported(75), contact_at=at(75))
    assert due(facts, 76, CALLED) == {"reengagement": "due"}


def test_a_client_reached_before_the_outreach_is_due_is_asked_for_a_plan_once_it_is_a_miss() -> (
    None
):
    facts = seat(contact_at=at(30), spoken_at=at(30))
    assert due(facts, 59, CHECKED) == {}
    assert due(facts, 60, CHECKED) == {"reengagement": "due"}


def test_a_client_who_joins_late_needs_no_plan() -> None:
    assert due(seat(evidence=(joined(70),), contact_at=at(75)), 76, CALLED) == {}


def test_a_miss_without_contact_is_looked_at_again_until_nothing_can_change_it() -> None:
    facts = seat()
    assert looks_next(facts, 61, CALLED) == 62
    assert looks_next(facts, 200, CALLED) == 215
    assert looks_next(facts, 180 + 25 * 60, CALLED) == 180 + 31 * 60
    assert looks_next(facts, 180 + 14 * 24 * 60, CALLED) is None


def test_a_client_who_attended_needs_no_further_look() -> None:
    assert looks_next(seat(evidence=(joined(0),)), 61, BEFORE) is None


def test_an_open_call_is_watched_even_when_the_plan_exists() -> None:
    facts = seat(open_tasks=(("outreach", False),), planned_at=at(70))
    assert looks_next(facts, 75, CALLED) == 76


def test_every_reason_the_ladder_gives_has_words() -> None:
    pictures = [
        seat(),
        seat(**DARK),
        seat(evidence=(tap(55),)),
        seat(cancelled=True),
        seat(contact_at=at(30), spoken_at=at(30)),
        seat(inactive="paused", given_at=at(-300)),
        seat(absence=reported(-100), planned_at=at(3)),
    ]
    reasons = {
        look.why
        for facts in pictures
        for now in (-1500, -5, 6, 62, 700)
        for look in explain(facts, {}, at(now))
    }
    assert reasons - {""} <= WHY.keys()
    assert {"tapped", "room_silent", "expired", "superseded"} <= reasons


def test_explaining_names_every_rung_with_its_instant() -> None:
    looks = explain(seat(), BEFORE, at(0))
    assert [look.rung.value for look in looks[:5]] == list(CHECKED)
    assert [look.state for look in looks[:4]] == [State.TAKEN] * 3 + [State.LATER]
    assert looks[4].due_at == at(20)


def test_the_ladder_asks_again_and_not_what_was_decided_earlier() -> None:
    facts = seat()
    assert "first_check" in due(facts, 5, BEFORE)
    assert due(replace(facts, evidence=(joined(4),)), 5, BEFORE) == {}
