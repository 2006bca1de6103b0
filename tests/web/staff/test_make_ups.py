"""Make-ups on the console: slots, demand, waitlists, reflections, and booking for a client."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from tests.care.evenings import DAY, HOUR, missed, room
from tests.counting import statements
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.make_ups import bookings, reflections, waitlist
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.reflections import Reflection
from webapp.care.materials import resources
from webapp.care.schedule import series
from webapp.care.schedule.series import Series
from webapp.care.schedule.sessions import Session

WORDS = "What stayed with me is that asking early is easier than explaining later."


def form(world, **more):
    return {
        "title": "Catch-up hour", "kind": "individual", "host": str(world.carla.id),
        "starts_at": "2026-03-06T17:00", "minutes": "50", "capacity": "1",
        "makes_up": ["group", "individual"], "often": "once", "times": "4",
        "join_url": "https://video.example.org/j/1",
    } | more  # fmt: skip


def planned(store):
    store.expire_all()
    return store.scalars(select(Session).where(Session.title == "Catch-up hour")).all()


def test_a_slot_is_opened_in_the_readers_own_zone_and_offered_at_once(
    carla, visit, world, store, gone
):
    assert carla.post("/staff/make-ups", form(world)).status_code == 303
    [made] = planned(store)
    assert made.starts_at.isoformat() == "2026-03-06T22:00:00+00:00"
    assert (made.makes_up, made.capacity, made.host_id) == (
        ["group", "individual"],
        1,
        world.carla.id,
    )
    assert "Catch-up hour" in carla.get("/staff/make-ups").text
    assert "Catch-up hour" in visit(world.maya).get(f"/seats/{gone.id}/make-ups").text


@pytest.mark.parametrize(
    ("written", "begins"),
    [("2026-03-08T01:30", "06:30"), ("2026-03-08T02:30", "07:30"), ("2026-11-01T01:30", "05:30")],
)
def test_a_slot_lasts_as_long_as_it_says_in_the_night_that_the_clocks_change(
    carla, world, store, written, begins
):
    """Rule 12: an hour that is skipped, or comes twice, makes no session shorter, longer or end before it begins."""
    carla.post("/staff/make-ups", form(world, starts_at=written, minutes="120"))
    [made] = planned(store)
    assert f"{made.starts_at:%H:%M}" == begins
    assert made.ends_at - made.starts_at == timedelta(minutes=120)


def test_a_repeating_slot_keeps_what_it_makes_up_for_when_it_unfolds_again(
    carla, world, store, database, clock
):
    carla.post("/staff/make-ups", form(world, often="weekly", times="3"), htmx=True)
    assert [each.makes_up for each in planned(store)] == [["group", "individual"]] * 3
    pattern = store.scalars(select(Series)).one()
    pattern.unfolded_until = None
    store.commit()
    series.unfold(database, clock.now())
    assert [each.makes_up for each in planned(store)] == [["group", "individual"]] * 3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"makes_up": []}, "Say what it makes up for."),
        ({"title": " "}, "Give it a title"),
        ({"starts_at": "soon"}, "Choose a day and a time."),
        ({"starts_at": "2026-03-06"}, "Choose a day and a time."),
        (
            {"kind": "party", "starts_at": "2026-09-06T17:00", "often": "weekly"},
            "not a kind of session",
        ),
        ({"makes_up": ["group", "party"]}, "Say what it makes up for."),
        ({"title": "\u200b"}, "Give it a title"),
        ({"title": "a" * 121}, "Give it a title"),
        ({"starts_at": "2026-03-01T10:00"}, "still to come"),
        ({"capacity": "0"}, "A whole number from 1 to 1000."),
        ({"minutes": "x"}, "A whole number from 1 to 480."),
        ({"join_url": "javascript:alert(1)"}, "A link begins with https://."),
        ({"host": "0"}, "Choose who hosts it."),
        ({"kind": "party"}, "not a kind of session"),
    ],
)
def test_invalid_input_is_named_at_its_field_and_changes_nothing(carla, world, store, wrong, words):
    """R12."""
    answer = carla.post("/staff/make-ups", form(world, **wrong), htmx=True)
    assert answer.status_code == 422
    assert words in answer.text
    assert planned(store) == []


def test_what_the_host_has_at_that_time_is_asked_about(carla, world, store, clock):
    room(store, world.carla, [], clock.now() + 2 * DAY + 4 * HOUR, clock.now(), title="Team talk")
    store.commit()
    asked = carla.post("/staff/make-ups", form(world), htmx=True)
    assert asked.status_code == 422
    assert "Team talk" in asked.text
    assert planned(store) == []
    assert carla.post("/staff/make-ups", form(world, anyway="yes")).status_code == 303
    assert len(planned(store)) == 1


def test_slots_say_how_full_they_are_and_how_many_wait(carla, world, store, clock, slot):
    full = slot(DAY, clients=[world.gus], capacity=1)
    waiting = missed(store, world.carla, world.maya, clock.now())
    waitlist.join(store, waiting, full, by=world.maya, now=clock.now())
    store.commit()
    page = carla.get("/staff/make-ups").text
    for words in ("1 of 1 taken", "1 waits", "Maya Torres"):
        assert words in page


def test_demand_is_counted_and_named_only_for_clients_in_the_readers_care(
    visit, world, store, clock, gone
):
    missed(store, world.colin, world.zoe, clock.now(), ref="zoes")
    store.commit()
    carla, colin = visit(world.carla).get("/staff/make-ups").text, visit(world.colin)
    assert "Maya Torres" in carla
    assert "Zoe" not in carla
    assert "Zoe" in colin.get("/staff/make-ups").text
    assert '<td class="amount">2</td>' in carla


def test_clients_who_booked_or_attended_add_no_demand(carla, world, store, clock, slot, gone):
    bookings.book(store, gone, slot(DAY), by=world.maya, now=clock.now())
    store.commit()
    assert "Everything missed is booked" in carla.get("/staff/make-ups").text


def test_calling_a_slot_off_is_for_its_host_and_those_who_lead(visit, world, store, slot):
    made = slot(DAY, host=world.colin)
    to = f"/staff/make-ups/{made.id}/cancellation"
    assert visit(world.carla).post(to, {"reason": "ill"}).status_code == 404
    assert visit(world.susan).post(to, {"reason": " "}, htmx=True).status_code == 422
    assert visit(world.colin).post(to, {"reason": "ill"}, htmx=True).status_code == 200
    store.expire_all()
    assert made.cancelled_at is not None


def test_an_ordinary_session_cannot_be_called_off_here(visit, world, store, slot):
    ordinary = slot(DAY, makes_up=())
    answer = visit(world.susan).post(f"/staff/make-ups/{ordinary.id}/cancellation", {"reason": "x"})
    assert answer.status_code == 404


def test_a_double_booking_is_shown_to_staff_and_client_while_it_lasts(
    carla, visit, world, store, clock, slot, gone
):
    made = slot(DAY)
    bookings.book(store, gone, made, by=world.maya, now=clock.now())
    own = room(
        store, world.carla, [world.maya], made.starts_at + HOUR, clock.now(), title="Evening"
    )
    store.commit()
    maya = visit(world.maya)
    assert "Maya Torres is planned twice" in carla.get("/staff/make-ups").text
    mine = f"/seats/{gone.id}/make-ups"
    assert "Something else was planned at that time" in maya.get(mine).text
    own.cancel(store, "moved", by=world.cody, now=clock.now())
    store.commit()
    assert "planned twice" not in carla.get("/staff/make-ups").text
    assert "Something else" not in maya.get(mine).text


@pytest.fixture
def handed_in(store, world, clock, gone):
    shelf, _ = resources.put(
        store, world.harbor, "rec", kind="recording", title="Sleep", minutes=50,
        url="https://video.example.org/9", makes_up=["group"], by=world.carla, now=clock.now(),
    )  # fmt: skip
    made = bookings.book(store, gone, shelf, by=world.maya, now=clock.now())
    reflections.hand_in(store, made, WORDS, by=world.maya, now=clock.now())
    store.commit()
    return made


def test_a_reflection_is_read_answered_and_the_client_sees_it(
    carla, visit, world, store, handed_in
):
    """P7: reading it leaves one trace."""
    assert "Sleep" in carla.get("/staff/make-ups").text
    here = f"/staff/reflections/{handed_in.id}"
    assert "asking early" in carla.get(here).text
    read = select(func.count()).where(Event.tag == Tag.CHART_READ, Event.client_id == world.maya.id)
    assert store.scalar(read) == 1
    maya, mine = visit(world.maya), f"/seats/{handed_in.seat_id}/make-ups"
    assert "Your care team reads it" in maya.get(mine).text
    answer = carla.post(f"{here}/confirmation", {"feedback": "That is a good thing to keep."})
    assert "None waits for you." in carla.follow(answer).text
    for words in ("Read by Carla Reyes", "That is a good thing to keep."):
        assert words in maya.get(mine).text
    assert store.get_one(Reflection, handed_in.id).confirmed_by_id == world.carla.id


def test_a_reflection_of_somebody_elses_client_is_404(visit, world, store, handed_in):
    """S1."""
    for name in ("colin", "nora", "theo"):
        stranger = visit(getattr(world, name))
        assert stranger.get(f"/staff/reflections/{handed_in.id}").status_code == 404
        to = f"/staff/reflections/{handed_in.id}/confirmation"
        assert stranger.post(to, {"feedback": "x"}).status_code == 404
    store.expire_all()
    assert store.get_one(Reflection, handed_in.id).confirmed_at is None


def test_staff_book_for_a_client_also_what_the_policy_would_not_offer(
    carla, world, store, slot, gone
):
    far = slot(20 * DAY, "Far away")
    here = f"/staff/people/{world.maya.id}/make-ups"
    assert "Far away" in carla.get(here).text
    to = f"/staff/seats/{gone.id}/make-ups"
    assert carla.post(to, {"what": f"session-{far.id}"}).status_code == 303
    assert "Booked: Far away" in carla.get(here).text
    assert carla.post(f"{to}/cancellation", htmx=True).status_code == 200
    store.expire_all()
    assert store.scalars(select(MakeUp)).one().cancelled_by_id == world.carla.id


def test_staff_set_down_that_it_was_made_up_in_another_way(carla, world, store, gone):
    answer = carla.post(f"/staff/seats/{gone.id}/make-ups", {"otherwise": "yes"}, htmx=True)
    assert "Made up by an arrangement" in answer.text
    assert store.scalars(select(MakeUp)).one().completed_by_id == world.carla.id


def test_a_refusal_names_the_next_best_to_staff_too(carla, world, store, slot, gone):
    full, better = slot(DAY, clients=[world.gus], capacity=1), slot(2 * DAY, "Better")
    to = f"/staff/seats/{gone.id}/make-ups"
    answer = carla.post(to, {"what": f"session-{full.id}"}, htmx=True)
    assert answer.status_code == 409
    assert f"Next best: {better.title}" in answer.text


def test_nobody_books_for_a_client_outside_their_care(visit, world, store, slot, gone):
    """S1: a host sees the session; the client's ledger is for their care team."""
    open_one = slot(DAY)
    to = f"/staff/seats/{gone.id}/make-ups"
    for name in ("colin", "nora", "theo"):
        stranger = visit(getattr(world, name))
        assert stranger.post(to, {"what": f"session-{open_one.id}"}).status_code == 404
        assert stranger.post(f"{to}/cancellation").status_code == 404
        assert stranger.get(f"/staff/people/{world.maya.id}/make-ups").status_code == 404
    assert store.scalar(select(func.count(MakeUp.id))) == 0


