"""The self-test in a real browser: what the phone finds, in words, and what goes along when one asks for help (M15)."""

import json

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.web.client.browsing import Place
from webapp.care.contact.tasks import Task

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""


def checked(place: Place, clock, *allowed: str, before: str = "") -> Page:
    """Maya's phone after the check; the page may use what is `allowed`."""
    page = place.phone()
    page.context.grant_permissions(["notifications", *allowed], origin=place.address)
    if before:
        page.context.add_init_script(before)
    page.clock.install(time=clock.now())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/help-connecting")
    page.clock.resume()
    page.get_by_role("button", name="Start the check").click()
    expect(page.get_by_role("button", name="Check again")).to_be_visible()
    return page


def said(page: Page, check: str) -> str:
    shown = page.locator(f"[data-check={check}] [data-result]:visible")
    return " ".join(shown.inner_text().split())


def brief(place: Place) -> dict:
    with place.database.reading() as store:
        return store.scalars(select(Task)).one().brief


def test_a_phone_that_can_do_video_is_told_so(place, clock):
    page = checked(place, clock, "camera", "microphone")
    expect(page.locator("[data-sum]:focus")).to_contain_text("All looks good from here.")
    for check in ("network", "microphone", "camera", "browser", "clock"):
        assert page.locator(f"[data-check={check}].self-test-found").count() == 0, said(page, check)
    assert said(page, "microphone") == "It works."


def test_what_the_page_may_not_use_is_found_with_the_next_step(place, clock):
    page = checked(place, clock)
    expect(page.locator("[data-sum]:focus")).to_contain_text("We found something.")
    assert said(page, "camera").startswith("This page may not use it. Tap the lock")
    assert "microphone" in said(page, "microphone")
    assert said(page, "network") == "Strong enough for video."


def test_one_tap_takes_the_results_along(place, clock):
    page = checked(place, clock, "microphone")
    page.get_by_role("button", name="Ask the help desk").click()
    expect(page.get_by_role("status").filter(has_text="Help is on its way")).to_be_visible()
    told = brief(place)
    assert told["self_test"] == {
        "network": "good", "microphone": "good", "camera": "blocked", "browser": "good", "clock": "good",
    }  # fmt: skip
    assert told["facts"]["camera_trouble"] == "NotAllowedError"
    assert len(told["facts"]["round_trips"]) == 5
    assert told["facts"]["kbit"] > 1000
    assert "Chrome" in told["facts"]["agent"]
    assert told["round_trip"] > 0


def test_without_the_check_help_comes_as_well(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/help-connecting")
    page.get_by_role("button", name="Ask the help desk").dblclick()
    expect(page.get_by_text("Help is on its way")).to_be_visible()
    assert brief(place) == {}


def test_a_server_out_of_reach_is_a_finding_and_not_an_error(place, clock):
    page = place.phone()
    page.context.route("**/help-connecting/pulse", lambda route: route.abort())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/help-connecting")
    page.get_by_role("button", name="Start the check").click()
    expect(page.get_by_text("We can't be reached from here.")).to_be_visible()
    assert said(page, "clock") == "We couldn't tell."


def test_a_clock_that_goes_wrong_is_found(place, clock):
    page = place.phone()
    page.clock.install(time=clock.now().timestamp() + 600)
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/help-connecting")
    page.clock.resume()
    page.get_by_role("button", name="Start the check").click()
    expect(page.get_by_text("It doesn't show the right time.")).to_be_visible()


NO_CAMERA = """
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (asked) => asked.video ? Promise.reject(new DOMException("", "NotFoundError")) : real(asked);
"""
HELD = NO_CAMERA.replace("NotFoundError", "NotReadableError")


@pytest.mark.parametrize(
    ("before", "words"),
    [(NO_CAMERA, "None was found. You can join without it."), (HELD, "Another app is using it.")],
)
def test_a_camera_that_is_missing_or_held_is_named(place, clock, before, words):
    page = checked(place, clock, "camera", "microphone", before=before)
    assert said(page, "camera").startswith(words)


def test_camera_and_microphone_are_let_go_at_once(place, clock):
    watch = """
      window.tracks = [];
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (asked) => { const made = await real(asked); window.tracks.push(...made.getTracks()); return made; };
    """
    page = checked(place, clock, "camera", "microphone", before=watch)
    assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended", "ended"]


def test_a_stranger_can_check_the_phone_too(place, clock):
    page = place.phone()
    page.goto(place.address + "/help-connecting")
    page.get_by_role("button", name="Start the check").click()
    expect(page.get_by_role("button", name="Check again")).to_be_visible()
    expect(page.get_by_role("button", name="Ask the help desk")).to_have_count(0)


def test_nothing_is_sent_before_one_asks_for_help(place, clock):
    posted = []
    page = place.phone()
    page.on("request", lambda request: request.method == "POST" and posted.append(request.url))
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/help-connecting")
    page.get_by_role("button", name="Start the check").click()
    expect(page.get_by_role("button", name="Check again")).to_be_visible()
    assert [each for each in posted if not each.endswith("/me/phone-key")] == []
    assert "network" in json.loads(page.locator("[data-told]").input_value())["results"]
