"""S17: acts that notify others are limited for each person and hour; nothing typed is lost, and no act of safety is refused."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.care.evenings import missed, room
from tests.house.reading import told
from webapp.care.attendance import absences
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials import homework
from webapp.care.materials.homework import HandIn
from webapp.care.privacy.consents import Consent
from webapp.notify.announcing.announce import ANNOUNCED
from webapp.operations.rate_limits import (
    ACTS,
    BOOKING,
    CHANGE_OF_MIND,
    CONSENT,
    HAND_IN,
    NEVER_REFUSED,
)
from webapp.operations.rate_limits import STAFF_PLANNING as PLANNING

LOT = "a lot in the last hour"
DAY = timedelta(days=1)
WORDS = "What stayed with me is that asking early is easier than explaining later."


def happened(store, tag: Tag) -> int:
    return store.scalar(select(func.count(Event.id)).where(Event.tag == tag)) or 0


@pytest.fixture
def task(store, world, clock):
    """Homework for everyone."""
    made, _ = homework.put(
        store, world.harbor, "list", title="A list", by=world.carla, now=clock.now()
    )
    store.commit()
    return made


@pytest.fixture
def gone(store, world, clock):
    """Maya's seat in a group that is over since a day, in which nobody saw her."""
    seat = missed(store, world.carla, world.maya, clock.now())
    store.commit()
    return seat


@pytest.fixture
def maya(visit, world):
    return visit(world.maya)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_every_act_that_is_announced_is_limited_or_has_its_reason(engine) -> None:
    placed = ACTS.keys() | NEVER_REFUSED.keys() | {Tag.STEP_TAKEN}
    missing = sorted(tag for tag in ANNOUNCED if Tag(tag) not in placed)
    assert not missing, told(missing, "Say in webapp/operations/rate_limits.py how often one person may do this (ACTS), or why it is never refused.")  # fmt: skip
    assert not ACTS.keys() & NEVER_REFUSED.keys()