def test_clients_and_technicians_have_no_such_page(visit, world):
    for name in ("maya", "henry", "theo"):
        assert visit(getattr(world, name)).get("/staff/make-ups").status_code in (303, 404)


def test_other_programs_see_nothing_of_it(visit, world, slot, gone):
    slot(DAY, "Harbor's own")
    page = visit(world.nora).get("/staff/make-ups").text
    assert "Harbor" not in page
    assert "Maya" not in page


def test_the_page_costs_the_same_however_much_there_is(carla, world, store, clock, slot, database):
    slot(DAY)
    for client in (world.maya, world.gus):
        missed(store, world.carla, client, clock.now(), ref=f"missed-{client.ref}")
    store.commit()
    carla.get("/staff/make-ups")
    with statements(database) as few:
        carla.get("/staff/make-ups")
    for number, client in enumerate((world.ivy, world.june, world.leo)):
        slot((2 + number) * DAY, f"More {number}")
        missed(store, world.carla, client, clock.now(), ref=f"missed-{client.ref}")
    store.commit()
    with statements(database) as many:
        carla.get("/staff/make-ups")
    assert len(many) == len(few)


def test_the_console_leads_there_and_the_person_too(carla, world, gone):
    assert 'href="/staff/make-ups"' in carla.get("/staff").text
    assert (
        f'href="/staff/people/{world.maya.id}/make-ups"'
        in carla.get(f"/staff/people/{world.maya.id}").text
    )


def test_what_the_host_has_at_any_time_of_a_repeating_slot_is_asked_about(store, world, carla):
    """Not at its first time alone; each thing once."""
    first = form(world)["starts_at"]
    for week in (2, 3):
        at = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo("America/New_York"))
        at += timedelta(weeks=week, minutes=10)
        room(store, world.carla, [], at, at - timedelta(days=60), title="Supervision")
    store.commit()
    asked = carla.post("/staff/make-ups", form(world, often="weekly", times="4"))
    assert asked.status_code == 422
    assert asked.text.count("Supervision,") == 1
    assert "and 1 more time" in asked.text
    assert carla.post("/staff/make-ups", form(world, often="weekly", times="2")).status_code == 303
