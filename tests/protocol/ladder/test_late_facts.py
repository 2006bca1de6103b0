"""Late facts end tasks: an open call ends by itself, an untouched review is withdrawn (rule 2)."""

from tests.protocol.pictures import at, joined, reported, said, seat
from webapp.protocol.ladder.late_facts import TaskEnding, task_endings

OPEN = (("outreach", False), ("relational", True), ("escalation", False))
NOW = at(71)


def test_joining_late_closes_the_calls_and_withdraws_an_untouched_escalation() -> None:
    assert task_endings(seat(evidence=(joined(70),), open_tasks=OPEN), NOW) == [
        TaskEnding("outreach", "joined", "joined"),
        TaskEnding("relational", "joined", "joined"),
        TaskEnding("escalation", "joined"),
    ]


def test_an_escalation_that_was_taken_up_stays_open() -> None:
    touched = seat(evidence=(joined(70),), open_tasks=(("escalation", True),))
    assert task_endings(touched, NOW) == []


def test_a_correction_to_present_ends_tasks_like_a_late_join() -> None:
    facts = seat(evidence=(said("absent", 62), said("present", 70)), open_tasks=OPEN[:1])
    assert task_endings(facts, NOW) == [TaskEnding("outreach", "joined", "joined")]


def test_a_report_ends_the_calls_and_leaves_the_review_to_its_owner() -> None:
    assert task_endings(seat(absence=reported(70), open_tasks=OPEN), NOW) == [
        TaskEnding("outreach", "reported", "reported"),
        TaskEnding("relational", "reported", "reported"),
    ]


def test_being_reached_ends_the_counselors_call_and_not_the_couples_therapists() -> None:
    facts = seat(contact_at=at(70), spoken_at=at(70), open_tasks=OPEN)
    assert task_endings(facts, NOW) == [
        TaskEnding("outreach", "spoken", "reached"), TaskEnding("escalation", "contact"),
    ]  # fmt: skip


def test_a_cancelled_session_withdraws_everything() -> None:
    found = task_endings(seat(cancelled=True, open_tasks=OPEN), NOW)
    assert [(m.kind, m.why, m.outcome) for m in found] == [
        (kind, "cancelled", "") for kind, _ in OPEN
    ]


def test_a_message_alone_ends_no_call() -> None:
    assert task_endings(seat(contact_at=at(70), open_tasks=OPEN[:2]), NOW) == []


def test_contact_after_the_start_withdraws_a_review_that_silence_alone_had_opened() -> None:
    """Rule 17."""
    opened = (("escalation", False),)
    assert task_endings(seat(contact_at=at(65), open_tasks=opened), NOW) == [
        TaskEnding("escalation", "contact")
    ]
    assert task_endings(seat(contact_at=at(65), open_tasks=(("escalation", True),)), NOW) == []
    assert task_endings(seat(contact_at=at(-5), open_tasks=opened), NOW) == []
