"""The thread in a real browser: nothing typed is lost, nothing is sent twice, and only a person reads."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.web.client.browsing import Place
from webapp.care.accounts.logins import Login
from webapp.care.contact import messages
from webapp.care.contact.messages import Message
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""

LINE = "Write to your care team"


def opened(place: Place, clock) -> Page:
    page = place.phone()
    page.clock.install(time=clock.now())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/messages")
    page.wait_for_load_state("networkidle")
    page.clock.resume()
    return page


def written(place: Place) -> list[str]:
    with place.database.reading() as store:
        return [
            body for body, _ in store.execute(select(Message.body, Message.id).order_by(Message.id))
        ]


def say(place: Place, clock, body: str) -> None:
    with place.database.writing() as store:
        world = cast.find(store)
        messages.send(store, world.maya, body, by=world.carla, now=clock.now())
        store.commit()


def unread(place: Place, clock) -> int:
    with place.database.reading() as store:
        return messages.unread(store, cast.find(store).maya, clock.now())


def test_a_double_tap_is_one_message_and_the_line_is_free_again(place, clock):
    page = opened(place, clock)
    page.get_by_label(LINE).fill("On my way")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("listitem").filter(has_text="On my way")).to_be_visible()
    expect(page.get_by_label(LINE)).to_have_value("")
    expect(page.get_by_label(LINE)).to_be_focused()
    assert written(place) == ["On my way"]


def test_a_lost_network_loses_no_text(place, clock):
    page = opened(place, clock)
    page.get_by_label(LINE).fill("no signal here")
    page.context.route("**/messages", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="What you typed")).to_be_visible()
    expect(page.get_by_label(LINE)).to_have_value("no signal here")
    assert written(place) == []


def test_a_lost_answer_then_a_reload_then_again_is_one_message(place, clock):
    """R7: the text comes back under the id it was sent with."""
    page = opened(place, clock)
    page.get_by_label(LINE).fill("Can we talk?")

    def lose_the_answer(route) -> None:
        route.fetch()
        route.abort()

    page.context.route("**/messages", lose_the_answer)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="What you typed")).to_be_visible()
    page.context.unroute("**/messages")
    page.reload()
    expect(page.get_by_label(LINE)).to_have_value("Can we talk?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label(LINE)).to_have_value("")
    assert written(place) == ["Can we talk?"]


def test_typed_text_survives_an_expired_sign_in(place, clock):
    """S8."""
    page = opened(place, clock)
    page.get_by_label(LINE).fill("the bus is not coming")
    with place.database.writing() as store:
        for login in store.query(Login):
            login.end(store, "expired", by=None, now=clock.now())
        store.commit()
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_url(place.address + "/sign-in?next=/messages")
    page.get_by_label("E-mail").fill("maya@example.org")
    page.get_by_label("Password").fill("three quiet blue boats")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label(LINE)).to_have_value("the bus is not coming")
    assert written(place) == []


def test_what_comes_in_shows_by_itself_and_is_read_when_somebody_is_there(place, clock):
    page = opened(place, clock)
    say(place, clock, "How are you?")
    page.clock.fast_forward("00:16")
    expect(page.get_by_text("How are you?")).to_be_visible()
    assert unread(place, clock) == 1
    with page.expect_response("**/messages/read"):
        page.mouse.click(200, 300)
    assert unread(place, clock) == 0


def test_it_opens_at_the_newest_message(place, clock):
    for number in range(30):
        say(place, clock, f"Word {number}")
    page = opened(place, clock)
    expect(page.get_by_text("Word 29")).to_be_in_viewport()
    expect(page.get_by_text("Word 0", exact=True)).not_to_be_in_viewport()
    expect(page.get_by_label(LINE)).to_be_in_viewport()


def test_typing_is_not_disturbed_by_what_comes_in(place, clock):
    page = opened(place, clock)
    page.get_by_label(LINE).press_sequentially("Half a sen")
    say(place, clock, "How are you?")
    page.clock.fast_forward("00:16")
    expect(page.get_by_text("How are you?")).to_be_visible()
    expect(page.get_by_label(LINE)).to_be_focused()
    page.get_by_label(LINE).press_sequentially("tence")
    expect(page.get_by_label(LINE)).to_have_value("Half a sentence")
