"""Homework in a real browser: no network that goes, no sign-in that ends and no other device costs a word; recordings go on."""

import io
import wave
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from tests.care.evenings import missed
from tests.web.serving import browser, served
from webapp import create_app
from webapp.care.accounts import logins
from webapp.care.accounts.logins import Login
from webapp.care.materials import homework, resources
from webapp.care.materials.drafts import Draft
from webapp.care.materials.homework import HandIn
from webapp.care.materials.resources import ResourceUse
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


class Phones:
    """The served app with Maya's homework in it, and phones of hers."""

    def __init__(self, address, database, chromium, settings_cookie):
        self.address, self.database, self.chromium = address, database, chromium
        self.cookie = settings_cookie

    def phone(self, now) -> Page:
        page = self.chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
        self.enter(page, now)
        return page

    def enter(self, page: Page, now) -> None:
        """Maya signs in (again) on this phone."""
        with self.database.writing() as store:
            _, secret = logins.sign_in(store, cast.find(store).maya, "link", now=now)
            store.commit()
        page.context.add_cookies([{"name": self.cookie, "value": secret, "url": self.address}])

    def kept(self) -> list[str]:
        with self.database.reading() as store:
            return list(store.scalars(select(Draft.body)))


@pytest.fixture
def phones(fresh_database, settings, world, clock, chromium) -> Iterator[Phones]:
    app, now = create_app(settings, fresh_database), clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        seat = missed(store, here.carla, here.maya, now)
        homework.put(store, here.harbor, "hw", title="A list", session=seat.session, by=here.carla, now=now, due_at=now + timedelta(days=2))  # fmt: skip
        resources.put(store, here.harbor, "r", kind="recording", title="Breath", url="https://media.example.org/breath.wav", session=seat.session, by=here.carla, now=now)  # fmt: skip
        store.commit()
    with served(app) as address:
        yield Phones(address, fresh_database, chromium, app.config["LOGIN_COOKIE"])


def write(page: Page, phones: Phones, words: str) -> None:
    page.goto(phones.address + "/homework/1")
    page.get_by_label("Your text").fill(words)


def test_what_is_typed_is_saved_while_typing(phones, clock):
    page = phones.phone(clock.now())
    write(page, phones, "Bed, book")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert phones.kept() == ["Bed, book"]
    assert page.evaluate("Object.keys(sessionStorage).filter((each) => each.startsWith('draft'))") == []  # fmt: skip


def test_homework_text_survives_a_lost_network(phones, clock):
    page = phones.phone(clock.now())
    page.goto(phones.address + "/homework/1")
    page.context.route("**/drafts", lambda route: route.abort())
    page.get_by_label("Your text").fill("Bed, book, lamp")
    expect(page.get_by_text("No connection right now.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your text")).to_have_value("Bed, book, lamp")
    page.context.unroute("**/drafts")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert phones.kept() == ["Bed, book, lamp"]


