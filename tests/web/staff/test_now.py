"""The Now page: today's rooms, next steps, and marking a room in two clicks."""

import re
from datetime import timedelta

from sqlalchemy import select

from tests.counting import statements
from webapp.care import leaving
from webapp.care.attendance.presence import Presence
from webapp.care.contact import addresses
from webapp.care.directory.people import Person
from webapp.operations import heartbeats
from webapp.protocol.facts.rooms import PULSE


def test_a_room_shows_its_seats_their_standing_and_next_step(
    carla, room, world, record_presence, clock, ladder
):
    session = room([world.maya, world.ben], -10, presence_from="platform")
    record_presence(session, world.carla, clock.now() - timedelta(minutes=12))
    record_presence(session, world.ben, clock.now() - timedelta(minutes=9))
    ladder()
    page = carla.get("/staff").text
    assert "Evening group" in page
    assert "1 of 2 there" in page
    assert "Maya Torres" in page
    assert "Waiting" in page
    assert "There" in page
    assert "“Your place is kept”, again" in page
    assert "data-countdown" in page


def test_the_live_part_is_the_same_as_on_the_whole_page(carla, room, world, awake):
    awake()
    room([world.maya], -10)
    whole, part = carla.get("/staff").text, carla.get("/staff", htmx=True).text
    assert part.strip().startswith("<div")
    assert "<html" not in part
    assert unmasked(part).strip() in unmasked(whole)


def test_who_cannot_be_told_anything_is_named(carla, visit, world, store, clock):
    """Rule 18: clients to those in whose care they are, staff to leads."""
    assert "told anything" not in carla.get("/staff").text
    for person in (world.maya, world.zoe, world.colin):
        for address in store.scalars(addresses.of(person.id)):
            address.stop(store, "gone", by=None, now=clock.now())
    store.commit()
    mine = carla.get("/staff").text
    assert "1 person can" in mine
    assert f'<a href="/staff/people/{world.maya.id}#reach">Maya Torres</a>' in mine
    everyone = visit(world.susan).get("/staff").text
    assert "3 people can" in everyone
    for name in ("Maya Torres", "Zoe Laurent", world.colin.name):
        assert name in everyone


def test_what_still_names_staff_who_have_left_stays_on_now(visit, room, world, store, clock):
    """Until somebody else is named: sessions to come, couples and clients."""
    room([world.maya], 60)
    for each in (world.carla, world.tessa):
        leaving.change_status(
            store, store.get_one(Person, each.id), "discharged", by=None, now=clock.now()
        )
    store.commit()
    shown = visit(world.cody).get("/staff").text
    assert "Staff who have left are still named here" in shown
    assert "1 session to come without a host." in shown
    assert re.search(r"\d couples? without a therapist\.", shown)
    assert "with a gap in their care team." in shown


