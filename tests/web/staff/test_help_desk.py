"""The help desk: waiting calls with their connection tests, outcomes, and technical absences counted apart."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.counting import statements
from webapp.care.attendance import absences
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import connection_tests, help_calls
from webapp.care.contact.addresses import Address
from webapp.care.contact.tasks import Task

DESK = "/staff/help-desk"
FACTS = {
    "round_trips": [700, 812.5, 900], "kbit": 640, "skew": -3.2, "cameras": 1, "connection": "3g",
    "camera_trouble": "NotAllowedError", "agent": "Mozilla/5.0 (iPhone) Safari/604.1",
}  # fmt: skip


@pytest.fixture
def call(store, world, clock, room, seat_of):
    """`call()`: Maya can't get into Carla's room that began five minutes ago; asked just now."""

    def made(who=None, minutes=-5, tested=True, **more) -> Task:
        client, now = who or world.maya, clock.now()
        seat = seat_of(room([client], minutes=minutes, **more), client)
        if tested:
            connection_tests.keep(
                store, {"network": "weak", "camera": "blocked"}, by=client, now=now,
                round_trip=812.5, facts=FACTS,
            )  # fmt: skip
        task = help_calls.report(store, seat, by=client, now=now)
        store.commit()
        return task

    return made


@pytest.fixture
def theo(visit, world):
    """The technician's browser, signed in."""
    return visit(world.theo)


def test_a_call_shows_who_waits_how_long_and_the_connection_test(theo, call, clock):
    call()
    clock.forward(minutes=4)
    page = theo.get(DESK).text
    assert "Maya Torres" in page
    assert "4 minutes" in page
    assert 'href="tel:+12125550107"' in page
    for words in ("Network: weak", "Camera: not allowed", "812 ms (3 tries, 700 to 900)",
                  "0.6 Mbit/s", "3 s behind", "1 found · NotAllowedError", "iPhone"):  # fmt: skip
        assert words in page, words


def test_the_technician_needs_no_chart_to_help(theo, call, world):
    call()
    page = theo.get(DESK).text
    assert f"/staff/people/{world.maya.id}" not in page
    assert theo.get(f"/staff/people/{world.maya.id}").status_code == 404


def test_the_longest_waiting_call_is_first(theo, call, world, clock):
    call(world.gus)
    clock.forward(minutes=2)
    call(world.maya, minutes=-6)
    page = theo.get(DESK).text
    assert page.index("Gus Kowalski") < page.index("Maya Torres")


@pytest.mark.parametrize("who", ["carla", "colin", "tessa", "maya", "henry"])
def test_the_help_desk_is_not_found_by_others(visit, world, call, who):
    """S1."""
    task = call()
    browser = visit(getattr(world, who))
    assert browser.get(DESK).status_code == 404
    for what in ("claim", "end", "attempt"):
        assert browser.post(f"{DESK}/{task.id}/{what}", {"solved": "video"}).status_code == 404


def test_another_programs_help_desk_is_empty(visit, world, call):
    """S1: programs are walled off."""
    task = call()
    for stranger in (world.kit, world.greta):
        browser = visit(stranger)
        assert "Maya" not in browser.get(DESK).text
        assert browser.post(f"{DESK}/{task.id}/claim").status_code == 404


def test_claiming_a_call_is_shown_to_colleagues_and_makes_it_ones_own(
    visit, world, call, store, theo
):
    task = call()
    assert 'Help desk<span class="console-count">1</span>' in theo.get(DESK).text
    answer = visit(world.cody).post(f"{DESK}/{task.id}/claim", htmx=True)
    assert "You're on it" in answer.text
    page = theo.get(DESK).text
    assert "Cody Lind is on it" in page
    assert 'Help desk<span class="console-count">' not in page
    store.expire_all()
    assert (task.owner_id, task.acknowledged_by_id) == (world.cody.id, world.cody.id)
    handed = select(Event.by_id).where(Event.tag == Tag.TASK_HANDED_OVER)
    assert store.scalars(handed).all() == [world.cody.id]


def test_a_call_cannot_be_claimed_twice(visit, world, call, theo):
    task = call()
    theo.post(f"{DESK}/{task.id}/claim")
    answer = visit(world.cody).post(f"{DESK}/{task.id}/claim", htmx=True)
    assert answer.status_code == 409
    assert "Theo Banks is helping already." in answer.text


@pytest.mark.parametrize(("solved", "words"), [("video", "In by video"), ("phone", "In by phone")])
def test_one_click_ends_a_call(theo, call, store, solved, words):
    task = call()
    answer = theo.post(f"{DESK}/{task.id}/end", {"solved": solved}, htmx=True)
    assert "Nobody is stuck" in answer.text
    assert words in answer.text
    store.expire_all()
    assert (task.is_open, task.outcome, task.brief["solved"]) == (False, "reached", solved)
    assert not store.scalars(select(AbsenceReport)).all()