def test_handing_in_and_opening_again_comes_to_an_end_and_the_text_stays(maya, store, task) -> None:
    for n in range(HAND_IN.burst // 2):
        assert maya.post(f"/homework/{task.id}", {"body": f"Draft {n}"}).status_code == 303
        assert maya.post(f"/homework/{task.id}/reopening", {}).status_code == 303
    over = maya.post(f"/homework/{task.id}", {"body": "One more thought"})
    assert (over.status_code, LOT in over.text) == (429, True)
    assert "One more thought</textarea>" in over.text
    assert happened(store, Tag.HOMEWORK_HANDED_IN) == HAND_IN.burst // 2
    assert store.scalars(select(HandIn).where(HandIn.is_current)).all() == []


def test_waiting_helps_and_another_person_is_not_held_back(visit, world, maya, task, clock) -> None:
    for _ in range(HAND_IN.burst // 2):
        maya.post(f"/homework/{task.id}", {"body": "So far"})
        maya.post(f"/homework/{task.id}/reopening", {})
    assert maya.post(f"/homework/{task.id}", {"body": "Too soon"}).status_code == 429
    assert visit(world.ben).post(f"/homework/{task.id}", {"body": "Mine"}).status_code == 303
    clock.forward(minutes=5)
    assert maya.post(f"/homework/{task.id}", {"body": "In time"}).status_code == 303


def test_booking_and_giving_up_comes_to_an_end_and_giving_up_is_never_refused(
    maya, store, world, gone, clock
) -> None:
    slot = room(store, world.colin, [], clock.now() + 3 * DAY, clock.now(), makes_up=("group",))
    store.commit()
    for _ in range(BOOKING.burst):
        maya.post(f"/seats/{gone.id}/make-ups", {"session": slot.id})
        assert maya.post(f"/seats/{gone.id}/make-ups/cancellation", {}).status_code == 303
    over = maya.post(f"/seats/{gone.id}/make-ups", {"session": slot.id})
    assert (over.status_code, LOT in over.text) == (429, True)
    made = store.scalars(select(MakeUp)).all()
    assert len(made) == BOOKING.burst
    assert all(each.is_cancelled for each in made)


def test_consents_given_come_to_an_end_and_ending_them_does_not(maya, store, world) -> None:
    form = {"category": "schedule", "recipient": str(world.ben.id), "purpose": "together", "term": "90", "signature": "Maya"}  # fmt: skip
    for _ in range(CONSENT.burst):
        maya.post("/me/sharing", form)
        last = store.scalars(select(func.max(Consent.id))).one()
        assert maya.post(f"/me/sharing/{last}/end", {}).status_code == 303
    over = maya.post("/me/sharing", form)
    assert (over.status_code, LOT in over.text) == (429, True)
    assert happened(store, Tag.CONSENT_GRANTED) == happened(store, Tag.CONSENT_REVOKED)


def test_a_session_is_moved_only_so_often_and_called_off_no_more_then(
    visit, store, world, clock
) -> None:
    carla = visit(world.carla)
    session = room(store, world.carla, [world.maya], clock.now() + 3 * DAY, clock.now())
    store.commit()
    for n in range(PLANNING.burst):
        assert carla.post(f"/staff/sessions/{session.id}/time", {"starts_at": f"2026-03-09T{10 + n // 60:02}:{n % 60:02}"}).status_code == 303  # fmt: skip
    over = carla.post(f"/staff/sessions/{session.id}/cancellation", {"reason": "The room is wet."})
    assert (over.status_code, LOT in over.text) == (429, True)
    assert 'name="reason" value="The room is wet."' in over.text
    store.expire_all()
    assert session.cancelled_at is None


def test_a_form_without_a_page_of_its_own_is_carried_along(maya, store, world, task, clock) -> None:
    """Whatever the form held comes back, to be sent with one more tap."""
    homework.hand_in(store, task, "So far", by=world.maya, now=clock.now())
    store.commit()
    for _ in range(HAND_IN.burst // 2):
        maya.post(f"/homework/{task.id}/reopening", {})
        maya.post(f"/homework/{task.id}", {"body": "So far"})
    over = maya.post(f"/homework/{task.id}/reopening", {"why": "One more <thought>"})
    assert over.status_code == 429
    assert int(over.headers["Retry-After"]) <= 300
    assert LOT in over.text
    assert 'name="why" value="One more &lt;thought&gt;"' in over.text
    assert f'action="/homework/{task.id}/reopening"' in over.text
    part = maya.post(f"/homework/{task.id}/reopening", {"why": "Again"}, htmx=True)
    assert 'name="why" value="Again"' in part.text


def test_saying_no_and_calling_for_help_are_never_refused(maya, store, world, clock) -> None:
    session = room(store, world.carla, [world.maya], clock.now() + timedelta(hours=3), clock.now())
    seat = session.seats[0]
    store.commit()
    for _ in range(40):
        assert maya.post(f"/seats/{seat.id}/absence", {"reason": "work"}).status_code == 303
        maya.post(f"/seats/{seat.id}/absence/withdrawal", {})
        assert maya.post(f"/seats/{seat.id}/trouble", {}).status_code == 303
    assert store.scalar(absences.of(seat.id)) is not None


def test_taking_reports_back_comes_to_an_end_and_the_report_and_its_words_stay(
    maya, store, world, clock
):
    session = room(store, world.carla, [world.maya], clock.now() + timedelta(hours=3), clock.now())
    seat = session.seats[0]
    store.commit()
    for n in range(CHANGE_OF_MIND.burst):
        maya.post(f"/seats/{seat.id}/absence", {"note": f"No {n}"})
        assert maya.post(f"/seats/{seat.id}/absence/withdrawal", {}).status_code == 303
    assert maya.post(f"/seats/{seat.id}/absence", {"note": "The car again"}).status_code == 303
    over = maya.post(f"/seats/{seat.id}/absence/withdrawal", {})
    assert over.status_code == 429
    assert "just come: your place is yours" in over.text
    assert store.scalar(absences.of(seat.id)).note == "The car again"
    assert len(store.scalars(select(AbsenceReport)).all()) == CHANGE_OF_MIND.burst + 1
    clock.forward(minutes=5)
    assert maya.post(f"/seats/{seat.id}/absence/withdrawal", {}).status_code == 303


def test_a_message_over_the_limit_says_who_can_be_called(maya) -> None:
    for n in range(30):
        maya.post("/messages", {"body": f"Line {n}"})
    over = maya.post("/messages", {"body": "I need somebody"})
    assert over.status_code == 429
    assert "I need somebody</textarea>" in over.text
    assert re.search(r"call your program\. In danger, call or text 988", over.text)


def test_the_same_message_sent_again_is_not_counted(maya) -> None:
    same = {"body": "Hello", "request_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}
    for _ in range(40):
        assert maya.post("/messages", same).status_code == 303
    assert maya.post("/messages", {"body": "Another"}).status_code == 303
