"""Every page of the console in a real browser, with one of everything on it: axe finds nothing in either scheme, nothing
overflows a small screen or at large text, and nothing violates the content security policy. New routes are included by themselves."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.web.matrix import doors, plant_doors
from tests.web.serving import browser, served
from webapp import create_app
from webapp.care.accounts import logins
from webapp.demo import cast

SHARED = ("/me", "/me/reminders", "/me/devices", "/account", "/install", "/nowhere")
"""What staff share with clients."""
NOT_PAGES = ("/news", ".pdf")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WCAG = {"runOnly": {"type": "tag", "values": TAGS}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""All that the other scheme can change."""

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What is seen does not depend on the database."""


@pytest.fixture
def console(engine, databases, settings, clock) -> Iterator[tuple[Page, list[str], list[str]]]:
    """A counselor's browser, her pages, and what the browser complained of."""
    objects = databases.planted(engine, plant_doors)[1]
    with databases.fresh(engine, plant_doors) as database, browser() as opened:
        app = create_app(settings, database)
        with database.writing() as store:
            here = cast.find(store)
            tokens = {who: logins.sign_in(store, getattr(here, who), "passkey", now=clock.now())[1] for who in ("carla", "susan")}  # fmt: skip
            store.commit()
        paths = {
            door.path: "susan" if door.endpoint.split(".")[1] in ("help_desk", "refused_by_browsers", "timeliness") else "carla"
            for door in doors(app, objects)
            if door.endpoint.startswith("staff.") and door.method == "GET" and not door.path.endswith(NOT_PAGES)
        } | dict.fromkeys(SHARED, "carla")  # fmt: skip
        with served(app) as address:
            page, heard = opened.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce"), []  # fmt: skip
            page.on("pageerror", lambda error: heard.append(str(error)))
            page.on("console", lambda said: heard.append(said.text) if "Content Security" in said.text else None)  # fmt: skip

            def pages() -> Iterator[str]:
                for path, who in paths.items():
                    page.context.add_cookies([{"name": app.config["LOGIN_COOKIE"], "value": tokens[who], "url": address}])  # fmt: skip
                    page.goto(address + path)
                    yield path

            yield page, pages(), heard


def test_every_page_of_the_console_can_be_read_by_everybody(console):
    page, paths, heard = console
    found = []
    for path in paths:
        for scheme, options in (("light", WCAG), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme)
            result = Axe().run(page, options=options)
            found += [f"{path} ({scheme}): {v['id']} {[n['html'][:160] for n in v['nodes']]}" for v in result.response["violations"]]  # fmt: skip
        for width, percent in ((320, 100), (390, 200)):
            page.set_viewport_size({"width": width, "height": 844})
            page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{path}: over the edge by {over}px at {width}, {percent} %"] * (over > 0)
    assert not found, "\n".join(found)
    assert heard == []
