"""Every client page in a real browser: axe finds nothing in either scheme, nothing runs over a small screen or at large
text, what is to be tapped is large enough, and nothing the page's own policy forbids is tried."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext

from tests.web.looks import listening, troubles
from tests.web.serving import browser, served
from webapp import create_app
from webapp.care.accounts import logins
from webapp.care.attendance import absences
from webapp.care.contact import addresses
from webapp.care.schedule.sessions import Seat
from webapp.demo import cast

OWN = ("/me/reminders", "/me/devices", "/me/calendar", "/me/needs", "/me/backup-plan", "/me/language", "/me/sign-ins", "/me/my-data", "/schedule?view=today", "/schedule?view=all", "/seats/1/other-times")  # fmt: skip
PAGES = (*OWN, "/", "/schedule", "/schedule?view=earlier", "/seats/1", "/seats/2", "/seats/3", "/seats/1/absence", "/seats/2/absence", "/hours", "/times", "/seats/2/make-ups", "/seats/3/make-ups", "/me", "/help-connecting", "/messages", "/together", "/together/notes/new", "/together/as/9", "/nowhere")  # fmt: skip
PUBLIC = ("/sign-in", "/crisis", "/offline", "/sign-in/link/gone")
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What is seen does not depend on the database."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def address(fresh_database, settings, world, clock) -> Iterator[tuple[str, str]]:
    """The app on Maya's busy week; answers its address and the secret of her login."""
    app: Flask = create_app(settings, fresh_database)
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        for ahead, ref in ((2, "next"), (30, "told"), (-20, "past"), (100, "far")):
            cast.open_room(store, here.carla, [here.maya], now + timedelta(hours=ahead), now=now - timedelta(days=9), minutes=90, ref=ref)  # fmt: skip
        absences.report(store, store.get_one(Seat, 2), by=here.maya, now=now)
        addresses.add(store, here.maya, "push", "https://fcm.googleapis.com/x", keys={}, label="Chrome, Android", by=here.maya, now=now)  # fmt: skip
        _, secret = logins.sign_in(store, here.maya, "link", now=now, device="Mozilla Android Chrome/1")  # fmt: skip
        store.commit()
    with served(app) as address:
        yield address, secret


def device(chromium: Browser, address: tuple[str, str], **look: object) -> BrowserContext:
    where, secret = address
    context = chromium.new_context(**({"viewport": {"width": 390, "height": 844}} | look))  # type: ignore[arg-type]
    context.add_cookies([{"name": "login", "value": secret, "url": where}])
    return context


def test_every_page_can_be_read_and_touched_by_everybody(chromium, address):
    context = device(chromium, address)
    page, heard = listening(context)
    found = []
    for path in PAGES:
        page.goto(address[0] + path)
        found += troubles(page, path)
    context.close()
    assert not found, "\n".join(found)
    assert heard == []


def test_so_can_those_before_sign_in(chromium, address):
    context = chromium.new_context()
    page, heard = listening(context)
    found = []
    for path in PUBLIC:
        page.goto(address[0] + path)
        found += troubles(page, path)
    context.close()
    assert not found, "\n".join(found)
    assert heard == []


def test_today_needs_no_scrolling_to_join_or_to_say_i_cant_make_it(chromium, address):
    context = device(chromium, address)
    page, _ = listening(context)
    page.goto(address[0] + "/")
    bar = page.get_by_role("navigation", name="Places").bounding_box()
    for name in ("Join", "I can't make it"):
        box = page.get_by_role("link", name=name).first.bounding_box()
        assert box["y"] + box["height"] < bar["y"], name
    assert page.get_by_role("heading", name="Waiting for you").bounding_box()["y"] < bar["y"]
    context.close()