def test_a_save_whose_answer_was_lost_is_no_conflict_with_oneself(phones, clock):
    page = phones.phone(clock.now())
    page.goto(phones.address + "/homework/1")
    lost = []

    def lose_the_answer(route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.context.route("**/drafts", lose_the_answer, times=1)
    page.get_by_label("Your text").fill("Bed")
    expect(page.get_by_text("No connection right now.")).to_be_visible()
    assert lost == [200]
    page.get_by_label("Your text").fill("Bed, book")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    expect(page.get_by_text("There is another version of this text")).to_have_count(0)
    expect(page.get_by_label("Your text")).to_have_js_property("defaultValue", "Bed, book")
    assert phones.kept() == ["Bed, book"]


def test_homework_text_survives_a_sign_in_that_ended(phones, clock):
    """S8: an older draft on the server does not hide the newer words on the phone."""
    page = phones.phone(clock.now())
    write(page, phones, "Bed")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    with phones.database.writing() as store:
        for login in store.query(Login):
            login.end(store, "expired", by=None, now=clock.now())
        store.commit()
    page.get_by_label("Your text").fill("Bed, book, lamp")
    page.get_by_role("link", name="Open it again to save").click()
    expect(page).to_have_url(phones.address + "/sign-in?next=/homework/1")
    phones.enter(page, clock.now())
    page.goto(phones.address + "/homework/1")
    expect(page.get_by_label("Your text")).to_have_value("Bed, book, lamp")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    expect(page.get_by_label("Your text")).to_have_js_property("defaultValue", "Bed, book, lamp")
    assert phones.kept() == ["Bed, book, lamp"]


def test_two_devices_show_both_texts(phones, clock):
    """R7: never last-write-wins."""
    phone, tablet = phones.phone(clock.now()), phones.phone(clock.now())
    for page in (phone, tablet):
        page.goto(phones.address + "/homework/1")
    phone.get_by_label("Your text").fill("from the phone")
    expect(phone.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    tablet.get_by_label("Your text").fill("from the tablet")
    expect(tablet.locator("[data-other]")).to_have_text("from the phone")
    assert phones.kept() == ["from the phone"]
    tablet.get_by_role("button", name="Use this one instead").click()
    expect(tablet.get_by_label("Your text")).to_have_value("from the phone")
    expect(tablet.locator("[data-other]")).to_have_text("from the tablet")


def test_handing_in_without_a_network_keeps_the_text_and_then_goes_through_once(phones, clock):
    page = phones.phone(clock.now())
    write(page, phones, "Bed, book, lamp")
    page.context.route("**/homework/1", lambda route: route.abort())
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("status").filter(has_text="What you typed")).to_be_visible()
    expect(page.get_by_label("Your text")).to_have_value("Bed, book, lamp")
    page.context.unroute("**/homework/1")
    page.get_by_role("button", name="Hand in").dblclick()
    expect(page.get_by_text("Thank you. It's with your care team.")).to_be_visible()
    with phones.database.reading() as store:
        assert store.scalars(select(HandIn.body)).all() == ["Bed, book, lamp"]
    assert page.evaluate("Object.keys(sessionStorage).filter((each) => each.startsWith('draft'))") == []  # fmt: skip


def in_parts(route: Route, whole: bytes) -> None:
    """As a provider of recordings answers: from where it is asked on, so that one can wind to any place."""
    start = int(route.request.headers.get("range", "bytes=0-").partition("=")[2].partition("-")[0])
    span = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
    headers = {"Content-Type": "audio/wav", "Accept-Ranges": "bytes", "Content-Range": span}
    route.fulfill(status=206, body=whole[start:], headers=headers)


def test_a_recording_goes_on_where_it_was_stopped(phones, clock):
    """S7: it plays under the page's own policy."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as track:
        track.setparams((1, 1, 4000, 0, "NONE", ""))
        track.writeframes(b"\x80" * 4000 * 60)
    page, heard = phones.phone(clock.now()), []
    page.on("console", lambda said: heard.append(said.text) if "Content Security" in said.text else None)  # fmt: skip
    page.context.route("https://media.example.org/**", lambda route: in_parts(route, sound.getvalue()))  # fmt: skip
    for _ in range(2):  # opening it without playing it changes nothing
        page.goto(phones.address + "/resources/1")
    page.evaluate("document.querySelector('audio').preload = 'auto'")
    expect(page.locator("audio")).not_to_have_js_property("readyState", 0)
    with page.expect_response("**/resources/1/place") as told:
        page.evaluate("const it = document.querySelector('audio'); it.currentTime = 31; it.dispatchEvent(new Event('pause'))")  # fmt: skip
    assert told.value.status == 204
    page.reload()
    page.evaluate("document.querySelector('audio').preload = 'auto'")
    expect(page.locator("audio")).to_have_js_property("currentTime", 31)
    page.evaluate("document.querySelector('audio').dispatchEvent(new Event('ended'))")
    expect(page.get_by_text("You can come back to it any time.")).to_be_visible()
    with phones.database.reading() as store:
        assert store.scalars(select(ResourceUse.position)).one() == 31
    assert heard == []
