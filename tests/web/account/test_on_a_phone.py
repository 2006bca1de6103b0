"""S3, in a real browser with an authenticator of its own: invitation → passkey → sign out → in again with a touch."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.serving import browser, served
from webapp import create_app
from webapp.care.accounts import sign_in_links
from webapp.care.accounts.passkeys import RelyingParty
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


class Phone:
    """A phone with a fingerprint reader; `touching` says whether a finger lies on it."""

    def __init__(self, chromium: Browser, address: str):
        self.address = address
        self.errors: list[str] = []
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)
        self._cdp = context.new_cdp_session(self.page)
        self._cdp.send("WebAuthn.enable")
        made = self._cdp.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                    "hasUserVerification": True, "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )  # fmt: skip
        self._reader = made["authenticatorId"]

    def touching(self, now: bool) -> None:
        told = {"authenticatorId": self._reader, "enabled": now}
        self._cdp.send("WebAuthn.setAutomaticPresenceSimulation", told)

    def verified(self, now: bool) -> None:
        """Whether it is the owner's finger."""
        told = {"authenticatorId": self._reader, "isUserVerified": now}
        self._cdp.send("WebAuthn.setUserVerified", told)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def press(self, words: str) -> None:
        self.page.get_by_role("button", name=words).click()

    def _heard(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.errors.append(message.text)


@pytest.fixture
def phone(fresh_database, settings, world, chromium) -> Iterator[Phone]:
    app = create_app(settings, fresh_database)
    with served(app) as address:
        app.extensions["relying_party"] = RelyingParty("localhost", address, settings.app_name)
        held = Phone(chromium, address)
        yield held
        held.page.context.close()
        assert held.errors == []


@pytest.fixture
def invitation(fresh_database, world, clock) -> str:
    with fresh_database.writing() as store:
        maya = cast.find(store).maya
        secret = sign_in_links.issue(store, maya, "invitation", by=None, now=clock.now())
        store.commit()
    return f"/sign-in/link/{secret}"


def comes_in(phone: Phone, invitation: str) -> None:
    phone.open(invitation)
    phone.press("Sign in on this phone")
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("Next time, just a touch")
    phone.press("Make a passkey on this phone")
    phone.page.wait_for_url(phone.address + "/")


def signs_out(phone: Phone) -> None:
    phone.open("/me/sign-ins")
    phone.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(phone.page).to_have_url(phone.address + "/sign-in")


def test_s3_a_touch_is_all_it_takes_after_the_first_time(phone, invitation):
    """S3: the button; in a browser that offers nothing by itself, so that there is one question only."""
    phone.page.add_init_script(
        "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
    )
    comes_in(phone, invitation)
    signs_out(phone)
    phone.press("Use my passkey")
    phone.page.wait_for_url(phone.address + "/")
    phone.open("/account")
    expect(phone.page.get_by_role("heading", name="Ways to sign in")).to_be_visible()
    expect(phone.page.get_by_text("Last used")).to_be_visible()


def test_s3_the_browser_offers_it_by_itself(phone, invitation):
    """S3: conditional UI. Nothing is pressed."""
    comes_in(phone, invitation)
    phone.touching(False)
    signs_out(phone)
    phone.touching(True)
    phone.open("/sign-in?next=/schedule")
    phone.page.wait_for_url(phone.address + "/schedule")
    expect(phone.page.get_by_role("navigation").first).to_be_visible()


def test_s3_somebody_elses_finger_opens_nothing_and_is_told_kindly(phone, invitation):
    """S3: user verification is required, by the browser and by us."""
    comes_in(phone, invitation)
    phone.touching(False)
    signs_out(phone)
    phone.verified(False)
    phone.touching(True)
    phone.press("Use my passkey")
    expect(phone.page.get_by_role("button", name="Use my passkey")).to_be_enabled()
    expect(phone.page).to_have_url(phone.address + "/sign-in")
    phone.open("/schedule")
    expect(phone.page).to_have_url(phone.address + "/sign-in?next=/schedule")


def test_s3_the_same_phone_is_not_added_twice(phone, invitation):
    comes_in(phone, invitation)
    phone.open("/account")
    phone.press("Add a passkey here")
    expect(phone.page.get_by_role("alert")).to_contain_text("has a passkey for here already")


def test_s3_the_first_name_it_gets_is_one_to_know_it_by(phone, invitation):
    comes_in(phone, invitation)
    page = phone.open("/account")
    page.get_by_text("Rename").click()
    page.get_by_label("Name").fill("My old phone")
    phone.press("Save name")
    expect(page.get_by_text("My old phone").first).to_be_visible()
