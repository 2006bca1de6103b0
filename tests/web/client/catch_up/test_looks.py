"""The pages of catching up, and those where staff write for it, in a real browser: axe finds nothing in either scheme, nothing
runs over a small screen, everything that is tapped is large enough."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from tests.care.evenings import missed
from tests.web.client.test_looks import device
from tests.web.looks import listening, troubles
from tests.web.serving import browser, served
from webapp import create_app
from webapp.care.accounts import logins
from webapp.care.contact import reengagement_plans
from webapp.care.materials import drafts, homework, resources, summaries
from webapp.demo import cast

PAGES = {
    "maya": ("/catch-up", "/", "/seats/1/summary", "/homework/1", "/homework/2", "/resources/1", "/resources/2"),
    "carla": (
        "/staff/sessions/1", "/staff/sessions/1/summary", "/staff/sessions/1/summary?for={maya}", "/staff/sessions/1/homework",
        "/staff/homework/2", "/staff/hand-ins", "/staff/hand-ins/1", "/staff/sessions/1/resources", "/staff/resources/1", "/staff/people/{maya}",
    ),
}  # fmt: skip

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What is seen does not depend on the database."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def places(fresh_database, settings, world, clock) -> Iterator[tuple[str, dict[str, str], dict[str, int]]]:  # fmt: skip
    """The app's address, a login's secret for each of `PAGES`, and who has which number."""
    app, now, secrets = create_app(settings, fresh_database), clock.now(), {}
    with fresh_database.writing() as store:
        here = cast.find(store)
        seat = missed(store, here.carla, here.maya, now)
        about = {"session": seat.session, "by": here.carla, "now": now}
        summaries.write(store, seat.session, "# Sleep\n\n- **dark**\n- cool\n\n> yes", by=here.carla, now=now)  # fmt: skip
        summaries.write(store, seat.session, "For you.", by=here.carla, now=now, client=here.maya)
        task, _ = homework.put(store, here.harbor, "1", title="A list", due_at=now + timedelta(days=2), body="Three *things*.", **about)  # fmt: skip
        drafts.save(store, task.about, "Bed, bo", by=here.maya, now=now)
        answered, _ = homework.put(store, here.harbor, "2", title="Another list", **about)
        made = homework.hand_in(store, answered, "Bed.", by=here.maya, now=now)
        homework.give_feedback(store, made, "A *good* list.", by=here.carla, now=now)
        resources.put(store, here.harbor, "1", kind="recording", title="Breath", url="https://media.example.org/b.mp3", minutes=9, **about)  # fmt: skip
        resources.put(store, here.harbor, "2", kind="link", title="A page", url="https://example.org/", **about)  # fmt: skip
        reengagement_plans.make(
            store, here.maya, by=here.carla, now=now, steps=["make_up"], note="Tuesdays."
        )
        for name in PAGES:
            _, secrets[name] = logins.sign_in(store, getattr(here, name), "passkey", now=now)
        store.commit()
        ids = {"maya": here.maya.id}
    with served(app) as address:
        yield address, secrets, ids


@pytest.mark.parametrize("who", PAGES)
def test_every_page_can_be_read_and_touched_by_everybody(chromium, places, who):
    address, secrets, ids = places
    context = device(chromium, (address, secrets[who]))
    page, heard = listening(context)
    found = []
    for path in PAGES[who]:
        assert page.goto(address + path.format(**ids)).status == 200, path
        found += troubles(page, path)
    context.close()
    assert not found, "\n".join(found)
    assert heard == []
