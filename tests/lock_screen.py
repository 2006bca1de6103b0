"""Reads a phone's lock screen from the service worker of a real browser, and taps its notifications."""

from typing import Any

from playwright.sync_api import Worker

LISTEN = """() => {
  self.shown = [];
  const show = ServiceWorkerRegistration.prototype.showNotification;
  ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
    await show.call(this, title, options);
    const { body, tag, data, actions } = options;
    self.shown.push({ title, body, tag, actions: (actions ?? []).map((each) => each.title), navigate: data?.navigate });
  };
}"""
"""Note what is really shown. Asking `getNotifications()` again and again would disturb: Chromium forgets a notification
that is asked for between being written down and being on screen."""
TRIES = 400
"""How often the lock screen is looked at, twenty times a second, before it is clear that nothing comes."""


class LockScreen:
    """The notifications of one service worker, from now on."""

    def __init__(self, worker: Worker):
        self.worker = worker
        worker.evaluate(LISTEN)

    def count(self) -> int:
        shown: int = self.worker.evaluate("() => self.shown.length")
        return shown

    def next_after(self, before: int) -> dict[str, Any]:
        """What is shown next, after `before` others."""
        found: dict[str, Any] | None = self.worker.evaluate(
            f"""async (before) => {{
              for (let tries = 0; tries < {TRIES} && self.shown.length <= before; tries++) {{
                await new Promise((go) => setTimeout(go, 50));
              }}
              return self.shown[before];
            }}""",
            before,
        )
        assert found, "nothing was shown"
        return found

    def tap(self, action: str = "") -> dict[str, Any]:
        """Tap the notification on top, or one of its buttons; answers what is shown then."""
        before = self.count()
        self.press(action)
        return self.next_after(before)

    def press(self, action: str = "") -> None:
        """The same, when what follows is a page."""
        self.worker.evaluate(
            "async (action) => { const [top] = await registration.getNotifications();"
            " dispatchEvent(new NotificationEvent('notificationclick', { notification: top, action })); }",
            action,
        )
