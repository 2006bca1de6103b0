"""The Tasks page: what happened, what to say, and recording outcomes."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.counting import statements
from webapp.care.attendance import absences
from webapp.care.contact import addresses, contacts, tasks
from webapp.care.contact.contacts import Contact
from webapp.care.contact.tasks import TaskKind
from webapp.care.directory.people import Person
from webapp.notify import replies
from webapp.operations import received_texts


@pytest.fixture
def task(store, world, room, clock):
    """`task(world.maya)`: a call for Carla, due in an hour."""

    def made(client=None, kind=TaskKind.OUTREACH, owner=None, **more):
        client = client or world.maya
        session = room([client], -70, ref=f"{kind}{client.id}")
        opened = tasks.open_one(
            store, key=f"{kind}:{client.id}", kind=kind, program_id=client.program_id,
            due_at=clock.now() + timedelta(hours=1), now=clock.now(), client=client,
            seat=session.seats[0], owner_id=(owner or world.carla).id, **more,
        )  # fmt: skip
        store.commit()
        return opened

    return made


def test_a_task_tells_what_happened_and_what_to_say(carla, task):
    task()
    page = carla.get("/staff/tasks").text
    assert "Reach out" in page
    assert "Maya Torres had a place in Evening group" in page
    assert "Due in" in page
    assert "this is Carla" in page
    assert "Never name the program" in page
    assert "+1 212-555-0107" in page


def test_the_couples_therapist_gets_relational_prompts(visit, world, task):
    task(
        kind=TaskKind.RELATIONAL, owner=world.tessa,
        brief={"prompts": ["tension", "miscommunication", "practical_load"]},
    )  # fmt: skip
    page = visit(world.tessa).get("/staff/tasks").text
    for word in ("Tension", "Miscommunication", "Practical load"):
        assert word in page


@pytest.mark.parametrize("kind", [TaskKind.OUTREACH, TaskKind.RELATIONAL, TaskKind.ESCALATION])
@pytest.mark.parametrize("how", ["reply", "report", "call"])
def test_after_contact_a_task_no_longer_says_that_nobody_has_heard(
    visit, world, store, task, clock, kind, how
):
    """Rule 17."""
    opened = task(kind=kind, owner=world.susan, brief={"prompts": []})
    if kind == TaskKind.ESCALATION:
        opened.brief = {"seats": [opened.seat_id]}
    contacts.record(
        store, world.maya, channel="call", outcome="reached", by=world.carla,
        now=clock.now(), at=clock.now() - timedelta(days=1),
    )  # fmt: skip
    store.commit()
    susan = visit(world.susan)
    before = susan.get("/staff/tasks").text
    assert "in touch" not in before.split("Maya Torres", 1)[1].split("</p>")[0]
    clock.forward(minutes=5)
    if how == "report":
        absences.report(store, opened.seat, by=world.maya, now=clock.now(), reason="illness")
    else:
        by = world.maya if how == "reply" else world.carla
        contacts.record(store, world.maya, channel=how, outcome="reached", by=by, now=clock.now())
    store.commit()
    after = susan.get("/staff/tasks").text
    assert "nobody has heard" not in after
    assert "or heard from them" not in after
    assert re.search(r"in touch[^<]*: Mar 4, 1:05", after)


def test_a_miss_after_the_contact_is_silent_again(visit, world, store, task, clock, room):
    """Rule 17."""
    opened = task(kind=TaskKind.ESCALATION, owner=world.susan)
    contacts.record(
        store, world.maya, channel="reply", outcome="reached", by=world.maya, now=clock.now()
    )
    clock.forward(days=1)
    later = room([world.maya], -30, ref="later").seats[0]
    opened.brief = {"seats": [opened.seat_id, later.id]}
    store.commit()
    assert "nobody has heard from them" in visit(world.susan).get("/staff/tasks").text


def test_a_couples_task_names_both_who_were_missed(visit, world, room, task):
    """Rule 8: one task for both."""
    seats = room([world.maya, world.ben], -90, ref="both").seats
    task(kind=TaskKind.RELATIONAL, owner=world.tessa, brief={"seats": [seat.id for seat in seats]})
    page = visit(world.tessa).get("/staff/tasks").text
    assert "Maya Torres and Ben Torres were not seen" in page


def test_a_review_shows_the_silent_misses(visit, world, room, task):
    first = room([world.maya], -60 * 48, ref="first").seats[0]
    second = room([world.maya], -60 * 24, ref="second", title="Skills").seats[0]
    task(kind=TaskKind.ESCALATION, owner=world.susan, brief={"seats": [first.id, second.id]})
    page = visit(world.susan).get("/staff/tasks").text
    assert "missed more than once in a row" in page
    assert "Skills, 1:00" in page


def test_a_pattern_shows_its_evidence_and_what_may_help(carla, task):
    pattern = {"name": "same_slot", "seats": [1, 2, 3], "proposals": ["other_times"]}
    task(kind=TaskKind.PATTERN_REVIEW, brief={"patterns": [pattern]})
    page = carla.get("/staff/tasks").text
    assert "Mostly the same weekday or hour" in page
    assert "3 sessions" in page
    assert "Other times" in page


def test_a_draft_of_the_plan_is_shown(carla, task, room, world):
    fits = room([world.gus], 60 * 24, ref="fits")
    draft = {"make_ups": [fits.id], "resources": ["phone_dial_in"], "barrier": "technical"}
    task(kind=TaskKind.REENGAGEMENT, brief={"draft": draft})
    page = carla.get("/staff/tasks").text
    assert f"/staff/sessions/{fits.id}" in page
    assert "Joining by phone" in page
    assert "Technical trouble" in page


@pytest.mark.parametrize("outcome", ["reached", "declined"])
def test_an_outcome_with_contact_completes_the_task(carla, task, store, outcome):
    opened = task()
    answer = carla.post(f"/staff/tasks/{opened.id}/outcome", {"outcome": outcome})
    assert answer.status_code == 303
    store.refresh(opened)
    assert (opened.is_open, opened.outcome) == (False, outcome)
    assert store.scalars(select(Contact.two_way)).all() == [True]
    assert "Maya Torres" in carla.get("/staff/tasks?show=done").text
    assert "Nothing waits for you" in carla.get("/staff/tasks").text


@pytest.mark.parametrize("outcome", ["no_answer", "left_message", "wrong_number"])
def test_an_outcome_without_contact_keeps_the_task_open_until_the_next_attempt(
    carla, task, store, clock, outcome
):
    opened = task()
    carla.post(f"/staff/tasks/{opened.id}/outcome", {"outcome": outcome})
    store.refresh(opened)
    assert opened.is_open
    assert opened.due_at - clock.now() > timedelta(minutes=119)
    page = carla.get("/staff/tasks").text
    assert "next try" in page
    assert "Taken on" in page


def test_the_next_attempt_can_be_chosen(carla, task, store, clock):
    opened = task()
    form = {"outcome": "no_answer", "again": "PT30M"}
    carla.post(f"/staff/tasks/{opened.id}/outcome", form)
    store.refresh(opened)
    assert timedelta(minutes=29) < opened.due_at - clock.now() <= timedelta(minutes=30)


def test_calling_back_needs_a_time(carla, task, store):
    opened = task()
    path = f"/staff/tasks/{opened.id}/outcome"
    refused = carla.post(path, {"outcome": "call_back_at", "note": "After work."})
    assert refused.status_code == 422
    assert "Say when to call back." in refused.text
    assert "After work." in refused.text
    carla.post(path, {"outcome": "call_back_at", "call_back_at": "2026-03-04T17:30"})
    store.refresh(opened)
    assert opened.due_at.isoformat() == "2026-03-04T22:30:00+00:00"


def test_closing_needs_a_reason(carla, task, store):
    opened = task()
    path = f"/staff/tasks/{opened.id}/outcome"
    assert "Say why this is closed." in carla.post(path, {"outcome": "closed"}).text
    carla.post(path, {"outcome": "closed", "note": "Moved to another program."})
    store.refresh(opened)
    assert (opened.outcome, opened.note) == ("closed", "Moved to another program.")


def test_an_unknown_outcome_changes_nothing(carla, task, store):
    opened = task()
    answer = carla.post(f"/staff/tasks/{opened.id}/outcome", {"outcome": "bribed"})
    assert answer.status_code == 422
    store.refresh(opened)
    assert opened.is_open
    assert opened.attempts == []


def test_a_task_is_acknowledged_in_one_click(carla, task, store, world):
    opened = task()
    carla.post(f"/staff/tasks/{opened.id}/acknowledgement")
    store.refresh(opened)
    assert opened.acknowledged_by_id == world.carla.id
    assert "Taken on" in carla.get("/staff/tasks").text


def test_an_outcome_of_a_task_that_was_completed_meanwhile_is_refused(carla, task, store, clock):
    opened = task()
    opened.withdraw(store, "joined", by=None, now=clock.now())
    store.commit()
    answer = carla.post(f"/staff/tasks/{opened.id}/outcome", {"outcome": "reached"})
    assert answer.status_code == 409
    assert "This has been done already." in answer.text
    page = carla.get("/staff/tasks?show=done").text
    assert "They joined after all." in page
    assert "Resolved by itself" in page


@pytest.mark.parametrize("htmx", [True, False])
def test_a_task_that_was_done_elsewhere_is_refused_at_its_card_and_keeps_the_note(
    carla, task, store, clock, world, htmx
):
    opened, other = task(), task(world.gus)
    opened.withdraw(store, "joined", by=None, now=clock.now())
    store.commit()
    form = {"outcome": "closed", "note": "She moved away."}
    answer = carla.post(f"/staff/tasks/{opened.id}/outcome", form, htmx=htmx)
    assert answer.status_code == 409
    cards = dict(re.findall(r'<article[^>]*id="task-(\d+)"(.*?)</article>', answer.text, re.DOTALL))
    assert "This has been done already." in cards[str(opened.id)]
    assert "She moved away." in cards[str(opened.id)]
    assert "This has been done already." not in cards[str(other.id)]
    store.refresh(opened)
    assert (opened.outcome, opened.note) == ("joined", None)


def test_a_task_that_was_done_elsewhere_cannot_be_taken_on_and_the_list_stays(
    carla, task, store, clock, world
):
    opened, other = task(), task(world.gus)
    opened.withdraw(store, "joined", by=None, now=clock.now())
    store.commit()
    answer = carla.post(f"/staff/tasks/{opened.id}/acknowledgement", htmx=True)
    assert answer.status_code == 409
    assert "This has been done already." in answer.text
    assert f'id="task-{other.id}"' in answer.text


def test_htmx_gets_the_same_list_as_the_page(carla, task, awake):
    awake()
    task()
    part = carla.get("/staff/tasks", htmx=True).text
    assert part.lstrip().startswith('<div class="stack" id="live">')
    assert "Reach out" in part
    assert "<html" not in part


def test_htmx_gets_the_list_without_the_finished_task(carla, task):
    opened = task()
    answer = carla.post(f"/staff/tasks/{opened.id}/outcome", {"outcome": "reached"}, htmx=True)
    assert answer.status_code == 200
    assert "Nothing waits for you" in answer.text
    assert f'data-sent="task-{opened.id}"' in answer.text


def test_a_due_task_is_listed_as_overdue(carla, task, clock):
    task()
    assert "Nothing is overdue" in carla.get("/staff/tasks?show=overdue").text
    clock.forward(minutes=10, hours=1)
    assert "Due 10 minutes ago" in login_again(carla).get("/staff/tasks?show=overdue").text


def login_again(visit):
    """More than a quarter of an hour has passed: staff sign in anew."""
    with visit.app.extensions["database"].reading() as store:
        carla = store.scalar(select(Person).where(Person.ref == "carla"))
    return type(visit)(visit.app, carla)


def test_tasks_of_colleagues_in_my_role_are_listed_under_my_role(visit, world, task):
    task()
    page = visit(world.susan).get("/staff/tasks?show=role").text
    assert "Reach out" in page
    assert "Carla Reyes" in page


def test_an_unsafe_number_is_never_offered(carla, task, store, world, clock):
    sms = store.scalars(addresses.of(world.maya.id)).all()[1]
    sms.unsafe_at = clock.now()
    task()
    page = carla.get("/staff/tasks").text
    assert "marked unsafe" in page
    assert f"tel:{world.maya.phone}" not in page


@pytest.mark.parametrize("verb", ["acknowledgement", "outcome"])
def test_staff_who_may_not_see_a_task_do_not_find_it(visit, world, task, verb, store):
    opened = task()
    for stranger in (world.colin, world.theo, world.greta, world.maya, world.charlie):
        form = {"outcome": "reached"}
        assert visit(stranger).post(f"/staff/tasks/{opened.id}/{verb}", form).status_code == 404
    store.refresh(opened)
    assert opened.is_open
    assert opened.acknowledged_at is None


def test_many_tasks_cost_as_many_statements_as_one(carla, task, world, database):
    task()
    with statements(database) as few:
        carla.get("/staff/tasks")
    for client in (world.gus, world.ivy, world.leo, world.june):
        task(client)
    with statements(database) as many:
        carla.get("/staff/tasks")
    assert len(many) == len(few)
    assert len(many) < 20
    assert len(carla.get("/staff/tasks").text.split('<article class="card task"')) == 6


@pytest.fixture
def text_from(store, clock):
    """`text_from("+1…", "words")`: a text that came a moment ago, acted on."""

    def made(phone, words):
        text = received_texts.keep(store, f"SM{words}", phone, words, None, now=clock.now())
        replies.act(store, text, clock.now())
        store.commit()

    return made


def test_a_text_of_a_number_nobody_has_is_read_by_coordinators_and_supervisors_alone(
    visit, world, text_from
):
    text_from("+12125550999", "is it at six?")
    for reader in (world.cody, world.susan):
        page = visit(reader).get(
            "/staff/tasks?show=role" if reader is world.susan else "/staff/tasks"
        )
        assert "nobody here has the number" in page.text
        assert "is it at six?" in page.text
    for stranger in (world.carla, world.theo, world.ada):
        for show in ("mine", "role"):
            assert "is it at six?" not in visit(stranger).get(f"/staff/tasks?show={show}").text


def test_words_of_crisis_come_first_with_what_to_do(carla, task, world, text_from):
    task()
    text_from(world.june.phone, "i want to die")
    page = carla.get("/staff/tasks").text
    assert page.index("Urgent: words of crisis") < page.index("Reach out")
    assert "June Whitaker may be in danger" in page
    assert "Ask directly" in page
    assert f"/staff/people/{world.june.id}/messages" in page


def test_the_next_try_after_words_of_crisis_is_not_put_off(carla, store, world, text_from, clock):
    text_from(world.june.phone, "i want to die")
    urgent = store.scalars(select(tasks.Task).where(tasks.Task.kind == TaskKind.CRISIS)).one()
    carla.post(f"/staff/tasks/{urgent.id}/outcome", {"outcome": "no_answer", "again": "P1D"})
    store.expire_all()
    assert urgent.is_open
    assert urgent.due_at <= clock.now() + timedelta(minutes=15)


def test_a_wrong_number_asks_for_the_right_one(visit, world, text_from):
    text_from(world.maya.phone, "wrong number")
    page = visit(world.cody).get("/staff/tasks").text
    assert "Somebody else has the number we had for Maya Torres" in page
