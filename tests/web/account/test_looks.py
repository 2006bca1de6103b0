"""Every page about signing in, in a real browser: axe finds nothing in either scheme, nothing runs over a small screen or at
large text, what is to be tapped is large enough, and nothing the page's own policy forbids is tried."""

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Browser

from tests.web.looks import listening, troubles
from tests.web.serving import browser, served
from webapp import create_app
from webapp.care.accounts import authenticators, logins, passwords
from webapp.care.preferences.policy_acknowledgements import Acknowledgement
from webapp.demo import cast

PAGES = [
    ("", "/sign-in"), ("ivy", "/orientation"), ("maya", "/orientation"), ("maya", "/account"),
    ("maya", "/account/welcome"), ("maya", "/account/password"), ("ben", "/sign-in"),
    ("rosa", "/account/confirm"), ("carla", "/account"), ("carla", "/account/authenticator"),
    ("carla", "/staff/people/{maya}/sign-in-link"), ("susan", "/sign-in/second-step"),
    ("colin", "/account/welcome"), ("tessa", "/account/confirm"),
]  # fmt: skip
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
        begun = authenticators.begin(store, here.susan, by=here.susan, now=now)
        code = pyotp.TOTP(begun.secret).at(now)
        authenticators.confirm(store, here.susan, code, by=here.susan, now=now)

        def login(who: str, way: str, **ago: float) -> str:
            then = now - timedelta(**ago)
            login, secret = logins.sign_in(store, getattr(here, who), way, now=then)
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


def test_every_page_at_the_door_can_be_read_and_touched_by_everybody(
    chromium, address, people, world
):
    found = []
    for who, path in PAGES:
        context = chromium.new_context()
        if who:
            context.add_cookies([{"name": "login", "value": people[who], "url": address}])
        page, heard = listening(context)
        path = path.format(maya=world.maya.id)
        page.goto(address + path)
        assert page.url == address + path, f"{who} was led from {path} to {page.url}"
        found += troubles(page, f"{who} {path}")
        assert heard == []
        context.close()
    assert not found, "\n".join(found)
