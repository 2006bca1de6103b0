"""Words of self-harm or crisis in any form of a client's: an urgent task at once, and a card with 988 on the page (rule 16)."""

import uuid

import pytest
from sqlalchemy import select

from tests.visiting import Visit
from webapp import create_app
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.audit.tags import Tag
from webapp.care.contact.messages import Message
from webapp.care.contact.tasks import Task
from webapp.care.materials import homework
from webapp.care.materials.drafts import Draft

WORDS = "Some days I just want to end it all."


@pytest.fixture
def kept(database):
    """`kept(select(…))`: what is committed, read by a connection of its own."""

    def read(query):
        with database.reading() as reading:
            return list(reading.scalars(query))

    return read


@pytest.fixture
def urgent(kept):
    """The urgent tasks there are."""
    return lambda: kept(select(Task).where(Task.kind == "crisis"))


def has_card(answer):
    return "Your counselor has been told" in answer.text and "tel:988" in answer.text


def test_a_message_is_answered_with_the_card_and_an_urgent_task(maya, world, clock, urgent, kept):
    answer = maya.post("/messages", {"body": WORDS}, htmx=True)
    assert has_card(answer)
    assert 'hx-swap-oob="afterbegin:#main"' in answer.text
    assert '<section class="thread"' in answer.text
    [task] = urgent()
    assert (task.client_id, task.owner_id, task.brief["where"]) == (
        world.maya.id,
        world.carla.id,
        "app",
    )
    assert [each.body for each in kept(select(Message))] == [WORDS]


def test_without_scripts_the_next_page_shows_the_card_once(maya):
    answer = maya.post("/messages", {"body": WORDS})
    assert answer.status_code == 303
    assert has_card(maya.follow(answer))
    assert "Your counselor has been told" not in maya.get("/messages").text


def test_an_absence_note_is_read_too(maya, seat_in, urgent):
    seat = seat_in(hours=3)
    answer = maya.post(f"/seats/{seat.id}/absence", {"reason": "other", "note": WORDS}, htmx=True)
    assert has_card(answer)
    assert len(urgent()) == 1


def test_a_note_that_a_phone_sends_later_by_script_shows_the_card_on_the_next_page(
    maya, seat_in, urgent
):
    seat = seat_in(hours=3)
    form = {"note": WORDS, "request_id": str(uuid.uuid4())}
    answer = maya.post(f"/seats/{seat.id}/absence", form, headers={"Accept": "application/json"})
    assert answer.get_json() == {"taken": True}
    assert len(urgent()) == 1
    assert has_card(maya.get("/"))


def test_a_form_that_is_refused_counts(fresh_database, settings, world):
    """With several connections, since what is committed beside a request outlives its refusal."""
    maya = Visit(create_app(settings, fresh_database), world.maya)
    answer = maya.post("/messages", {"body": "kms " * 2000}, htmx=True)
    assert answer.status_code == 422
    assert has_card(answer)
    with fresh_database.reading() as reading:
        assert [task.kind for task in reading.scalars(select(Task))] == ["crisis"]
        assert reading.scalar(select(Message)) is None


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/me/needs", {"need": "other", "detail_other": WORDS}),
        ("/me/backup-plan", {"note": WORDS}),
    ],
)
def test_needs_and_the_backup_plan_are_read(maya, path, form, urgent):
    assert has_card(maya.post(path, form, htmx=True))
    assert len(urgent()) == 1


def test_homework_is_read_when_it_is_handed_in_and_not_while_it_is_a_draft(
    maya, store, world, clock, urgent, kept
):
    task, _ = homework.put(
        store, world.harbor, "week-1", title="Week 1", body="Write.", clients=[world.maya], by=world.carla,
        now=clock.now(),
    )  # fmt: skip
    store.commit()
    where = f"/homework/{task.id}"
    for path, form in (
        (where, {"body": WORDS, "then": "later"}),
        ("/drafts", {"about": f"homework:{task.id}", "body": WORDS + " ", "edition": "1"}),
    ):
        maya.post(path, form)
    assert len(kept(select(Draft))) == 1
    assert urgent() == []
    assert has_card(maya.post(where, {"body": WORDS}, htmx=True))
    assert len(urgent()) == 1


def test_ordinary_words_show_no_card(maya, urgent):
    answer = maya.post("/messages", {"body": "I can't stop crying, can we talk?"}, htmx=True)
    assert "988" not in answer.text.split('class="composer-note"')[0]
    assert urgent() == []


def test_staffs_own_words_are_not_taken_for_a_clients(visit, world, urgent, kept):
    visit(world.carla).post(f"/staff/people/{world.maya.id}/messages", {"body": WORDS})
    assert [each.body for each in kept(select(Message))] == [WORDS]
    assert urgent() == []


def test_a_partners_words_are_their_couples_teams(visit, world, urgent):
    visit(world.henry).post("/me/language", {"language": "en", "why": WORDS})
    [task] = urgent()
    assert (task.client_id, task.owner_id) == (world.june.id, world.carla.id)


def test_what_another_system_reports_is_read(caller, world, seat_in, urgent):
    seat = seat_in(hours=3, ref="evening")
    body = {"session": "evening", "client": "maya", "reason": "other", "note": WORDS}
    assert caller(world.harbor)("POST", "/absences", body).status_code == 201
    [task] = urgent()
    assert (task.client_id, task.brief["where"]) == (seat.client_id, "system")
    assert Tag.CRISIS_WORDS.fields == {"kind", "where", "owner", "supervisor"}


def test_words_that_come_over_the_limit_of_messages_or_in_a_second_report_are_kept_for_staff(
    maya, seat_in, urgent, kept
):
    for n in range(30):
        maya.post("/messages", {"body": f"Line {n}"})
    assert maya.post("/messages", {"body": "One more"}).status_code == 429
    assert maya.post("/messages", {"body": WORDS}).status_code == 303
    assert kept(select(Message).order_by(Message.id))[-1].body == WORDS
    seat = seat_in(hours=30)
    for note in ("My shift moved.", WORDS, WORDS):
        form = {"reason": "work", "note": note, "request_id": str(uuid.uuid4())}
        assert maya.post(f"/seats/{seat.id}/absence", form).status_code == 303
    [report] = kept(select(AbsenceReport))
    assert (report.reason, report.note) == ("work", f"My shift moved.\n\n{WORDS}")
    assert len(urgent()) == 1
