"""The demo's history shows every state there is, in order, and keeps the product's promises."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from tests.conftest import THAT_DAY
from tests.databases import Databases
from webapp.care.attendance.standing import standing
from webapp.care.audit import chain
from webapp.care.audit.events import Event
from webapp.care.contact import tasks
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.care.make_ups import reflections, waitlist
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.privacy.consents import Consent
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.demo import actions, cast, story
from webapp.notify.announcing import folding
from webapp.notify.announcing.announce import announce
from webapp.notify.outbox import Notification
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SeatRow
from webapp.protocol.facts.steps import Step


def tell_story(database: Database) -> None:
    story.tell(database, THAT_DAY)


@pytest.fixture
def demo(engine: str, databases: Databases) -> Iterator[Database]:
    """A database with the demo's history; made once a run, and each test gets a copy of its own."""
    with databases.borrowed(engine, tell_story) as borrowed:
        yield borrowed


def standings(store: Store) -> Counter[str]:
    """How often each standing occurs among the seats of past sessions."""
    past = (
        select(Seat).join(Session, Session.id == Seat.session_id).where(Session.ends_at < THAT_DAY)
    )
    rows = [SeatRow(s.id, s.session_id, s.client_id, s.given_at) for s in store.scalars(past)]
    pictures = facts.of_seats(store, rows, THAT_DAY)
    return Counter(standing(picture.facts, THAT_DAY).value for picture in pictures)


def test_the_story_shows_everything_that_happens_in_practice(demo: Database) -> None:
    with demo.reading() as store:
        found = standings(store)
        assert found.keys() >= {
            "attended",
            "partial",
            "excused",
            "absent_told",
            "missed",
            "cancelled",
        }
        assert found["attended"] > 5 * found["missed"]
        kinds = set(store.scalars(select(Task.kind)))
        assert kinds >= {"outreach", "relational", "escalation", "reengagement"}
        outcomes = {
            attempt.outcome for task in store.scalars(select(Task)) for attempt in task.attempts
        }
        assert outcomes >= {"reached", "no_answer", "left_message"}
        assert store.scalar(select(func.count(Plan.id))) == 4
        signed = [*story.FROM_THE_START, *story.CONSENTS]
        assert store.scalar(select(func.count(Consent.id))) == len(signed)
        tags = set(store.scalars(select(Event.tag)))
        assert tags >= {
            "session:moved",
            "session:cancelled",
            "person:message:sent",
            "client:contact:made",
        }
        assert list(chain.verify(store)) == []


def test_history_reads_in_the_order_in_which_it_happened(demo: Database) -> None:
    with demo.reading() as store:
        instants = store.scalars(select(Event.at).order_by(Event.id)).all()
    assert all(earlier <= later for earlier, later in pairwise(instants))
    assert instants[-1] < THAT_DAY


def test_every_step_was_taken_on_time(demo: Database) -> None:
    with demo.reading() as store:
        steps = store.scalars(select(Step).where(Step.result == "taken")).all()
    assert len(steps) > 200
    for step in steps:
        assert step.taken_at is not None
        assert step.taken_at - step.due_at < timedelta(minutes=1), (step.rung, step.seat_id)


def test_gus_was_not_heard_of_the_last_time_and_his_outreach_is_open(demo: Database) -> None:
    with demo.reading() as store:
        gus = cast.find(store).gus
        open_ones = select(Task).where(Task.client_id == gus.id, Task.is_open)
        assert [task.kind for task in store.scalars(open_ones)] == ["outreach"]


def test_no_notice_about_the_past_is_sent_again(demo: Database) -> None:
    announce(demo, THAT_DAY)
    with demo.reading() as store:
        past = (
            Notification.decided_at < THAT_DAY - folding.WITHIN
        )  # later changes still wait for others
        again = select(func.count(Notification.id)).where(Notification.is_open, past)
        assert store.scalar(again) == 0
        assert store.scalar(select(func.count(Notification.id))) > 200


def test_the_coming_two_weeks_are_planned(demo: Database) -> None:
    with demo.reading() as store:
        ahead = select(func.count(Session.id)).where(Session.starts_at > THAT_DAY)
        assert (store.scalar(ahead) or 0) > 15


def test_charlie_has_no_part_in_it(demo: Database) -> None:
    with demo.reading() as store:
        charlie = cast.find(store).charlie
        assert store.scalars(select(Seat).where(Seat.client_id == charlie.id)).all() == []
        assert store.scalars(tasks.visible_to(charlie)).all() == []


def test_a_history_that_fails_half_way_leaves_nothing(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> Callable[..., None]:
        raise RuntimeError("the lights went out")

    monkeypatch.setattr(actions, "confirming", stumble)
    with pytest.raises(RuntimeError):
        story.tell(fresh_database, THAT_DAY)
    with fresh_database.reading() as store:
        assert store.scalar(select(func.count(Person.id))) == 0
        assert store.scalar(select(func.count(Event.id))) == 0


def test_both_programs_say_that_they_are_a_demo(demo: Database) -> None:
    with demo.reading() as store:
        assert set(store.scalars(select(Program.demo))) == {True}


def test_there_are_make_ups_in_every_state(demo: Database) -> None:
    with demo.reading() as store:
        made = store.scalars(select(MakeUp)).all()
        assert sum(each.completed_at is not None for each in made) == 2
        assert store.scalars(waitlist.live()).one().entry.client.ref == "leo"
        entries = store.scalars(waitlist.in_any_line()).all()
        assert sorted(each.client.ref for each in entries) == ["ben", "leo", "maya"]
        slots = store.scalars(select(Session).where(Session.ref.startswith("slot-"))).all()
        assert {each.kind for each in slots} >= {"individual", "group", "couples"}
        waiting = store.scalars(reflections.unanswered(cast.find(store).harbor.id)).all()
        assert [each.make_up.seat.client.ref for each in waiting] == ["ivy"]
