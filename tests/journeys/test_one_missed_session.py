"""One missed session from start to finish: on the client's phone and at the counselor's desk."""

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session as Reading

from tests.journeys.conftest import Evening
from tests.journeys.phone import Phone
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat
from webapp.notify.outbox import Notification
from webapp.protocol.facts.steps import Step
from webapp.web import chart

TELLING = ("harbor", "therap", "group", "missed", "session", "maya", "carla", "counsel")
"""What must not stand on a lock screen (P5)."""


def taken(store: Reading, seat_id: int) -> set[str]:
    """The rungs taken for a seat."""
    found = select(Step.rung).where(Step.seat_id == seat_id, Step.result == "taken")
    return set(store.scalars(found))


def task(store: Reading, seat_id: int, kind: str) -> Task | None:
    return store.scalars(select(Task).where(Task.seat_id == seat_id, Task.kind == kind)).first()


def turn_on_reminders(phone: Phone) -> None:
    """Me → Turn on reminders here, as a client does it."""
    page = phone.open("/me")
    with page.expect_event("load"):  # it is opened again, with what it can do now
        page.get_by_role("button", name="Turn on reminders here").click()
    expect(page.get_by_text("Reminders show on this device")).to_be_visible()


def test_a_client_answers_from_the_lock_screen_and_only_the_silent_one_is_called(evening: Evening):
    maya = evening.signed_in("maya")
    turn_on_reminders(maya)
    seats = evening.plan("maya", "gus", in_seconds=2)

    evening.wait_until(lambda store: "first_check" in taken(store, seats["maya"]))
    first_check = evening.wait_until(
        lambda _: next((m for m in evening.pushes.received if "kept" in m.text), None)
    )
    maya.context.clear_cookies()
    shown = maya.deliver(first_check)
    assert shown["actions"][:2] == ["Join", "Can't make it"]
    assert not [word for word in TELLING if word in str(shown).lower()]

    assert "noted" in maya.tap_button("absence")["body"]
    evening.wait_until(
        lambda store: store.scalars(
            select(AbsenceReport).where(AbsenceReport.seat_id == seats["maya"])
        ).first()
    )
    evening.wait_until(lambda store: task(store, seats["gus"], "outreach"))

    with evening.database.reading() as store:
        assert not taken(store, seats["maya"]) & {"second_check", "outreach"}
        assert task(store, seats["maya"], "outreach") is None
        assert {"second_check", "outreach"} <= taken(store, seats["gus"])
        seat = store.get_one(Seat, seats["maya"])
        whats = [entry.what for entry in chart.of(store, seat.client).entries]
        after = [
            row
            for row in store.scalars(
                select(Notification).where(Notification.seat_id == seats["maya"])
            )
            if row.kind == "second_check" and row.sent_at
        ]
    assert after == []
    assert whats.index("first_check") < whats.index("seat:absence:reported")


def test_two_silent_misses_reach_the_counselor_and_the_supervisor(evening: Evening):
    first = evening.plan("gus", in_seconds=1, minutes=0.2)["gus"]
    evening.wait_until(lambda store: task(store, first, "outreach"))
    second = evening.plan("gus", in_seconds=1, minutes=0.2)["gus"]
    evening.wait_until(lambda store: task(store, second, "escalation"))

    susan = evening.signed_in("susan", viewport={"width": 1280, "height": 800})
    page = susan.open("/staff/tasks")
    expect(page.get_by_text("Gus", exact=False).first).to_be_visible()

    carla = evening.signed_in("carla", viewport={"width": 1280, "height": 800})
    page = carla.open("/staff/tasks")
    page.get_by_role("button", name="Reached").first.click()
    evening.wait_until(
        lambda store: any(
            found is not None and found.outcome == "reached"
            for found in (task(store, seat, "outreach") for seat in (first, second))
        )
    )
    with evening.database.reading() as store:
        gus = store.scalars(select(Person).where(Person.ref == "gus")).one()
        whats = [entry.what for entry in chart.of(store, gus).entries]
    assert whats.count("outreach") == 2
    assert "escalation" in whats
    assert "task:done" in whats
