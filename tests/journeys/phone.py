"""A phone in a client's hand: a real Chromium whose push subscriptions live at the local push service.

Chromium itself registers with a service on the internet only, so `pushManager` is told to register here; from there on
all is real: our server encrypts and posts, the service checks and decrypts, and the browser's own service worker gets the
push event, shows the notification and handles the tap on its button.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import chromium
from tests.lock_screen import LockScreen
from tests.push_service import Message, PushService
from tests.web.serving import OWN_NOTICES, worker_ready

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}

REGISTER_HERE = """
  let mine = null;
  const made = (said) => ({ ...said, toJSON: () => said, options: {}, getKey: () => null,
    unsubscribe: async () => { mine = null; localStorage.removeItem("test-subscription"); return true; } });
  const kept = JSON.parse(localStorage.getItem("test-subscription") ?? "null");
  if (kept) mine = made(kept);
  PushManager.prototype.getSubscription = async () => mine;
  PushManager.prototype.subscribe = async () => {
    if (!mine) {
      const said = await window.registerWithPushService();
      localStorage.setItem("test-subscription", JSON.stringify(said));
      mine = made(said);
    }
    return mine;
  };
"""
VIOLATIONS = "addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"
"""S7: what the content security policy stops fails the journey."""
NO_NETWORK = ("net::ERR_", "Failed to fetch", "status of 4")
"""What a browser says about a lost network, or a refusal, is not an error of the page."""


class Phone:
    """One person's browser. `errors` collects what no page may do: script errors and policy violations (S7)."""

    def __init__(self, context: BrowserContext, base_url: str, service: PushService):
        self.context, self.base_url, self.service = context, base_url, service
        self.errors: list[str] = []
        context.grant_permissions(["notifications"], origin=base_url)
        context.expose_function("registerWithPushService", service.subscribe)
        context.add_init_script(REGISTER_HERE + VIOLATIONS)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)
        self._cdp = context.new_cdp_session(self.page)
        self._registrations: dict[str, str] = {}
        self._cdp.on("ServiceWorker.workerRegistrationUpdated", self._registered)
        self._cdp.send("ServiceWorker.enable")

    def open(self, path: str) -> Page:
        self.page.goto(self.base_url + path)
        return self.page

    def sign_in(self, link: str) -> None:
        """Open a one-time link and press its button."""
        self.page.goto(link)
        self.page.get_by_role("main").get_by_role("button").click()
        expect(self.page.get_by_role("navigation").first).to_be_visible()

    def deliver(self, message: Message) -> dict[str, Any]:
        """What the push service holds arrives at the browser; answers what the lock screen shows of it."""
        worker_ready(self.page)
        [registration] = self._registrations
        [worker] = self.context.service_workers
        self._screen = LockScreen(worker)
        told = {"origin": self.base_url, "registrationId": registration, "data": message.text}
        self._cdp.send("ServiceWorker.deliverPushMessage", told)
        return self._screen.next_after(0)

    def tap_notification(self) -> None:
        """Tap the notification on top itself: the app opens where it leads. No finger taps here, and without one the worker may
        only lead a page that is its own: one that was on its way while it woke up is opened again first."""
        if not self.page.evaluate("Boolean(navigator.serviceWorker.controller)"):
            self.page.reload()
        self._screen.press()

    def works_offline(self) -> None:
        """Wait until the service worker is there for the next page."""
        worker_ready(self.page)

    def tap_button(self, action: str) -> dict[str, Any]:
        """Tap a button of the notification on top, without opening the app; answers what is shown then."""
        return self._screen.tap(action)

    def wake_worker(self, *, sync: str = "") -> None:
        """What the browser does while no page of ours is open: it looks for a newer service worker, or finds a network again and
        wakes the worker for what waits under the tag `sync`."""
        [registration] = self._registrations
        if sync:
            told = {"origin": self.base_url, "registrationId": registration}
            told |= {"tag": sync, "lastChance": False}
            self._cdp.send("ServiceWorker.dispatchSyncEvent", told)
        else:
            scope = self._registrations[registration]
            self._cdp.send("ServiceWorker.updateRegistration", {"scopeURL": scope})

    def _registered(self, event: dict[str, Any]) -> None:
        for registration in event["registrations"]:
            self._registrations[registration["registrationId"]] = registration["scopeURL"]

    def _heard(self, message: Any) -> None:
        if message.type == "error" and not any(said in message.text for said in NO_NETWORK):
            self.errors.append(message.text)


@contextmanager
def phone(
    browser: Browser, base_url: str, service: PushService, folder: Path | None = None, **more: Any
) -> Iterator[Phone]:
    """A phone; at the end nothing forbidden may have happened on it. With a `folder` it is a browser of its own that
    remembers, and may be opened again."""
    if folder is None:
        context = browser.new_context(**(PHONE | more))
    else:
        context = browser.browser_type.launch_persistent_context(
            folder, executable_path=chromium.path(), args=[*chromium.FLAGS, OWN_NOTICES], **(PHONE | more)
        )  # fmt: skip
    held = Phone(context, base_url, service)
    try:
        yield held
        assert held.errors == []
    finally:
        context.close()
