"""The People pages: search, next steps, the chart, and what staff record about a client."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.care.evenings import room
from tests.counting import statements
from webapp.care import leaving
from webapp.care.attendance import absences, presence
from webapp.care.attendance.absences import Excusal
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses, tasks
from webapp.care.contact.contacts import Contact
from webapp.care.contact.reengagement_plans import Plan


def readings(store, client):
    return store.scalar(
        select(func.count()).where(Event.tag == Tag.CHART_READ, Event.client_id == client.id)
    )


def test_clients_are_found_by_a_part_of_their_name(carla, world):
    page = carla.get("/staff/people?q=torr").text
    assert "Maya Torres" in page
    assert "Gus Kowalski" not in page
    assert "Nobody by that name" in carla.get("/staff/people?q=zzz").text


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Łucja Peña-O’Neil", "pena lucja"),
        ("Łucja Peña-O’Neil", "O'NEIL"),
        ("Łucja Peña-O’Neil", "penaoneil"),
        ("Łucja Peña-O’Neil", "łucja pen\u0303a"),
        ("Bjørn Weiß", "WEISS, bjorn"),
        ("Jose\u0301\u00a0Núñez", "JOSÉ NUÑ"),
        ("Ellen Oʻbrien", "O´Brien Ellen"),
    ],
)
def test_a_name_is_found_however_it_is_typed(carla, world, store, name, typed):
    """On both databases."""
    world.maya.name = name
    store.commit()
    page = carla.get("/staff/people", query_string={"q": typed}).text
    assert f"/staff/people/{world.maya.id}" in page
    assert f"/staff/people/{world.gus.id}" not in page


@pytest.mark.parametrize("typed", ["%", "_", "' -", "maya gus", "yat"])
def test_a_name_that_nobody_has_finds_nobody(carla, typed):
    """A short word is found within one word only, and signs mean nothing to the database."""
    assert "Nobody by that name" in carla.get("/staff/people", query_string={"q": typed}).text


def test_people_are_sorted_alike_on_both_databases(carla, world, store):
    for ref, name in {"maya": "Östlund Zoe", "gus": "osman Ali", "june": "Øst An"}.items():
        getattr(world, ref).name = name
    store.commit()
    page = carla.get("/staff/people").text
    places = [page.index(name) for name in ("osman Ali", "Øst An", "Östlund Zoe")]
    assert places == sorted(places)


def test_only_people_in_ones_care_are_found(carla, visit, world):
    assert "Zoe Laurent" not in carla.get("/staff/people").text
    assert "Zoe Laurent" in visit(world.susan).get("/staff/people").text
    assert "Maya" not in visit(world.greta).get("/staff/people").text


def test_a_search_by_htmx_gets_the_same_list(carla):
    part = carla.get("/staff/people?q=maya", htmx=True).text
    assert "Maya Torres" in part
    assert "<html" not in part


def test_the_page_shows_the_standing_and_the_care_team(carla, world, room):
    room([world.maya], -10)
    room([world.maya], 60 * 24, title="Skills")
    page = carla.get(f"/staff/people/{world.maya.id}").text
    for words in ("Maya Torres", "Waiting", "Susan Okafor", "Tessa Moreau", "Ben Torres", "Skills"):
        assert words in page


def test_an_administrator_ends_a_couple_after_confirming_it(carla, visit, world, store):
    path = f"/staff/people/{world.maya.id}"
    susan = visit(world.susan)
    page = susan.get(path).text
    assert page.index("End this couple</span>") < page.index("Yes, end it")
    form = {"couple": world.maya_and_ben.id}
    assert "End this couple" not in carla.get(path).text
    assert carla.post(f"{path}/couple/end", form).status_code == 404
    susan.post(f"{path}/couple/end", {"couple": world.june_and_henry.id})
    assert "Ben Torres" in susan.get(path).text
    assert "Ben Torres" not in susan.post(f"{path}/couple/end", form, htmx=True).text
    store.expire_all()
    assert world.maya_and_ben.ended_at
    assert world.june_and_henry.ended_at is None


def test_what_happens_next_shows_every_rung_with_its_reason(carla, world, room, ladder):
    session = room([world.maya], -10)
    ladder()
    page = carla.get(f"/staff/people/{world.maya.id}").text
    assert page.count("ladder-rung ladder-rung--") == 9
    assert "Counselor reaches out" in page
    assert "Not enough misses in a row without contact." in page
    assert f"/staff/sessions/{session.id}" in page


def test_reading_a_chart_leaves_one_trace(carla, world, store, room):
    room([world.maya], -10)
    assert readings(store, world.maya) == 0
    carla.get(f"/staff/people/{world.maya.id}")
    assert readings(store, world.maya) == 1
    carla.get(f"/staff/people/{world.maya.id}", htmx=True)
    assert readings(store, world.maya) == 2
    event = store.scalars(select(Event).where(Event.tag == Tag.CHART_READ)).first()
    assert event.by_id == world.carla.id


def test_staff_outside_the_care_team_find_nothing_and_leave_no_trace(visit, world, store):
    for stranger in (world.colin, world.greta, world.theo, world.maya, world.charlie, world.ben):
        visitor = visit(stranger)
        assert visitor.get(f"/staff/people/{world.maya.id}").status_code == 404
    assert readings(store, world.maya) == 0


def test_staff_are_not_clients(carla, world):
    assert carla.get(f"/staff/people/{world.carla.id}").status_code == 404


@pytest.mark.parametrize("path", ["plans", "contacts"])
def test_staff_outside_the_care_team_record_nothing(visit, world, store, path):
    form = {"note": "x", "channel": "call", "outcome": "reached"}
    for stranger in (world.colin, world.greta, world.charlie):
        answer = visit(stranger).post(f"/staff/people/{world.maya.id}/{path}", form)
        assert answer.status_code == 404
    assert store.scalars(select(Plan)).all() == []
    assert store.scalars(select(Contact)).all() == []


@pytest.fixture
def filled_chart(store, world, room, clock):
    """Maya has told us; the room was marked; somebody spoke with her."""
    session = room([world.maya, world.gus], -60 * 24)
    absences.report(
        store, session.seats[0], by=world.maya, now=clock.now() - timedelta(days=2),
        reason="family", note="My sister needs a ride.",
    )  # fmt: skip
    presence.mark(store, session.seats[1], "present", by=world.carla, now=clock.now(), id="1")
    store.commit()
    return session


def test_the_chart_is_newest_first_in_plain_words(carla, world, filled_chart):
    page = carla.get(f"/staff/people/{world.maya.id}").text
    chart = page[page.index('id="chart"') :]
    assert "Told us they can't come" in chart.replace("&#39;", "'")
    assert "My sister needs a ride." in chart
    assert chart.index("Told us") < chart.index("Has a place")
    assert "Family" in page


def test_the_chart_shows_one_part_when_asked(carla, world, filled_chart, ladder):
    path = f"/staff/people/{world.maya.id}?chart="
    misses = carla.get(path + "misses").text
    assert "Told us" in misses
    assert "Has a place" not in misses
    steps = carla.get(path + "steps").text
    assert "Has a place" not in steps
    assert "Nothing here yet." in steps
    assert 'aria-current="page">Steps' in steps


def test_a_contact_is_recorded(carla, world, store):
    form = {"channel": "call", "outcome": "reached", "note": "Will come on Friday."}
    answer = carla.post(f"/staff/people/{world.maya.id}/contacts", form)
    assert answer.status_code == 303
    contact = store.scalars(select(Contact)).one()
    assert (contact.two_way, contact.by_id) == (True, world.carla.id)
    assert "Will come on Friday." in carla.get(f"/staff/people/{world.maya.id}").text


def test_a_contact_in_the_future_is_refused_with_what_was_typed(carla, world, store):
    form = {"channel": "call", "outcome": "reached", "at": "2030-01-01T10:00", "note": "Kept."}
    answer = carla.post(f"/staff/people/{world.maya.id}/contacts", form, htmx=True)
    assert answer.status_code == 422
    assert "This lies in the future." in answer.text
    assert "Kept." in answer.text
    assert store.scalars(select(Contact)).all() == []


def test_a_plan_is_recorded(carla, world, store, room):
    seat = room([world.maya], -60 * 24).seats[0]
    form = {
        "seat": seat.id, "barrier": "No quiet room.", "steps": ["make_up", "other_times"],
        "note": "Ben takes the children.",
    }  # fmt: skip
    answer = carla.post(f"/staff/people/{world.maya.id}/plans", form)
    assert answer.location.endswith(f"/staff/people/{world.maya.id}#plan")
    plan = store.scalars(select(Plan)).one()
    assert (plan.steps, plan.seat_id) == (["make_up", "other_times"], seat.id)
    page = carla.get(f"/staff/people/{world.maya.id}").text
    assert "No quiet room." in page
    assert "A make-up session" in page


@pytest.fixture
def asked_plan(store, world, room, clock):
    """The task to plan Maya's way back after her second miss; another session went well since."""
    first = room([world.maya], -60 * 72, ref="first").seats[0]
    second = room([world.maya], -60 * 48, ref="second", title="Skills").seats[0]
    later = room([world.maya], -60 * 24, ref="later", title="Movement")
    presence.mark(store, later.seats[0], "present", by=world.carla, now=clock.now(), id="later")
    draft = {
        "make_ups": [later.id], "other_times": [], "barrier": "technical",
        "resources": ["connection_check", "phone_dial_in"],
    }  # fmt: skip
    task = tasks.open_one(
        store, key="reengagement:1", kind="reengagement", program_id=world.harbor.id,
        client=world.maya, seat=first, due_at=clock.now(), now=clock.now(),
        owner_id=world.carla.id, brief={"seats": [first.id, second.id], "draft": draft},
    )  # fmt: skip
    store.commit()
    return task, second


