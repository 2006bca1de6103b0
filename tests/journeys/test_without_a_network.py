"""No network, a lost answer, a browser closed in between: what was tapped arrives, once, and never says so before (R7)."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session as Reading

from tests.journeys.conftest import Evening
from tests.journeys.phone import Phone, phone
from tests.web.serving import lose_network, until
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag

UNREGISTER = "navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((each) => each.unregister())))"
NO_WORKER = "delete Navigator.prototype.serviceWorker"
"""A phone without a service worker. On a busy machine the browser sends the requests of a page that a worker leads past the page's
routes while the worker starts, so that no answer could be lost."""


def reports(store: Reading, seat_id: int) -> list[AbsenceReport]:
    return list(store.scalars(select(AbsenceReport).where(AbsenceReport.seat_id == seat_id)))


def told(store: Reading) -> int:
    """How often an absence was written down in the chain of events."""
    return len(store.scalars(select(Event).where(Event.tag == Tag.ABSENCE_REPORTED)).all())


def write(held: Phone, seat_id: int) -> Page:
    page = held.page
    page.get_by_label("Not well").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not sent yet")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Thanks")
    return page


def test_a_report_written_offline_outlives_the_browser_and_arrives_once(
    evening: Evening, tmp_path: Path
):
    """R7: tapped without a network, the browser closed and opened again, still without; the network returns."""
    seat = evening.plan("maya", in_seconds=7200)["maya"]
    shelf = tmp_path / "browser"
    with phone(evening.browser, evening.base_url, evening.pushes, folder=shelf) as first:
        first.sign_in(evening.link_for("maya"))
        first.open(f"/seats/{seat}/absence")
        first.works_offline()
        lose_network(first.page)
        write(first, seat)
    with phone(evening.browser, evening.base_url, evening.pushes, folder=shelf) as again:
        again.context.set_offline(True)
        page = again.open("/")
        expect(page.get_by_text("Not sent yet")).to_be_visible()
        with evening.database.reading() as store:
            assert reports(store, seat) == []
        again.context.set_offline(False)
        [report] = evening.wait_until(lambda store: reports(store, seat))
        expect(page.get_by_text("Not sent yet")).to_be_hidden()
        again.open(f"/seats/{seat}/absence")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Thanks for telling us")
        until(page, "vault.all('').then((rows) => rows.length === 0)")
    assert report.reason == "illness"
    assert report.reported_at < report.received_at
    with evening.database.reading() as store:
        assert len(reports(store, seat)) == told(store) == 1


def test_an_answer_that_was_lost_does_not_make_two_reports(evening: Evening):
    """R7: the server took it, the answer never came; the phone asks again with the same id, without a worker too."""
    seat = evening.plan("maya", in_seconds=7200)["maya"]
    maya = evening.signed_in("maya")
    maya.works_offline()
    maya.page.evaluate(UNREGISTER)
    maya.context.add_init_script(NO_WORKER)
    page = maya.open(f"/seats/{seat}/absence")
    sent: list[str] = []

    def lose(route: Any) -> None:
        sent.append(route.request.post_data)
        route.fetch()
        route.abort()

    maya.context.route("**/absence", lose)
    write(maya, seat)
    with evening.database.reading() as store:
        [first] = reports(store, seat)
    with page.expect_request(lambda asked: asked.method == "POST") as again:
        maya.context.unroute("**/absence")
        page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thanks for telling us")
    assert first.request_id
    assert all(first.request_id in each for each in sent)
    assert first.request_id in (again.value.post_data or "")
    with evening.database.reading() as store:
        assert len(reports(store, seat)) == told(store) == 1
