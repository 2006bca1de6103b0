"""Every page about signing in, in a real browser: axe finds nothing in either scheme, nothing runs over a small screen or at
large text, what is to be tapped is large enough, and nothing the page's own policy forbids is tried."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.web.serving import browser, served
from webapp import create_app
from webapp.care import accounts, passwords, second_factors
from webapp.care.orientation import Acknowledgement
from webapp.demo import cast

PAGES = [
    ("", "/sign-in"), ("ivy", "/orientation"), ("maya", "/orientation"), ("maya", "/account"),
    ("maya", "/account/welcome"), ("maya", "/account/password"), ("ben", "/sign-in"),
    ("rosa", "/account/confirm"), ("carla", "/account"), ("carla", "/account/authenticator"),
    ("carla", "/staff/people/{maya}/sign-in-link"), ("susan", "/sign-in/second-step"),
    ("colin", "/account/welcome"), ("tessa", "/account/confirm"),
]  # fmt: skip
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}  # fmt: skip
SMALL = """() => [...document.querySelectorAll("button, .button, .list-row[href], .chip, .shell-crisis, .way-back")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 44).map((each) => each.outerHTML.slice(0, 120))"""

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What is seen does not depend on the database."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def people(fresh_database, world, clock) -> dict[str, str]:
    """Who stands where at the door: the secret of each one's login."""
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        store.query(Acknowledgement).filter_by(person_id=here.ivy.id).delete()
        for who in ("ben", "rosa", "carla", "susan", "tessa"):
            person = getattr(here, who)
            passwords.set_password(store, person, "three quiet blue boats", by=person, now=now)
        begun = second_factors.begin(store, here.susan, by=here.susan, now=now)
        code = pyotp.TOTP(begun.secret).at(now)
        second_factors.confirm(store, here.susan, code, by=here.susan, now=now)

        def login(who: str, way: str, **ago: float) -> str:
            then = now - timedelta(**ago)
            login, secret = accounts.sign_in(store, getattr(here, who), way, now=then)
            login.seen_at = then if who == "ben" else now
            return secret

        made = {who: login(who, "passkey") for who in ("maya", "ivy", "carla")}
        made |= {who: login(who, "password") for who in ("susan", "colin")}
        made |= {
            "rosa": login("rosa", "password", minutes=20),
            "ben": login("ben", "link", hours=2),
        }
        made["tessa"] = login("tessa", "passkey", minutes=20)
        store.commit()
    return made


@pytest.fixture
def address(fresh_database, settings, people) -> Iterator[str]:
    with served(create_app(settings, fresh_database)) as where:
        yield where


def looked_at(chromium: Browser, address: str, people: dict[str, str], world: Any, **look: Any):
    """Each page in turn, opened as its person sees it; yields (page, what it is called)."""
    for who, path in PAGES:
        context = chromium.new_context(**look)
        if who:
            context.add_cookies([{"name": "login", "value": people[who], "url": address}])
        page, heard = context.new_page(), []
        page.on("pageerror", lambda error, heard=heard: heard.append(str(error)))
        page.on("console", lambda said, heard=heard: heard.append(said.text) if "Content Security" in said.text else None)  # fmt: skip
        path = path.format(maya=world.maya.id)
        page.goto(address + path)
        assert page.url == address + path, f"{who} was led from {path} to {page.url}"
        yield page, f"{who} {path}"
        assert heard == []
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_door(chromium, address, people, world, scheme):
    found, small = [], []
    look = {"color_scheme": scheme, "reduced_motion": "reduce", "viewport": {"width": 390, "height": 844}}  # fmt: skip
    for page, name in looked_at(chromium, address, people, world, **look):
        result = Axe().run(page, options=WCAG)
        found += [f"{name}: {v['id']} {[n['html'][:160] for n in v['nodes']]}" for v in result.response["violations"]]  # fmt: skip
        small += [f"{name}: {each}" for each in page.evaluate(SMALL)]
    assert not found, "\n".join(found)
    assert not small, "\n".join(small)


@pytest.mark.parametrize(("width", "percent"), [(320, 100), (390, 200)])
def test_nothing_at_the_door_runs_over_the_edge(chromium, address, people, world, width, percent):
    wide = []
    for page, name in looked_at(
        chromium, address, people, world, viewport={"width": width, "height": 800}
    ):
        page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wide.append(f"{name} by {over}px")
    assert not wide, ", ".join(wide)