def test_a_plan_starts_from_its_draft_belongs_to_the_miss_and_closes_its_task(
    carla, world, store, asked_plan
):
    task, second = asked_plan
    page = carla.get(f"/staff/people/{world.maya.id}").text
    form = page[page.index("/plans") :]
    form = form[: form.index("</form>")]
    assert f'name="seat" value="{second.id}"' in form
    assert "For Skills" in form
    assert "Technical trouble" in form
    checked = re.findall(r'value="(\w+)"[^>]*checked', form)
    assert checked == ["make_up", "tech_check"]
    sent = {"seat": second.id, "barrier": "Technical trouble", "steps": checked}
    carla.post(f"/staff/people/{world.maya.id}/plans", sent)
    store.expire_all()
    assert store.scalars(select(Plan)).one().seat_id == second.id
    assert (task.is_open, task.outcome, task.done_by_id) == (False, "planned", world.carla.id)
    assert "A plan was written." in carla.get("/staff/tasks?show=done").text


def test_a_plan_without_a_seat_belongs_to_the_miss_that_it_was_asked_for(
    carla, world, store, asked_plan
):
    task, second = asked_plan
    carla.post(f"/staff/people/{world.maya.id}/plans", {"note": "Tuesdays."})
    store.expire_all()
    assert store.scalars(select(Plan)).one().seat_id == second.id
    assert not task.is_open


