"""The private calendar link: created, shown once, replaced, ended (M16)."""

import re

from sqlalchemy import select

from webapp.care.schedule.calendar_feeds import CalendarFeed


def link_in(answer):
    return re.search(r"/calendar/([\w-]+)\.ics", answer.text)[1]


def feed(visit, secret):
    return visit().client.get(f"/calendar/{secret}.ics").status_code


def test_the_link_is_shown_once_and_works_without_signing_in(maya, visit):
    made = maya.post("/me/calendar")
    secret = link_in(made)
    assert "webcal://" in made.text
    assert feed(visit, secret) == 200
    again = maya.get("/me/calendar").text
    assert secret not in again
    assert "Your calendar has your times" in again


def test_a_new_link_ends_the_old_one(maya, visit):
    first, second = (link_in(maya.post("/me/calendar")) for _ in range(2))
    assert (feed(visit, first), feed(visit, second)) == (404, 200)


def test_turned_off_it_leads_nowhere(maya, visit, store):
    secret = link_in(maya.post("/me/calendar"))
    answer = maya.follow(maya.post("/me/calendar/end"))
    assert "The link is off" in answer.text
    assert feed(visit, secret) == 404
    assert store.scalars(select(CalendarFeed)).one().closed_at


def test_it_says_kindly_what_whoever_has_it_can_see(maya):
    page = maya.get("/me/calendar").text
    assert "Reserved time" in page
    assert "house key" in page
