"""The scripts in a real browser: typed text survives, the open room is announced, a phone belongs to one person."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.client.browsing import Place
from tests.web.serving import NO_BACKGROUND_SYNC
from webapp.care.accounts.logins import Login
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.contact import addresses
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""


def test_what_was_sent_with_an_expired_sign_in_goes_out_after_the_next(place, clock):
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
    expect(page.get_by_text("Sign in to finish")).to_be_visible()
    page.get_by_label("E-mail").fill("maya@example.org")
    page.get_by_label("Password").fill("three quiet blue boats")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thanks for telling us")
    assert (
        page.evaluate("Object.keys(sessionStorage).filter((each) => each.startsWith('draft'))")
        == []
    )
    with place.database.reading() as store:
        assert [each.note for each in store.query(AbsenceReport)] == ["the bus is not coming"]


def test_without_a_network_it_says_not_sent_yet_and_sends_it_later(place, clock):
    page = place.phone()
    page.context.add_init_script(NO_BACKGROUND_SYNC)
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/seats/1/absence")
    page.get_by_label("A note for your care team").fill("no signal here")
    page.context.route("**/seats/1/absence", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not sent yet")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Thanks")
    page.context.unroute("**/seats/1/absence")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thanks for telling us")
    with place.database.reading() as store:
        assert [each.note for each in store.query(AbsenceReport)] == ["no signal here"]


def test_the_open_room_is_announced_on_whatever_page_is_there(place, clock):
    page = place.phone()
    page.clock.install(time=clock.now())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/me")
    expect(page.get_by_text("The room is open", exact=True)).to_be_hidden()
    page.clock.fast_forward("03:00")
    expect(page.get_by_text("The room is open", exact=True)).to_be_visible()


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
    with page.expect_event("load"):  # it is opened again, with what it can do now
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
    place.enter(page, "maya", clock.now())
    page.reload()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(place.address + "/sign-in")
    assert place.devices("maya") == 0
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_phone_where_somebody_signs_in_again_is_told_anew(place, clock):
    """S5: it goes with that login when it ends, and not with the one from yesterday."""
    page = place.phone()
    place.enter(page, "maya", clock.now())
    turn_on(place, page)
    page.context.clear_cookies()
    page.goto(place.address + "/sign-in")
    place.enter(page, "maya", clock.now())
    with page.expect_response("**/me/devices") as told:
        page.goto(place.address + "/me")
    assert told.value.status == 200


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


def test_a_subscription_made_for_an_older_key_of_ours_is_made_anew(place, clock):
    """R6: after the VAPID key changed the old one would never show anything again."""
    page = place.phone()
    place.enter(page, "maya", clock.now())
    turn_on(place, page)
    before = page.evaluate("localStorage.getItem('at-service')")
    page.evaluate(
        "localStorage.setItem('device', JSON.stringify({ ...JSON.parse(localStorage.getItem('device')), key: 'older' }))"
    )
    with page.expect_response("**/me/devices") as told:
        page.goto(place.address + "/")
    assert told.value.status == 201
    assert page.evaluate("localStorage.getItem('at-service')") != before


def test_today_mentions_reminders_from_the_second_open_until_not_now(place, clock):
    """Never on the first visit; asked in context; a no stays a no (docs/product.md, *Pages*)."""
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/")
    hint = page.get_by_text("Get reminders on this phone")
    page.wait_for_function("localStorage.getItem('hint') === '1'")
    expect(hint).to_be_hidden()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(hint).to_be_visible()
    page.get_by_role("button", name="Not now").click()
    expect(hint).to_be_hidden()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Maya")
    expect(hint).to_be_hidden()


def test_a_double_tap_on_send_is_one_report(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/seats/1/absence")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thanks for telling us")
    with place.database.reading() as store:
        assert store.query(AbsenceReport).count() == 1