def test_a_plan_that_nobody_asked_for_belongs_to_the_latest_miss(carla, world, room):
    missed = room([world.maya], -60 * 30, ref="missed", title="Skills").seats[0]
    room([world.maya], -5, ref="now")
    page = carla.get(f"/staff/people/{world.maya.id}").text
    assert f'name="seat" value="{missed.id}"' in page[page.index("/plans") :]


def test_an_empty_plan_is_refused_at_its_form(carla, world, store):
    answer = carla.post(f"/staff/people/{world.maya.id}/plans", {"barrier": "Work."})
    assert answer.status_code == 422
    assert "A plan has at least one step or a note." in answer.text
    assert "Work." in answer.text
    assert store.scalars(select(Plan)).all() == []


def test_a_plan_cannot_name_somebody_elses_seat(carla, world, store, room):
    seat = room([world.ben], -60 * 24).seats[0]
    carla.post(f"/staff/people/{world.maya.id}/plans", {"seat": seat.id, "note": "x"})
    assert store.scalars(select(Plan.seat_id)).one() is None


def test_an_absence_is_excused_with_a_reason(carla, world, store, room):
    seat = room([world.maya], -60 * 24).seats[0]
    path = f"/staff/seats/{seat.id}/excusal"
    refused = carla.post(path, {"reason": " "})
    assert refused.status_code == 422
    assert "Say why, for the record." in refused.text
    carla.post(path, {"reason": "Power cut in the whole street."})
    assert store.get(Excusal, seat.id).by_id == world.carla.id
    page = carla.get(f"/staff/people/{world.maya.id}").text
    assert "Excused" in page
    assert "Power cut in the whole street." in page


