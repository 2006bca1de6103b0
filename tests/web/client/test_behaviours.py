"""What the scripts promise, in a real browser: typed text survives, the door is announced, a phone is one person's."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.web.client.test_devices import AUTH, P256DH
from tests.web.serving import browser, served
from webapp import create_app
from webapp.care import accounts, addresses
from webapp.care.absences import AbsenceReport
from webapp.care.accounts import Login
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""

SUBSCRIBES_HERE = f"""
  const made = (said) => ({{ ...said, toJSON: () => said, unsubscribe: async () => {{ localStorage.removeItem("at-service"); return true; }} }});
  const kept = () => JSON.parse(localStorage.getItem("at-service") ?? "null");
  PushManager.prototype.getSubscription = async () => kept() && made(kept());
  PushManager.prototype.subscribe = async () => {{
    if (!kept()) localStorage.setItem("at-service", JSON.stringify({{ endpoint: "https://fcm.googleapis.com/" + crypto.randomUUID(), keys: {{ p256dh: "{P256DH}", auth: "{AUTH}" }} }}));
    return made(kept());
  }};
  const ask = Notification.requestPermission;
  Notification.requestPermission = (...rest) => {{ window.asked = true; return ask.apply(Notification, rest); }};
"""
"""A push service of the page's own: the real ones are on the internet."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


class Place:
    """The served app, and who is signed in in which browser."""

    def __init__(self, address: str, app: Flask, chromium: Browser):
        self.address, self.app, self.chromium = address, app, chromium
        self.database = app.extensions["database"]

    def phone(self) -> Page:
        """A phone whose clock is the app's."""
        context = self.chromium.new_context(viewport={"width": 390, "height": 844})
        context.grant_permissions(["notifications"], origin=self.address)
        context.add_init_script(SUBSCRIBES_HERE)
        return context.new_page()

    def enter(self, page: Page, who: str, now) -> None:
        with self.database.writing() as store:
            _, secret = accounts.sign_in(store, getattr(cast.find(store), who), "link", now=now)
            store.commit()
        cookie = {"name": self.app.config["LOGIN_COOKIE"], "value": secret, "url": self.address}
        page.context.add_cookies([cookie])  # type: ignore[list-item]

    def devices(self, who: str) -> int:
        with self.database.reading() as store:
            mine = store.scalars(addresses.of(getattr(cast.find(store), who).id)).all()
        return sum(each.channel == "push" for each in mine)


@pytest.fixture
def place(fresh_database, settings, world, clock, chromium) -> Iterator[Place]:
    app = create_app(settings, fresh_database)
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        cast.open_room(store, here.carla, [here.maya, here.ben], now + timedelta(minutes=12), now=now - timedelta(days=9))  # fmt: skip
        accounts.set_password(store, here.maya, "three quiet blue boats", by=here.maya, now=now)
        store.commit()
    with served(app) as address:
        yield Place(address, app, chromium)


def test_typed_text_survives_an_expired_sign_in(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/seats/1/absence")
    page.get_by_label("A note for your care team").fill("the bus is not coming")
    with place.database.writing() as store:
        for login in store.query(Login):
            login.end(store, "expired", by=None, now=clock.now())
        store.commit()
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_url(place.address + "/sign-in?next=/seats/1/absence")
    page.get_by_label("E-mail").fill("maya@example.org")
    page.get_by_label("Password").fill("three quiet blue boats")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("A note for your care team")).to_have_value("the bus is not coming")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thanks for telling us")
    assert (
        page.evaluate("Object.keys(sessionStorage).filter((each) => each.startsWith('draft'))")
        == []
    )


def test_a_lost_network_says_so_and_keeps_the_text(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/seats/1/absence")
    page.get_by_label("A note for your care team").fill("no signal here")
    page.context.route("**/seats/1/absence", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="What you typed")).to_be_visible()
    expect(page.get_by_label("A note for your care team")).to_have_value("no signal here")


def test_the_open_room_is_announced_on_whatever_page_is_there(place, clock):
    page = place.phone()
    page.clock.install(time=clock.now())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/me")
    expect(page.get_by_text("The room is open")).to_be_hidden()
    page.clock.fast_forward("03:00")
    expect(page.get_by_text("The room is open")).to_be_visible()


def test_the_countdown_counts(place, clock):
    page = place.phone()
    page.clock.install(time=clock.now())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/")
    expect(page.locator("time[data-countdown]")).to_have_text("12 min")
    page.clock.fast_forward("05:00")
    expect(page.locator("time[data-countdown]")).to_have_text("7 min")


def test_a_tap_on_join_is_told_while_the_link_opens_the_room(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/seats/1")
    page.context.route("https://video.example.org/**", lambda route: route.fulfill(body="room"))
    with page.expect_response("**/seats/1/join") as told, page.expect_popup() as room:
        page.get_by_role("main").get_by_role("link", name="Join").click()
    assert told.value.status == 204
    expect(room.value).to_have_url("https://video.example.org/j/93412")


def turn_on(place: Place, page: Page) -> None:
    page.goto(place.address + "/me")
    page.get_by_role("button", name="Turn on reminders here").click()
    expect(page.get_by_text("Reminders show on this device")).to_be_visible()


def test_nobody_is_asked_for_permission_before_they_ask_for_reminders(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    for path in ("/", "/schedule", "/me", "/seats/1"):
        page.goto(place.address + path)
        assert page.evaluate("window.asked") is None
    turn_on(place, page)
    assert place.devices("maya") == 1


def test_signing_out_takes_the_phone_off_on_both_sides(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    turn_on(place, page)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(place.address + "/sign-in")
    assert place.devices("maya") == 0
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_the_next_person_on_the_phone_does_not_get_the_last_ones_reminders(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    turn_on(place, page)
    place.enter(page, "ben", clock.now())
    page.goto(place.address + "/me")
    expect(page.get_by_role("button", name="Turn on reminders here")).to_be_visible()
    page.wait_for_function("localStorage.getItem('at-service') === null")
    assert place.devices("ben") == 0


def test_a_subscription_that_died_is_made_anew_on_the_next_open(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    turn_on(place, page)
    with place.database.writing() as store:
        mine = addresses.of(cast.find(store).maya.id)
        next(a for a in store.scalars(mine) if a.channel == "push").stop(store, "gone", by=None, now=clock.now())  # fmt: skip
        store.commit()
    page.evaluate("localStorage.removeItem('at-service')")
    with page.expect_response("**/me/devices") as told:
        page.goto(place.address + "/")
    assert told.value.status == 201
    assert place.devices("maya") == 1


def test_a_double_tap_on_send_is_one_report(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/seats/1/absence")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thanks for telling us")
    with place.database.reading() as store:
        assert store.query(AbsenceReport).count() == 1
