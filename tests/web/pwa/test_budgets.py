"""docs/product.md, *Pages*: how many bytes are really sent to a real browser, compressed as it asked for them.

Counted are the bodies of all answers, the service worker's own requests included; never the time they take.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.visiting import Visit
from tests.web.serving import browser, served, worker_ready
from webapp import create_app
from webapp.care.accounts import logins
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What is sent does not depend on the database."""

FIRST_WINDOW, FIRST_VISIT, REPEAT_VISIT, FRAGMENT = 14_600, 45_000, 6_000, 3_000


class Scales:
    """Weighs every body on its way out of the app."""

    def __init__(self, app: Flask):
        self.inside: Callable[..., Any] = app.wsgi_app
        self.sent: list[tuple[str, int]] = []
        app.wsgi_app = self.weigh  # type: ignore[method-assign]

    def weigh(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        body = b"".join(self.inside(environ, start))
        self.sent.append((environ["PATH_INFO"], len(body)))
        return [body]

    def total(self) -> int:
        return sum(size for _, size in self.sent)

    def of(self, ending: str) -> int:
        return next(size for path, size in self.sent if path.endswith(ending))

    def told(self) -> str:
        return "\n".join(["", *(f"{size:7,} {path}" for path, size in self.sent)])


@pytest.fixture
def busy_week(fresh_database, settings, world, clock) -> Flask:
    """The app, with a week as full as a program plans it: two rooms a day."""
    app = create_app(settings, fresh_database)
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        for n in range(14):
            cast.open_room(
                store, here.carla, [here.maya, here.ben], now + timedelta(hours=2 + 12 * n),
                now=now - timedelta(days=9), ref=f"room-{n}",
            )  # fmt: skip
        store.commit()
    return app


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def visited(busy_week, clock, chromium) -> Iterator[tuple[Page, Scales, str]]:
    """Maya's browser, which was never here, signed in and on its way to Today."""
    scales = Scales(busy_week)
    with served(busy_week) as address:
        page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
        with busy_week.extensions["database"].writing() as store:
            _, secret = logins.sign_in(store, cast.find(store).maya, "link", now=clock.now())
            store.commit()
        cookie = {"name": busy_week.config["LOGIN_COOKIE"], "value": secret, "url": address}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        yield page, scales, address
        page.context.close()


def settled(page: Page, address: str) -> None:
    """Today is there, its worker works, nothing is on its way any more."""
    page.goto(address + "/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Maya")
    worker_ready(page)
    page.wait_for_load_state("networkidle")


def test_a_first_visit_fits_a_weak_network_and_a_second_needs_little(visited):
    page, scales, address = visited
    settled(page, address)
    window = scales.of("/") + scales.of("/app.css")
    assert window <= FIRST_WINDOW, f"Today and its styles weigh {window:,} bytes{scales.told()}"
    total = scales.total()
    assert total <= FIRST_VISIT, f"A first visit weighs {total:,} bytes{scales.told()}"
    print(f"first window {window:,}, first visit {total:,}{scales.told()}")
    scales.sent.clear()
    settled(page, address)
    again = scales.total()
    print(f"repeat visit {again:,}{scales.told()}")
    assert again <= REPEAT_VISIT, f"A repeat visit weighs {again:,} bytes{scales.told()}"


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
def test_a_fragment_is_small_in_every_coding(busy_week, world, coding: str):
    maya = Visit(busy_week, world.maya).client
    headers = {"HX-Request": "true", "Accept-Encoding": coding}
    for path in ("/", "/schedule", "/seats/1", "/seats/1/absence"):
        answer = maya.get(path, headers=headers)
        assert answer.status_code == 200
        assert len(answer.data) <= FRAGMENT, f"{path} weighs {len(answer.data):,} bytes ({coding})"