def test_staff_outside_the_care_team_excuse_nothing(visit, world, store, room):
    seat = room([world.maya], -60 * 24).seats[0]
    for stranger in (world.colin, world.greta, world.charlie):
        path = f"/staff/seats/{seat.id}/excusal"
        assert visit(stranger).post(path, {"reason": "x"}).status_code == 404
    assert store.get(Excusal, seat.id) is None


def test_a_long_chart_costs_as_many_statements_as_a_short_one(carla, world, room, ladder, database):
    for minutes in (-60 * 24, -60 * 48, -60 * 72, -10, 60 * 24, 60 * 48):
        room([world.maya], minutes)
    ladder()
    with statements(database) as few:
        carla.get(f"/staff/people/{world.maya.id}")
    for day in range(4, 12):
        room([world.maya], -60 * 24 * day, ref=f"more{day}")
    ladder()
    with statements(database) as many:
        carla.get(f"/staff/people/{world.maya.id}")
    assert len(many) <= len(few) + 2
    assert len(many) < 116  # the evidence of four lists, and who joins on one device with whom


def test_staff_mark_a_number_unsafe_and_safe_again(carla, world):
    page, form = f"/staff/people/{world.maya.id}", {"value": world.maya.phone, "safe": "no"}
    assert f"tel:{world.maya.phone}" in carla.get(page).text
    marked = carla.post(f"{page}/addresses", form, htmx=True).text
    assert "call: not safe" in marked
    assert "tel:" not in marked
    assert (
        f"tel:{world.maya.phone}"
        in carla.post(f"{page}/addresses", form | {"safe": "yes"}, htmx=True).text
    )


def test_an_unsafe_number_is_not_offered(carla, world, store, clock):
    for address in store.scalars(addresses.of(world.maya.id)):
        address.unsafe_at = clock.now()
    store.commit()
    page = carla.get(f"/staff/people/{world.maya.id}").text
    assert "not safe" in page
    assert "tel:" not in page
    assert "mailto:" not in page


def test_the_next_session_is_named_beside_two_that_are_on_and_one_called_off(
    carla, world, room, store, clock
):
    for minutes in (-10, -5):
        room([world.maya], minutes)
    room([world.maya], 60, title="Called off").cancel(
        store, "Flood", by=world.carla, now=clock.now()
    )
    room([world.maya], 120, title="Evening circle")
    store.commit()
    page = carla.get(f"/staff/people/{world.maya.id}").text
    assert "None planned" not in page
    assert "Evening circle" in page


def test_a_report_that_reached_us_late_says_when(carla, world, room, store, clock):
    """Nobody can check the hour that a phone gives."""
    hour = timedelta(hours=1)
    for minutes, ago in ((60 * 30, 5 * hour), (60 * 40, 0 * hour)):
        seat = room([world.maya], minutes).seats[0]
        absences.report(store, seat, by=world.maya, now=clock.now(), reported_at=clock.now() - ago)
    store.commit()
    assert carla.get(f"/staff/people/{world.maya.id}").text.count("reached us") == 1


def test_the_next_session_is_named_after_a_pause_a_discharge_and_a_return(
    visit, store, world, clock
):
    soon = room(store, world.carla, [world.maya], clock.now() + timedelta(minutes=4), clock.now(), title="Soon group")  # fmt: skip
    for status in ("paused", "discharged", "active"):
        leaving.change_status(store, world.maya, status, by=None, now=clock.now())
        store.commit()
        page = visit(world.carla).get(f"/staff/people/{world.maya.id}")
        assert page.status_code == 200, status
        facts = page.text.partition("Next session")[2].partition("</dd>")[0]
        assert (f"/staff/sessions/{soon.id}" in facts, "None planned" in facts) == (True, False), status  # fmt: skip