def unmasked(html):
    """Without the tokens, which differ each time."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", html)


def test_two_clicks_mark_a_room(carla, room, world, store):
    """The first opens *Mark the room*, which needs no server; the second says that everyone was there."""
    session = room([world.maya, world.gus], -10)
    page = carla.get("/staff").text
    assert "<details" in page
    assert "Mark the room" in page
    assert "Everyone was here" in page
    answer = carla.post(f"/staff/sessions/{session.id}/presence", {"back": "now"})
    assert answer.status_code == 303
    assert answer.location == f"/staff#room-{session.id}"
    store.expire_all()
    assert session.confirmed_at is not None
    said = store.scalars(select(Presence.type).where(Presence.session_id == session.id)).all()
    assert said == ["present", "present"]
    after = carla.get("/staff").text
    assert "2 of 2 there" in after
    assert "Marked" in after


def test_marking_everyone_changes_no_seat_with_evidence(carla, room, world, store, seat_of):
    session = room([world.maya, world.gus], -10)
    carla.post(f"/staff/seats/{seat_of(session, world.gus).id}/presence", {"type": "absent"})
    carla.post(f"/staff/sessions/{session.id}/presence")
    said = dict(store.execute(select(Presence.person_id, Presence.type)).all())
    assert said == {world.maya.id: "present", world.gus.id: "absent"}


def test_one_tap_marks_one_person_and_keeps_the_room_open(carla, room, world, seat_of):
    session = room([world.maya, world.gus], -10)
    seat = seat_of(session, world.maya)
    answer = carla.post(
        f"/staff/seats/{seat.id}/presence", {"type": "present", "back": "now"}, htmx=True
    )
    assert answer.status_code == 200
    assert 'id="live"' in answer.text
    assert '<details class="unfold unfold--foot" open>' in answer.text
    assert "1 of 2 there" in answer.text


def test_the_same_mark_twice_is_stored_once(carla, room, world, store, seat_of):
    seat = seat_of(room([world.maya], -10), world.maya)
    for _ in range(2):
        assert (
            carla.post(f"/staff/seats/{seat.id}/presence", {"type": "present"}).status_code == 303
        )
    assert len(store.scalars(select(Presence)).all()) == 1


def test_undoing_a_mark_needs_a_reason_and_is_appended(carla, room, world, store, seat_of):
    seat = seat_of(room([world.maya], -10), world.maya)
    path = f"/staff/seats/{seat.id}/presence"
    carla.post(path, {"type": "present", "back": "now"})
    refused = carla.post(path, {"type": "absent", "back": "now"})
    assert refused.status_code == 422
    assert "Say why this is corrected." in refused.text
    assert (
        carla.post(path, {"type": "absent", "reason": "Wrong row.", "back": "now"}).status_code
        == 303
    )
    assert store.scalars(select(Presence.type).order_by(Presence.id)).all() == ["present", "absent"]


def test_a_silent_worker_is_shown_within_two_minutes(carla, room, world, awake, clock):
    awake()
    assert "standing still" not in carla.get("/staff").text
    clock.forward(minutes=2, seconds=1)
    assert "standing still" in carla.get("/staff").text
    assert "standing still" in carla.get("/staff", htmx=True).text


def test_a_worker_that_never_ran_is_silent_too(carla):
    assert "standing still" in carla.get("/staff").text


def test_a_silent_feed_is_shown_too(carla, world, store, clock, awake):
    heartbeats.beat(store, f"{PULSE}{world.harbor.id}", clock.now())
    store.commit()
    clock.forward(minutes=3)
    awake()
    page = carla.get("/staff").text
    assert "video platform is silent" in page
    assert "standing still" not in page


def test_the_demo_says_that_it_is_one(carla, world, store):
    assert "minutes are shortened" not in carla.get("/staff").text
    world.harbor.demo = True
    store.commit()
    assert "minutes are shortened" in carla.get("/staff").text


def test_rooms_of_others_are_not_shown(visit, room, world):
    room([world.maya, world.ben], -10)
    for stranger in (world.nora, world.greta):
        assert "Evening group" not in visit(stranger).get("/staff").text


def test_clients_in_somebody_elses_care_are_counted_not_named(visit, room, world):
    room([world.maya, world.ben], -10)
    page = visit(world.colin).get("/staff").text
    assert "Ben Torres" in page
    assert "Maya" not in page
    assert "1 more, in somebody else" in page


def test_clients_are_not_shown_the_console(visit, world):
    assert visit(world.maya).get("/staff").status_code == 404


def test_many_rooms_cost_as_many_statements_as_one(carla, room, world, database):
    for minutes in (-100, 90):
        room([world.maya], minutes, presence_from="platform")
    with statements(database) as few:
        carla.get("/staff")
    for minutes in (-130, -70, -30, -20, 30, 60):
        room([world.maya, world.gus, world.ivy, world.leo], minutes, presence_from="platform")
    with statements(database) as many:
        carla.get("/staff")
    assert len(many) <= len(few) + 2
    assert len(many) < 40


def test_a_day_without_rooms_says_where_to_go(carla):
    assert "No rooms today" in carla.get("/staff").text
