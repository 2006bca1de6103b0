"""Me: the sections in a few rows, language, time zone, and the devices that are signed in."""

import pytest
from sqlalchemy import select

from webapp.care.accounts import passwords
from webapp.care.accounts.logins import Login
from webapp.care.directory import people
from webapp.care.directory.people import Person
from webapp.care.preferences import accommodations
from webapp.care.schedule import calendar_feeds

SECTIONS = (
    "reminders",
    "devices",
    "calendar",
    "needs",
    "backup-plan",
    "language",
    "sign-ins",
    "my-data",
)


def fresh(store, person):
    store.expire_all()
    return store.get_one(Person, person.id)


def test_every_section_is_one_tap_away_and_opens(maya):
    page = maya.get("/me").text
    for section in SECTIONS:
        assert f'href="/me/{section}"' in page
        assert maya.get(f"/me/{section}").status_code == 200


def test_each_row_says_how_it_stands(maya, store, world, clock):
    now, person = clock.now(), world.maya
    accommodations.ask(store, person, "captions", by=person, now=now)
    calendar_feeds.open_feed(store, person, by=person, now=now)
    store.commit()
    page = maya.get("/me").text
    assert "Captions" in page
    assert "Your calendar has your times" in page
    assert "24 hours, 1 hour before" in page


@pytest.mark.parametrize("who", ["henry", "carla"])
def test_supporters_and_staff_see_what_is_theirs_only(visit, world, who):
    visitor = visit(getattr(world, who))
    page = visitor.get("/me").text
    assert "/me/reminders" in page
    for section in ("calendar", "needs", "backup-plan", "my-data"):
        assert f"/me/{section}" not in page
        assert visitor.get(f"/me/{section}").status_code == 404


def test_another_sign_in_can_be_ended_and_is_dead_from_then_on(maya, visit, world, store):
    tablet = visit(world.maya)
    other = store.scalars(select(Login).order_by(Login.id.desc())).first()
    maya.post(f"/me/logins/{other.id}/end")
    assert tablet.get("/").status_code == 303
    assert maya.get("/").status_code == 200


def test_all_other_sign_ins_can_be_ended_at_once(maya, visit, world):
    """S2: for instance after a way in was changed."""
    elsewhere = [visit(world.maya), visit(world.maya)]
    assert "/me/logins/end" in maya.get("/me/sign-ins").text
    maya.post("/me/logins/end", {"from": "list"})
    assert [each.get("/").status_code for each in elsewhere] == [303, 303]
    assert maya.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/me/logins/end", "/me/logins/1/end"])
def test_ending_a_sign_in_needs_a_fresh_proof(maya, visit, world, store, clock, path):
    """S2: whoever picked up an open phone can't turn its owner out."""
    passwords.set_password(
        store, world.maya, "three quiet blue boats", by=world.maya, now=clock.now()
    )
    store.commit()
    clock.forward(minutes=11)
    tablet = visit(world.maya)
    asked = maya.post(path, {"from": "list"})
    assert asked.status_code == 403
    assert "/account/confirm" in asked.text
    assert tablet.get("/").status_code == 200


def test_nobody_ends_somebody_elses_sign_in(maya, visit, world, store):
    ben = visit(world.ben)
    bens = store.scalars(select(Login).order_by(Login.id.desc())).first()
    maya.post(f"/me/logins/{bens.id}/end")
    assert ben.get("/").status_code == 200


@pytest.mark.parametrize("language", ["tlh", "es"])
def test_a_language_nobody_speaks_here_is_refused(maya, store, world, language):
    """Also one whose catalogue is not whole."""
    assert maya.post("/me/language", {"language": language}).status_code == 422
    assert fresh(store, world.maya).language == "en"


def test_times_move_with_the_one_who_travels(maya, store, world, seat_in):
    """M2: one tap, from the offer on the schedule; the planned clock is named beside it."""
    seat_in(hours=5)
    answer = maya.post("/me/time-zone", {"time_zone": "America/Denver", "from": "schedule"})
    assert answer.location.endswith("/schedule")
    page = maya.follow(answer).text
    assert "4:00" in page
    assert "in New York" in page
    assert fresh(store, world.maya).preferences["home_zone"] == "America/New_York"


def test_back_home_nothing_is_left_of_the_journey(maya, store, world):
    for zone in ("America/Denver", "Europe/Paris", "America/New_York"):
        maya.post("/me/time-zone", {"time_zone": zone})
    maya = fresh(store, world.maya)
    assert maya.time_zone == "America/New_York"
    assert "home_zone" not in maya.preferences


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "x" * 5000])
def test_a_clock_nobody_knows_is_refused(maya, store, world, zone):
    """R12"""
    answer = maya.post("/me/time-zone", {"time_zone": zone})
    assert answer.status_code == 422
    assert 'id="time_zone-error"' in answer.text
    assert fresh(store, world.maya).time_zone == "America/New_York"


@pytest.mark.parametrize("roster", ["America/New_York", "America/Chicago"])
def test_no_roster_changes_the_clock_a_person_chose(maya, store, world, clock, roster):
    """Rule 15: the roster's is remembered, for the way home."""
    maya.post("/me/time-zone", {"time_zone": "America/Denver"})
    store.expire_all()
    people.put(
        store, world.harbor, "maya", kind="client", name="Maya Torres", time_zone=roster, by=None,
        now=clock.now(), email="maya@example.org",
    )  # fmt: skip
    store.commit()
    maya = fresh(store, world.maya)
    assert (maya.time_zone, maya.preferences["home_zone"]) == ("America/Denver", roster)


def test_staff_have_a_me_page_of_their_own(visit, world):
    assert visit(world.carla).get("/me").status_code == 200
