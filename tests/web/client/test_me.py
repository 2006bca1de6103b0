"""Me: how one is reminded, in which language, and where one is signed in."""

import pytest
from sqlalchemy import select

from webapp.care.accounts import Login
from webapp.care.addresses import Address
from webapp.care.people import Person

PLAIN = {"first": "push", "quiet_from": "21:00", "quiet_to": "08:00"}


def fresh(store, person):
    store.expire_all()
    return store.get_one(Person, person.id)


def own(store, person, channel):
    found = select(Address).where(Address.person_id == person.id, Address.channel == channel)
    return store.scalars(found).one()


def test_the_choices_are_kept_as_they_were_made(maya, store, world):
    form = {"first": "sms", "wanted": ["heads_up", "first_check"], "quiet_from": "22:00", "quiet_to": "07:30"}  # fmt: skip
    assert "Saved" in maya.post("/me/reminders", form, htmx=True).text
    kept = fresh(store, world.maya).preferences
    assert kept == {
        "channels": ["sms", "push", "email"], "off": ["doors_open", "second_check", "soon"],
        "quiet_hours": ["22:00", "07:30"],
    }  # fmt: skip


def test_an_address_is_switched_off_and_on(maya, store, world):
    email = own(store, world.maya, "email")
    maya.post("/me/reminders", PLAIN)
    store.expire_all()
    assert not own(store, world.maya, "email").usable
    maya.post("/me/reminders", PLAIN | {"address": [str(email.id)]})
    store.expire_all()
    assert own(store, world.maya, "email").usable
    assert not own(store, world.maya, "sms").usable


def test_somebody_elses_address_cannot_be_switched(maya, store, world):
    bens = own(store, world.ben, "email")
    maya.post("/me/reminders", PLAIN | {"address": [str(bens.id)]})
    store.expire_all()
    assert own(store, world.ben, "email").usable


@pytest.mark.parametrize(
    "wrong",
    [
        PLAIN | {"first": "pigeon"},
        {"first": "push", "quiet_from": "25:00", "quiet_to": "07:00"},
        {"first": "push", "quiet_from": "22:00", "quiet_to": "22:00"},
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(maya, store, world, wrong):
    before = fresh(store, world.maya).preferences
    assert maya.post("/me/reminders", wrong, htmx=True).status_code == 422
    assert fresh(store, world.maya).preferences == before


def test_the_reminders_are_named_with_the_programs_own_times(maya):
    page = maya.get("/me").text
    assert "24 hours before" in page
    assert "1 hour before" in page
    assert "Once more after 20 minutes" in page


def test_another_sign_in_can_be_ended_and_is_dead_from_then_on(maya, visit, world, store):
    tablet = visit(world.maya)
    other = store.scalars(select(Login).order_by(Login.id.desc())).first()
    maya.post(f"/me/logins/{other.id}/end")
    assert tablet.get("/").status_code == 303
    assert maya.get("/").status_code == 200


def test_nobody_ends_somebody_elses_sign_in(maya, visit, world, store):
    ben = visit(world.ben)
    bens = store.scalars(select(Login).order_by(Login.id.desc())).first()
    maya.post(f"/me/logins/{bens.id}/end")
    assert ben.get("/").status_code == 200


def test_a_language_nobody_speaks_here_is_refused(maya, store, world):
    assert maya.post("/me/language", {"language": "tlh"}).status_code == 422
    assert fresh(store, world.maya).language == "en"


def test_staff_have_a_me_page_of_their_own(visit, world):
    assert visit(world.carla).get("/me").status_code == 200
