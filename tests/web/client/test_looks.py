"""Every client page in a real browser: axe finds nothing in either scheme, nothing runs over a small screen or at large
text, what is to be tapped is large enough, and nothing the page's own policy forbids is tried."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from tests.web.serving import browser, served
from webapp import create_app
from webapp.care import absences, accounts, addresses
from webapp.care.sessions import Seat
from webapp.demo import cast

OWN = ("/me/reminders", "/me/devices", "/me/calendar", "/me/needs", "/me/backup-plan", "/me/language", "/me/sign-ins", "/me/my-data", "/schedule?view=today", "/schedule?view=all", "/seats/1/other-times")  # fmt: skip
PAGES = (*OWN, "/", "/schedule", "/schedule?view=earlier", "/seats/1", "/seats/2", "/seats/3", "/seats/1/absence", "/seats/2/absence", "/hours", "/times", "/seats/2/make-ups", "/seats/3/make-ups", "/me", "/help-connecting", "/messages", "/nowhere")  # fmt: skip
PUBLIC = ("/sign-in", "/crisis", "/offline", "/sign-in/link/gone")
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}  # fmt: skip
LEAST = 44
SMALL_TARGETS = f"""() => [...document.querySelectorAll("button, .button, .thumb-bar a, .list-row[href], .seat-row, .chip, .switch, .shell-crisis")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < {LEAST}).map((each) => each.outerHTML.slice(0, 120))"""

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
        _, secret = accounts.sign_in(store, here.maya, "link", now=now, device="Mozilla Android Chrome/1")  # fmt: skip
        store.commit()
    with served(app) as address:
        yield address, secret


def device(chromium: Browser, address: tuple[str, str], **look: object) -> BrowserContext:
    where, secret = address
    context = chromium.new_context(**({"viewport": {"width": 390, "height": 844}} | look))  # type: ignore[arg-type]
    context.add_cookies([{"name": "login", "value": secret, "url": where}])
    return context


def listening(context: BrowserContext) -> tuple[Page, list[str]]:
    page, heard = context.new_page(), []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda said: heard.append(said.text) if "Content Security" in said.text else None)  # fmt: skip
    return page, heard


def violations(page: Page, path: str) -> list[str]:
    """What axe finds on the open page, in both schemes, on a phone and at a desk."""
    found = []
    for width, height in ((1280, 800), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            result = Axe().run(page, options=WCAG)
            found += [f"{path} ({width}, {scheme}): {v['id']} {[n['html'][:160] for n in v['nodes']]}" for v in result.response["violations"]]  # fmt: skip
    return found


def test_axe_finds_nothing(chromium, address):
    context = device(chromium, address)
    page, heard = listening(context)
    found = []
    for path in PAGES:
        page.goto(address[0] + path)
        found += violations(page, path)
    context.close()
    assert not found, "\n".join(found)
    assert heard == []


def test_axe_finds_nothing_before_sign_in(chromium, address):
    context = chromium.new_context()
    page, heard = listening(context)
    found = []
    for path in PUBLIC:
        page.goto(address[0] + path)
        found += violations(page, path)
    context.close()
    assert not found, "\n".join(found)
    assert heard == []


@pytest.mark.parametrize(("width", "percent"), [(320, 100), (390, 200), (1280, 200)])
def test_nothing_runs_over_the_edge(chromium, address, width, percent):
    context = device(chromium, address, viewport={"width": width, "height": 800})
    page, _ = listening(context)
    wide = []
    for path in (*PAGES, *PUBLIC):
        page.goto(address[0] + path)
        page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wide.append(f"{path} by {over}px")
    context.close()
    assert not wide, ", ".join(wide)


def test_whatever_is_tapped_is_large_enough(chromium, address):
    context = device(chromium, address)
    page, _ = listening(context)
    small = []
    for path in (*PAGES, *PUBLIC):
        page.goto(address[0] + path)
        small += [f"{path}: {each}" for each in page.evaluate(SMALL_TARGETS)]
    context.close()
    assert not small, "\n".join(small)


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