def test_a_call_that_cannot_be_solved_today_is_a_technical_absence(theo, call, store, world, clock):
    """M15: report for the client, so that nobody chases them, and counted apart."""
    task = call()
    answer = theo.post(f"{DESK}/{task.id}/end", {"solved": "not_today"}, htmx=True)
    report = store.scalars(select(AbsenceReport)).one()
    assert (report.reason, report.by_id) == ("technical", world.theo.id)
    assert "Not today" in answer.text
    this_week = re.search(r'<th scope="row">Mar 2</th><td class="amount">(\d+)</td>', answer.text)
    assert this_week[1] == "1"


def test_an_unknown_outcome_is_refused(theo, call, store):
    """R12."""
    task = call()
    assert theo.post(f"{DESK}/{task.id}/end", {"solved": "magic"}, htmx=True).status_code == 422
    store.expire_all()
    assert task.is_open


def test_a_call_that_a_colleague_ended_says_so_where_it_is_listed(visit, world, theo, call, store):
    task = call()
    theo.post(f"{DESK}/{task.id}/end", {"solved": "video"})
    for path, form in (("end", {"solved": "not_today"}), ("claim", {}), ("attempt", {})):
        answer = visit(world.cody).post(f"{DESK}/{task.id}/{path}", form, htmx=True)
        assert answer.status_code == 409
        ended = answer.text.split("Ended today")[1]
        assert "This has been done already." in ended
    assert "This has been done already." not in theo.get(DESK).text
    assert store.scalars(select(AbsenceReport)).all() == []


def test_ending_a_call_twice_is_refused_with_a_sentence(theo, call):
    task = call()
    theo.post(f"{DESK}/{task.id}/end", {"solved": "video"})
    again = theo.post(f"{DESK}/{task.id}/end", {"solved": "phone"}, htmx=True)
    assert again.status_code == 409


def test_a_call_nobody_answered_is_due_again_within_minutes(theo, call, store, clock):
    task = call()
    page = theo.post(f"{DESK}/{task.id}/attempt", htmx=True).text
    assert "No answer" in page
    assert "Maya Torres" in page
    store.expire_all()
    assert timedelta(minutes=9) < task.due_at - clock.now() <= timedelta(minutes=10)


def test_without_javascript_a_form_leads_back_to_the_help_desk(theo, call):
    task = call()
    answer = theo.post(f"{DESK}/{task.id}/claim")
    assert (answer.status_code, answer.location) == (303, DESK)


def test_an_unsafe_number_is_not_offered(theo, call, store, world, clock):
    """P9."""
    call()
    number = select(Address).where(Address.person_id == world.maya.id, Address.channel == "sms")
    store.scalars(number).one().unsafe_at = clock.now()
    store.commit()
    page = theo.get(DESK).text
    assert "tel:+12125550107" not in page
    assert "marked unsafe" in page


def test_the_sessions_dial_in_number_is_shown_to_read_out(theo, call, store):
    task = call()
    task.session.dial_in = "+12125550100,,93412#"
    store.commit()
    page = theo.get(DESK).text
    assert "+1 212-555-0100" in page
    assert "93412 #" in page


def test_a_call_without_a_connection_test_is_shown_too(theo, call):
    call(tested=False)
    assert "They asked without a self-test." in theo.get(DESK).text


def test_technical_absences_are_counted_by_the_programs_own_weeks(
    theo, store, world, room, seat_of, clock
):
    """Sunday evening in New York is Monday in UTC, and still last week's."""
    for minutes, reason in ((-3 * 1440 + 600, "technical"), (-2 * 1440, "technical"), (-1440, "work")):  # fmt: skip
        seat = seat_of(room([world.gus], minutes=minutes), world.gus)
        absences.report(store, seat, by=None, now=clock.now(), reason=reason)
    store.commit()
    by_week = dict(re.findall(r'<th scope="row">(\w+ \d+)</th><td class="amount">(\d+)</td>', theo.get(DESK).text))  # fmt: skip
    assert by_week["Mar 2"] == "1"
    assert by_week["Feb 23"] == "1"


def test_the_clients_page_counts_technical_absences_apart(
    carla, store, world, room, seat_of, clock
):
    """M15."""
    page = f"/staff/people/{world.gus.id}"
    assert "counted apart" not in carla.get(page).text
    seat = seat_of(room([world.gus], minutes=-1440), world.gus)
    absences.report(store, seat, by=None, now=clock.now(), reason="technical")
    store.commit()
    assert "1 technical in four weeks, counted apart" in carla.get(page).text


def test_many_calls_cost_as_many_statements_as_one(theo, call, world, database):
    call(world.gus)
    with statements(database) as few:
        theo.get(DESK)
    for number, client in enumerate((world.maya, world.ivy, world.june, world.leo)):
        call(client, minutes=-7 - number)
    with statements(database) as many:
        theo.get(DESK)
    assert len(many) <= len(few)
