"""The worker in a real browser: a push always shows something, buttons carry action_tokens, offline opens the shell."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.lock_screen import LockScreen
from tests.web.serving import browser, lose_network, served, worker_ready
from webapp import create_app
from webapp.config import Settings
from webapp.db import Database


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The app; nothing here touches its database."""
    settings = Settings.load({}, tmp_path_factory.mktemp("instance"))
    with served(create_app(settings, Database("sqlite:///:memory:"))) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def phone(chromium: Browser, address: str) -> Iterator["Phone"]:
    context = chromium.new_context()
    context.grant_permissions(["notifications"], origin=address)
    yield Phone(context, address)
    context.close()


class Phone:
    """A browser with our worker installed."""

    def __init__(self, context: BrowserContext, address: str):
        self.context, self.address = context, address
        self.page: Page = context.new_page()
        self.cdp = context.new_cdp_session(self.page)
        self.registrations: set[str] = set()
        self.cdp.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: self.registrations.update(
                r["registrationId"] for r in told["registrations"]
            ),
        )
        self.cdp.send("ServiceWorker.enable")
        self.page.goto(address + "/sign-in")
        worker_ready(self.page)
        [self.worker] = context.service_workers
        self.screen = LockScreen(self.worker)

    def push(self, text: str) -> dict:
        """A push arrives; answers what the lock screen shows of it."""
        [registration] = self.registrations
        before = self.screen.count()
        told = {"origin": self.address, "registrationId": registration, "data": text}
        self.cdp.send("ServiceWorker.deliverPushMessage", told)
        return self.screen.next_after(before)

    def tap(self, action: str = "") -> dict:
        """Tap the notification, or one of its buttons; answers what is shown then."""
        return self.screen.tap(action)


def notice(**parts) -> str:
    told = {"title": "My Day", "body": "You have a reminder for 6:00 PM.", "tag": "t1"} | parts
    return json.dumps({"web_push": 8030, "notification": told})


def button(url: str) -> list[dict[str, str]]:
    return [{"action": "absence", "title": "Can't make it", "url": url}]


UNREADABLE = (
    "", "not json", "null", "[]", "7", "{}", '{"notification": null}', '{"aps": {}}',
    '{"notification": {"title": 7, "body": {}, "data": "x", "tag": []}}',
)  # fmt: skip


def test_an_unreadable_push_still_shows_a_neutral_line(phone):
    for text in UNREADABLE:
        shown = phone.push(text)
        assert (shown["title"], shown["body"]) == ("My Day", "You have a reminder."), text


def test_a_declarative_push_is_shown_as_it_says(phone):
    actions = [{"action": "absence", "title": "Can't make it", "url": "/answers/x"}]
    navigate = phone.address + "/seats/7"
    assert phone.push(notice(navigate=navigate, data={"actions": actions})) == {
        "title": "My Day", "body": "You have a reminder for 6:00 PM.", "tag": "t1",
        "actions": ["Can't make it"], "navigate": navigate,
    }  # fmt: skip


def test_a_push_cannot_lead_to_somebody_elses_site(phone):
    assert phone.push(notice(navigate="https://evil.example/"))["navigate"] == phone.address + "/"


def test_a_button_posts_its_capability_without_cookies_and_thanks(phone):
    asked = []

    def answer(route):
        asked.append((route.request.method, route.request.headers.get("cookie")))
        route.fulfill(json={})

    phone.context.route("**/answers/one", answer)
    phone.push(notice(data={"actions": button("/answers/one")}))
    assert phone.tap("absence")["body"].startswith("Thank you")
    assert asked == [("POST", None)]


def test_a_button_never_posts_to_somebody_elses_site(phone):
    asked = []
    phone.context.route("https://evil.example/**", lambda route: asked.append(1) or route.abort())
    phone.push(notice(data={"actions": button("https://evil.example/answers/one")}))
    phone.tap("absence")
    assert asked == []


def test_without_a_network_it_says_not_sent_yet(phone):
    phone.context.route("**/answers/two", lambda route: route.abort())
    phone.push(
        notice(navigate=phone.address + "/seats/7", data={"actions": button("/answers/two")})
    )
    shown = phone.tap("absence")
    assert shown["body"] == "Not sent yet. Tap to open."
    assert (shown["tag"], shown["navigate"]) == ("t1", phone.address + "/seats/7")


def test_an_expired_button_says_so(phone):
    phone.push(notice(data={"actions": button("/answers/old")}))
    assert "expired" in phone.tap("absence")["body"]


def test_offline_the_shell_opens_with_988(phone):
    worker_ready(phone.page)
    lose_network(phone.page)
    phone.page.goto(phone.address + "/schedule")
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("You're offline right now")
    expect(phone.page.get_by_role("link", name="Call 988")).to_be_visible()
    phone.page.goto(phone.address + "/crisis")
    expect(phone.page.get_by_role("link", name="Text 988")).to_be_visible()


def test_only_shell_files_and_public_pages_are_kept(phone):
    kept = phone.page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((c) => c.keys()))))"
        ".then((all) => all.flat().map((r) => new URL(r.url).pathname))"
    )
    pages = {path for path in kept if not path.startswith("/assets/")}
    assert pages == {"/offline", "/crisis"}
