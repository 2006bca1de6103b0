"""What only a phone shows: its own clock offered, a link copied, a field that waits for its switch."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.web.looks import SMALL_TARGETS, WCAG
from tests.web.serving import browser, served
from webapp import create_app
from webapp.care.accounts import logins
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def phone(chromium, fresh_database, settings, world, clock):
    """`phone(timezone_id=…)`: a page on Maya's phone, signed in, at the app's address."""
    app = create_app(settings, fresh_database)
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        cast.open_room(
            store, here.carla, [here.maya], now + timedelta(hours=5), now=now, minutes=60
        )
        _, secret = logins.sign_in(store, here.maya, "passkey", now=now)
        store.commit()
    with served(app) as address:

        def opened(path: str, **look: object) -> Page:
            context = chromium.new_context(viewport={"width": 390, "height": 844}, **look)  # type: ignore[arg-type]
            context.add_cookies(
                [{"name": app.config["LOGIN_COOKIE"], "value": secret, "url": address}]
            )
            page = context.new_page()
            page.goto(address + path)
            return page

        yield opened


def test_a_phone_elsewhere_is_offered_its_own_clock_in_a_word_beside_the_heading(phone):
    """M2: times move with the client. The offer covers nothing and moves nothing: there is room for it."""
    page = phone("/schedule", timezone_id="America/Denver")
    heading, offer = page.get_by_role("heading", name="Schedule"), page.get_by_text("Denver time?")
    expect(offer).to_be_visible()
    assert offer.bounding_box()["y"] < heading.bounding_box()["y"] + 30
    offer.click()
    expect(page.get_by_text("Your phone is in Denver. Show times there?")).to_be_visible()
    page.get_by_role("button", name="Yes, show them there").click()
    expect(page.get_by_text("Times now go by the clock in Denver.")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("4:00")
    expect(offer).to_be_hidden()


def test_who_stays_with_the_old_clock_is_not_asked_again(phone):
    page = phone("/schedule", timezone_id="America/Denver")
    page.get_by_text("Denver time?").click()
    page.get_by_role("button", name="Stay with New York").click()
    page.reload()
    expect(page.get_by_text("Denver time?")).to_be_hidden()


def test_a_phone_whose_clock_shows_the_same_time_is_offered_nothing(phone):
    page = phone("/schedule", timezone_id="America/Toronto")
    expect(page.get_by_role("heading", name="Schedule")).to_be_visible()
    expect(page.locator("[data-clock]")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_fresh_calendar_link_can_be_copied_and_is_accessible(phone, scheme):
    page = phone(
        "/me/calendar", color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_role("button", name="Make my private link").click()
    page.get_by_text("Google Calendar", exact=True).click()
    found = Axe().run(page, options=WCAG).response["violations"]
    assert not found, [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
    assert page.evaluate(SMALL_TARGETS) == []
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith(".ics")


def test_a_question_waits_for_its_switch(phone):
    page = phone("/me/needs")
    which = page.get_by_label("Which language?")
    expect(which).to_be_hidden()
    page.get_by_role("switch", name="An interpreter").check()
    expect(which).to_be_visible()
    which.fill("ASL")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It holds from your next session on.")).to_be_visible()
    page.reload()
    expect(which).to_have_value("ASL")
