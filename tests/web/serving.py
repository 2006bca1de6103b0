"""The app at a real address, for tests that need a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Flask
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests import chromium

OWN_NOTICES = "--disable-features=SystemNotifications"
"""Notifications stay in the browser: no desktop is asked, which would forget them again when none answers."""
A_CAMERA = "--use-fake-device-for-media-stream"
"""A camera and a microphone of the browser's own; a page still needs to be allowed to use them."""
NO_BACKGROUND_SYNC = "delete ServiceWorkerRegistration.prototype.sync"
"""A script for pages. Else the browser sends by itself, past the page's routes and before anybody sees what the page says."""

PATIENCE = 30_000
"""Milliseconds a page has for what a test expects: a machine may be busy with other things."""
expect.set_options(timeout=PATIENCE)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """`app` on a free port of this machine; answers its address."""
    server = make_server("localhost", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that talks to this machine only."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium.path(), args=[*chromium.FLAGS, OWN_NOTICES, A_CAMERA]
        )
        try:
            yield opened
        finally:
            opened.close()


def until(page: Page, promised: str) -> None:
    """Until what the expression promises is true on this page, or on the one that comes after it. (`wait_for_function` takes
    a promise itself for true.)"""
    for _ in range(PATIENCE // 50):
        with suppress(Error):  # the page is just being left
            if page.evaluate(promised):
                return
            page.evaluate("new Promise((go) => setTimeout(go, 50))")
    raise AssertionError(f"never true: {promised}")


def lose_network(page: Page) -> None:
    """From here on nothing leaves this browser: a browser says it has no network a moment before that is true."""
    page.context.set_offline(True)
    until(page, "fetch('/healthz', { cache: 'no-store' }).then(() => false, () => true)")


def worker_ready(page: Page) -> None:
    """Until the service worker is there and has kept what it shows without a network. (Whether it has taken over this very page
    is another matter: one that was on its way while the worker woke up is left to itself until it is opened again.)"""
    until(page, "navigator.serviceWorker.ready.then(() => true)")
