"""Reminders: which ones, by which channel, to which addresses, how long before, and quiet hours."""

import io
import re
import zipfile
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from tests.care.evenings import room
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import stop_words
from webapp.care.contact.addresses import Address
from webapp.care.directory.people import Person
from webapp.care.preferences import contact_preferences
from webapp.protocol.facts.facts import of_seats
from webapp.protocol.facts.picture import SeatRow
from webapp.protocol.ladder.ladder import timetable

PLAIN = {"first": "push", "quiet_from": "21:00", "quiet_to": "08:00"}


def fresh(store, person):
    store.expire_all()
    return store.get_one(Person, person.id)


def own(store, person, channel):
    found = select(Address).where(Address.person_id == person.id, Address.channel == channel)
    return store.scalars(found).one()


def test_the_choices_are_kept_as_they_were_made(maya, store, world):
    form = {"first": "sms", "wanted": ["heads_up", "first_check", *contact_preferences.NEWS[1:]], "quiet_from": "22:00", "quiet_to": "07:30"}  # fmt: skip
    assert "Saved" in maya.post("/me/reminders", form, htmx=True).text
    kept = fresh(store, world.maya).preferences
    assert kept == {
        "channels": ["sms", "push", "email"],
        "off": ["doors_open", "place_held", "second_check", "soon"],
        "quiet_hours": [22 * 60, 7 * 60 + 30],
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


def test_an_address_is_marked_unsafe_and_safe_again_and_no_old_form_undoes_it(maya, store, world):
    email = own(store, world.maya, "email")
    form = {"value": email.value, "safe": "no"}
    assert maya.post("/me/reminders/addresses", form).status_code == 303
    maya.post("/me/reminders", PLAIN | {"add": ["email"]})
    store.expire_all()
    assert not own(store, world.maya, "email").usable
    assert "Not safe to use" in maya.get("/me/reminders").text
    told = store.scalars(select(Event).where(Event.tag == Tag.ADDRESS_MARKED)).one()
    assert (told.by_id, told.fields["address"]) == (world.maya.id, email.id)
    maya.post("/me/reminders/addresses", form | {"safe": "yes"})
    store.expire_all()
    assert own(store, world.maya, "email").usable


def test_somebody_elses_address_cannot_be_marked(maya, store, world):
    bens = own(store, world.ben, "email")
    form = {"value": bens.value, "safe": "no"}
    assert maya.post("/me/reminders/addresses", form).status_code == 422
    store.expire_all()
    assert own(store, world.ben, "email").usable


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
        {"first": "push", "quiet_from": "21:0\uff10", "quiet_to": "08:00"},
        {"first": "push", "quiet_from": "21:00", "quiet_to": "0\u0668:00"},
        PLAIN | {"lead_soon": "\uff13\uff10"},
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(maya, store, world, wrong):
    before = fresh(store, world.maya).preferences
    assert maya.post("/me/reminders", wrong, htmx=True).status_code == 422
    assert fresh(store, world.maya).preferences == before


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, "Write a time like 21:00."),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "Choose two different times."),
        ({"first": "pigeon"}, "Choose one of the ways."),
        ({"lead_soon": "\uff13\uff10"}, "Choose one of the times."),
    ],
)
def test_what_is_wrong_is_said_once_at_its_field_and_pointed_at_above_save(maya, wrong, says):
    page = maya.post("/me/reminders", PLAIN | wrong, htmx=True).text
    assert page.count(says) == 1
    assert page.count("Please look at the marked field above.") == 1


def test_who_switches_all_off_reads_what_is_told_all_the_same(maya):
    page = " ".join(maya.get("/me/reminders").text.split())
    assert "Then you still hear when one of your times moves or is called off" in page
    assert "your program may call you" in page


def test_the_reminders_are_named_with_the_programs_own_times(maya):
    page = maya.get("/me/reminders").text
    assert "24 hours before" in page
    assert "1 hour before" in page
    assert "Once more after 20 minutes" in page


def test_the_times_before_the_start_are_ones_own_where_one_chose_them(maya, store, world):
    """M4: 30 minutes instead of the program's hour; the other follows the program."""
    form = PLAIN | {"wanted": ["soon", "heads_up"], "lead_soon": "30", "lead_heads_up": ""}
    page = maya.post("/me/reminders", form, htmx=True).text
    assert fresh(store, world.maya).preferences["lead"] == {"soon": 30}
    assert "30 minutes before" in page
    assert "24 hours before" in page
    maya.post("/me/reminders", PLAIN)
    assert "lead" not in fresh(store, world.maya).preferences


