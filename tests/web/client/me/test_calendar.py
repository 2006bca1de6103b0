"""The private calendar link: created, shown once, replaced, ended (M16)."""

import re

import pytest
from sqlalchemy import func, select

from webapp.care.accounts.logins import Login
from webapp.care.schedule.calendar_feeds import CalendarFeed
from webapp.notify.announcing.announce import announce
from webapp.notify.outbox import Notification


def link_in(answer):
    return re.search(r"/calendar/([\w-]+)\.ics", answer.text)[1]


def shown_on(page):
    """The link that a page shows, as its forms say it."""
    return {"shown": re.search(r'name="shown" value="(\d*)"', page.text)[1]}


def make(visitor):
    """Tap the button that makes a link."""
    return visitor.post("/me/calendar", shown_on(visitor.get("/me/calendar")))


def feed(visit, secret):
    return visit().client.get(f"/calendar/{secret}.ics").status_code


def test_the_link_is_shown_once_and_works_without_signing_in(maya, visit):
    made = make(maya)
    secret = link_in(made)
    assert "webcal://" in made.text
    assert feed(visit, secret) == 200
    again = maya.get("/me/calendar").text
    assert secret not in again
    assert "Your calendar has your times" in again


def test_a_new_link_ends_the_old_one(maya, visit):
    first, second = (link_in(make(maya)) for _ in range(2))
    assert (feed(visit, first), feed(visit, second)) == (404, 200)


def test_turned_off_it_leads_nowhere(maya, visit, store):
    secret = link_in(make(maya))
    page = shown_on(maya.get("/me/calendar"))
    answer = maya.follow(maya.post("/me/calendar/end", page))
    assert "The link is off" in answer.text
    assert feed(visit, secret) == 404
    assert store.scalars(select(CalendarFeed)).one().closed_at


def test_it_says_kindly_what_whoever_has_it_can_see(maya):
    page = maya.get("/me/calendar").text
    assert "Reserved time" in page
    assert "house key" in page


def test_s19_making_a_link_asks_for_a_fresh_sign_in(maya, clock, visit, store):
    """S19: whoever finds the phone open takes no lasting key to its owner's times."""
    page = maya.get("/me/calendar")
    clock.forward(minutes=11)
    answer = maya.post("/me/calendar", shown_on(page))
    assert answer.status_code == 403
    assert "Confirm it" in answer.text
    assert store.scalars(select(CalendarFeed)).all() == []
    assert maya.get("/me/calendar").status_code == 200


def test_s19_its_owner_is_told_at_every_address_in_neutral_words(maya, world, database, clock):
    """S19, P5: if it was not them, they hear of it."""
    make(maya)
    announce(database, clock.now())
    with database.reading() as store:
        theirs = select(Notification.channel, Notification.kind)
        told = store.execute(theirs.where(Notification.person_id == world.maya.id)).all()
    assert sorted(told) == [("email", "calendar_link_made"), ("sms", "calendar_link_made")]


@pytest.mark.parametrize("tap", ["", "/end"])
def test_a_page_left_open_changes_nothing_and_says_what_is_now_true(maya, visit, tap):
    """The other tab made a link: neither tap of this one takes it away."""
    left_open = shown_on(maya.get("/me/calendar"))
    secret = link_in(make(maya))
    answer = maya.post(f"/me/calendar{tap}", left_open)
    assert answer.status_code == 409
    assert "Your link changed in the meantime" in answer.text
    assert "Your calendar has your times" in answer.text
    assert feed(visit, secret) == 200


def test_a_page_left_open_learns_that_its_link_is_off(maya):
    """It asks by itself: what it shows as long as that is true, else the truth."""
    page = make(maya)
    address = re.search(r'hx-get="(/me/calendar\?[^"]*)"', page.text)[1]
    assert maya.get(address, htmx=True).status_code == 204
    maya.post("/me/calendar/end", shown_on(page))
    now = maya.get(address, htmx=True).text
    assert "Your link changed in the meantime" in now
    assert "Your link is ready" not in now
    assert "Make my private link" in now


@pytest.mark.parametrize("how", ["sign_out_there", "new_password"])
def test_s19_a_link_made_on_a_phone_that_is_signed_out_from_elsewhere_ends(
    maya, visit, store, world, how
):
    """S19: whoever had the phone for a minute reads no more; a link made here stays."""
    own = link_in(make(maya))
    phone = visit(world.maya)
    number = store.scalars(select(func.max(Login.id))).one()

    def end(login):
        if how == "sign_out_there":
            maya.post(f"/me/logins/{login}/end")
        else:
            maya.post("/account/password", {"password": f"a lantern beside water {login}"})

    end(number)
    assert feed(visit, own) == 200
    phone = visit(world.maya)
    theirs = link_in(make(phone))
    assert feed(visit, theirs) == 200
    end(number + 1)
    assert feed(visit, theirs) == 404


def test_s19_everywhere_else_and_recovery_end_the_link(maya, visit, store, world, clock):
    """S19: who copied it reads no more; signing out of one phone leaves the calendar alone."""
    secret = link_in(make(maya))
    other = visit(world.maya)
    other.post("/sign-out")
    assert feed(visit, secret) == 200
    maya.post("/me/logins/end")
    assert feed(visit, secret) == 404
    assert store.scalars(select(CalendarFeed)).one().closed_at
