"""Serves the app to real browsers, with a chosen person signed in on each."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.web.client.me.test_devices import AUTH, P256DH
from tests.web.serving import browser, served
from webapp import create_app
from webapp.care.accounts import logins, passwords
from webapp.care.contact import addresses
from webapp.demo import cast

SUBSCRIBES_HERE = f"""
  const made = (said) => ({{ ...said, toJSON: () => said, unsubscribe: async () => {{ localStorage.removeItem("at-service"); return true; }} }});
  const kept = () => JSON.parse(localStorage.getItem("at-service") ?? "null");
  PushManager.prototype.getSubscription = async () => kept() && made(kept());
  PushManager.prototype.subscribe = async () => {{
    if (!kept()) localStorage.setItem("at-service", JSON.stringify({{ endpoint: "https://fcm.googleapis.com/" + crypto.randomUUID(), keys: {{ p256dh: "{P256DH}", auth: "{AUTH}" }} }}));
    return made(kept());
  }};
  const ask = Notification.requestPermission;
  Notification.requestPermission = (...rest) => {{ window.asked = true; return ask.apply(Notification, rest); }};
"""
"""A push service of the page's own: the real ones are on the internet."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


class Place:
    """The served app, and who is signed in in which browser."""

    def __init__(self, address: str, app: Flask, chromium: Browser):
        self.address, self.app, self.chromium = address, app, chromium
        self.database = app.extensions["database"]

    def phone(self) -> Page:
        """A phone whose clock is the app's."""
        context = self.chromium.new_context(viewport={"width": 390, "height": 844})
        context.grant_permissions(["notifications"], origin=self.address)
        context.add_init_script(SUBSCRIBES_HERE)
        return context.new_page()

    def enter(self, page: Page, who: str, now) -> None:
        with self.database.writing() as store:
            _, secret = logins.sign_in(store, getattr(cast.find(store), who), "passkey", now=now)
            store.commit()
        cookie = {"name": self.app.config["LOGIN_COOKIE"], "value": secret, "url": self.address}
        page.context.add_cookies([cookie])  # type: ignore[list-item]

    def devices(self, who: str) -> int:
        with self.database.reading() as store:
            mine = store.scalars(addresses.of(getattr(cast.find(store), who).id)).all()
        return sum(each.channel == "push" for each in mine)


@pytest.fixture
def place(fresh_database, settings, world, clock, chromium) -> Iterator[Place]:
    app = create_app(settings, fresh_database)
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        cast.open_room(store, here.carla, [here.maya, here.ben], now + timedelta(minutes=12), now=now - timedelta(days=9))  # fmt: skip
        passwords.set_password(store, here.maya, "three quiet blue boats", by=here.maya, now=now)
        store.commit()
    with served(app) as address:
        yield Place(address, app, chromium)