def test_the_ladder_looks_again_at_everything_planned_when_the_times_change(
    maya, seat_in, store, clock
):
    far = seat_in(days=20)
    far.next_look_at = far.session.starts_at - timedelta(hours=24)
    store.commit()
    maya.post("/me/reminders", PLAIN | {"lead_heads_up": "4320"})
    store.expire_all()
    assert far.next_look_at <= clock.now()


@pytest.mark.parametrize(
    ("field", "minutes"),
    [
        ("lead_soon", "5"),
        ("lead_soon", "301"),
        ("lead_soon", "-30"),
        ("lead_soon", "half an hour"),
        ("lead_soon", "٣٠"),
        ("lead_soon", "9" * 40),
        ("lead_heads_up", "60"),
        ("lead_heads_up", "20000"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused_at_its_field(maya, store, world, field, minutes):
    """R12"""
    before = fresh(store, world.maya).preferences
    answer = maya.post("/me/reminders", PLAIN | {field: minutes}, htmx=True)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert fresh(store, world.maya).preferences == before


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("field", ["quiet_from", "quiet_to"])
def test_one_bad_time_keeps_everything_else_that_was_chosen(maya, store, world, field, htmx):
    """R12"""
    sms = own(store, world.maya, "sms")
    form = {
        "first": "email", "wanted": ["soon", "message"], "lead_soon": "30", "address": [sms.id],
        "quiet_from": "22:30", "quiet_to": "06:15",
    }  # fmt: skip
    answer = maya.post("/me/reminders", form | {field: "25:00"}, htmx=htmx)
    assert answer.status_code == 422
    page = answer.text
    assert f'aria-describedby="{field}-error"' in page
    assert f'id="{field}-error"' in page
    assert ('value="06:15"' if field == "quiet_from" else 'value="22:30"') in page
    assert set(re.findall(r'name="wanted"\s+value="(\w+)"\s+checked', page)) == {"soon", "message"}
    assert re.findall(r'name="address"\s+value="(\d+)"\s+checked', page) == [str(sms.id)]
    assert re.findall(r'name="first"\s+value="(\w+)"\s+checked', page) == ["email"]
    assert '<option value="30" selected>' in page


def test_without_javascript_the_page_comes_back_and_says_saved(maya):
    answer = maya.post("/me/reminders", PLAIN)
    assert answer.status_code == 303
    assert "Saved" in maya.follow(answer).text


def test_everything_one_may_do_without_stands_on_the_page(maya):
    page = maya.get("/me/reminders").text
    for kind in (*contact_preferences.OPTIONAL, *contact_preferences.NEWS):
        assert f'value="{kind}" checked' in page


def test_quiet_hours_can_be_none_at_all_and_the_page_the_ladder_and_the_copy_know(
    maya, store, world, clock
):
    """Rule 6: the program's do not come in their place."""
    form = PLAIN | {"quiet": "none", "quiet_from": "", "quiet_to": ""}
    assert "Saved" in maya.post("/me/reminders", form, htmx=True).text
    kept = fresh(store, world.maya).preferences
    assert kept["quiet_hours"] == []
    assert contact_preferences.quiet_hours(kept, (time(21), time(8))) is None
    assert re.search(r'name="quiet" value="none"\s+checked', maya.get("/me/reminders").text)
    night = room(store, world.carla, [world.maya], datetime(2026, 3, 7, 4, tzinfo=UTC), clock.now())
    facts = of_seats(store, [SeatRow(s.id, night.id, s.client_id, s.given_at) for s in night.seats], clock.now())  # fmt: skip
    assert timetable(facts[0].facts, {}, clock.now())[0] == datetime(2026, 3, 6, 4, tzinfo=UTC)
    assert "Quiet hours: none" in " ".join(own_copy_page(maya).split())
    maya.post("/me/reminders", PLAIN)
    assert fresh(store, world.maya).preferences["quiet_hours"] == [21 * 60, 8 * 60]


def own_copy_page(maya):
    with zipfile.ZipFile(io.BytesIO(maya.post("/me/my-data").data)) as folder:
        page = next(name for name in folder.namelist() if name.endswith(".html"))
        return folder.read(page).decode()


def test_a_stopped_number_is_not_taken_up_again_on_the_page(maya, store, world, clock):
    """Rule 16: START from it alone does that, and the page says so."""
    stop_words.stop(store, world.maya.phone, clock.now())
    store.commit()
    answer = maya.post("/me/reminders", {"first": "email", "quiet": "none", "add": "sms"})
    assert answer.status_code == 422
    assert "text START from it" in answer.text
    mine = select(Address).where(Address.person_id == world.maya.id, Address.channel == "sms")
    store.expire_all()
    assert [row.usable for row in store.scalars(mine)] == [False]
