"""The alert inside the app as a session approaches: on every page, without a reload, said once, put away, gone at the end."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.client.browsing import Place
from webapp.care.attendance import absences
from webapp.care.attendance.presence import EvidenceType, Sighting, record
from webapp.care.schedule.sessions import Seat
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""

PAGES = (
    "/", "/schedule", "/me", "/me/reminders", "/catch-up", "/messages", "/seats/1",
    "/seats/1/absence",
)  # fmt: skip
SPEAKS = """
  window.spoken = [];
  addEventListener("DOMContentLoaded", () => new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((node) => spoken.push(node.textContent))))
    .observe(document.getElementById("announce"), { childList: true }));
"""


def alert(page: Page):
    return page.get_by_role("complementary", name="The room is open")


def phone(place: Place, clock, path: str = "/me") -> Page:
    """Maya's phone at a page, twelve minutes before the start; its clock stands still until it is moved."""
    page = place.phone()
    page.context.add_init_script(SPEAKS)
    page.clock.install(time=clock.now())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + path)
    expect(page.locator("[data-approach][data-ahead]")).to_be_attached()
    return page


@pytest.mark.parametrize("path", PAGES)
def test_it_appears_ten_minutes_before_on_every_page_without_a_reload(place, clock, path):
    """M17."""
    page = phone(place, clock, path)
    page.clock.fast_forward("01:50")
    expect(alert(page)).to_be_hidden()
    page.clock.fast_forward("00:20")
    expect(alert(page)).to_be_visible()
    join = alert(page).get_by_role("link", name="Join")
    expect(join).to_have_attribute("href", "https://video.example.org/j/93412")


def test_where_one_is_about_to_join_anyway_it_does_not_stand_in_the_way(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/help-connecting")
    expect(page.get_by_role("main").get_by_role("link", name="Join")).to_have_count(1)
    expect(page.locator(".approach")).to_have_count(0)


def test_it_is_said_once_and_politely(place, clock):
    page = phone(place, clock)
    page.clock.fast_forward("02:10")
    expect(alert(page)).to_be_visible()
    expect(page.locator("#announce")).to_have_attribute("aria-live", "polite")
    page.clock.fast_forward("01:00")
    told = page.evaluate("spoken")
    assert len(told) == 1
    assert told[0].startswith("The room is open: Evening group")
    clock.forward(minutes=3)
    page.goto(place.address + "/schedule")
    expect(alert(page)).to_be_visible()
    assert page.evaluate("spoken") == []


def test_it_takes_no_focus_and_covers_nothing(place, clock):
    page = phone(place, clock)
    page.clock.fast_forward("02:10")
    expect(alert(page)).to_be_visible()
    assert page.evaluate("document.activeElement === document.body")
    box, title = alert(page).bounding_box(), page.get_by_role("heading", level=1).bounding_box()
    assert box["y"] + box["height"] <= title["y"]
    assert page.evaluate("document.getAnimations().length") == 0


def test_put_away_it_stays_away_for_this_session(place, clock):
    page = phone(place, clock)
    page.clock.fast_forward("02:10")
    alert(page).get_by_role("button", name="Put away").click()
    expect(alert(page)).to_be_hidden()
    expect(page.locator("#main")).to_be_focused()
    clock.forward(minutes=3)
    page.goto(place.address + "/schedule")
    expect(page.locator("[data-approach][data-ahead]")).to_be_attached()
    expect(alert(page)).to_be_hidden()


def test_a_tap_on_join_puts_it_away(place, clock):
    page = phone(place, clock)
    page.context.route("https://video.example.org/**", lambda route: route.fulfill(body="room"))
    page.clock.fast_forward("02:10")
    with page.expect_response("**/seats/1/join"), page.expect_popup():
        alert(page).get_by_role("link", name="Join").click()
    expect(alert(page)).to_be_hidden()


def test_it_goes_at_the_end(place, clock):
    page = phone(place, clock)
    page.clock.fast_forward("02:10")
    expect(alert(page)).to_be_visible()
    page.clock.fast_forward("03:10:00")
    expect(alert(page)).to_be_hidden()


def test_a_page_that_lay_open_asks_again_and_follows_what_has_changed(place, clock):
    page = phone(place, clock)
    page.clock.fast_forward("02:10")
    expect(alert(page)).to_be_visible()
    with place.database.writing() as store:
        seat = store.get_one(Seat, 1)
        absences.report(store, seat, by=seat.client, now=clock.now())
        store.commit()
    with page.expect_response("**/approach"):
        page.clock.fast_forward("04:05")
    expect(alert(page)).to_have_count(0)


def test_who_is_in_the_room_is_not_called_into_it(place, clock, visit, world, app):
    from tests.visiting import Visit

    clock.forward(minutes=5)
    maya = Visit(place.app, world.maya)
    assert "data-approach" in maya.get("/approach", htmx=True).text
    with place.database.writing() as store:
        room, here = store.get_one(Seat, 1).session, cast.find(store)
        record(store, [Sighting("1", room, here.maya, EvidenceType.JOINED, clock.now(), "zoom")], by=None, now=clock.now())  # fmt: skip
        store.commit()
    assert "data-approach" not in maya.get("/approach", htmx=True).text


@pytest.mark.parametrize("page", ["/account", "/orientation", "/install", "/me"])
def test_a_page_comes_with_it_so_that_nothing_moves(place, clock, world, page):
    from tests.visiting import Visit

    clock.forward(minutes=5)
    assert "data-approach" in Visit(place.app, world.maya).get(page).text


def test_asking_by_itself_does_not_keep_the_login_awake(place, clock, world):
    """S3."""
    from tests.visiting import Visit
    from webapp.care.accounts.logins import Login

    maya = Visit(place.app, world.maya)
    clock.forward(minutes=5)
    maya.get("/approach", htmx=True)
    with place.database.reading() as store:
        login = store.query(Login).order_by(Login.id.desc()).first()
        assert login.seen_at == login.made_at


def test_without_htmx_it_is_no_page_of_its_own(place, world):
    from tests.visiting import Visit

    assert Visit(place.app, world.maya).get("/approach").location == "/"
