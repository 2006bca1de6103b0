"""A phone is lost and signed out from elsewhere: at its next contact it forgets, and unsent words wait for who wrote them (S6, S19)."""

from typing import Any

import pytest
from playwright.sync_api import Error, Page, Worker, expect
from sqlalchemy import select

from tests.journeys.conftest import Evening
from tests.journeys.phone import Phone
from tests.journeys.test_shared_phone import EVERYTHING
from tests.web.serving import lose_network, until
from webapp.care.attendance.absences import AbsenceReport

HERS = ("Maya", "my own words", "a half sentence", "video.example")
KEYS = """async () => {
  const base = await new Promise((done) => { indexedDB.open("kept", 1).onsuccess = ({ target }) => done(target.result); });
  const [keys, rows] = await Promise.all(["key", "rows"].map((store) => new Promise((done) => {
    base.transaction(store).objectStore(store).getAllKeys().onsuccess = ({ target }) => done(target.result); })));
  base.close();
  return { keys, rows: rows.map((name) => name.split(":")[0]).sort() };
}"""
"""The keys on the phone, and the kinds of rows that they open."""
NO_SYNC = "if (self.ServiceWorkerRegistration) Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { value: undefined })"
"""A phone without Background Sync, whose next contact is the one of the test."""


def live_and_write(evening: Evening, maya: Phone) -> None:
    """The schedule kept, a message begun, and a report tapped without a network."""
    seat = evening.plan("maya", in_seconds=7200)["maya"]
    page = maya.open("/me/devices")
    with page.expect_response("**/me/kept-schedule"):
        page.get_by_role("switch", name="This is my own phone").check()
    until(page, "vault.all('week').then((rows) => rows.length === 1)")
    page = maya.open("/messages")
    page.locator("textarea").fill("a half sentence")
    until(page, "vault.all('draft:').then((rows) => rows.length === 1)")
    page = maya.open(f"/seats/{seat}/absence")
    maya.works_offline()
    lose_network(maya.page)
    page.get_by_label("A note for your care team").fill("my own words")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not sent yet")).to_be_visible()
    page.goto("about:blank")  # where a script of ours for every page finds no storage
    maya.errors.clear()


def sign_out_there(evening: Evening) -> None:
    """From another device, by the list of sign-ins."""
    page = evening.signed_in("maya").open("/me/sign-ins")
    page.get_by_role("button", name="Sign out there").click()
    expect(page.get_by_text("Signed out there.")).to_be_visible()


def contact(maya: Phone, how: str) -> None:
    """The phone's one contact with the server."""
    if how.startswith("/"):
        maya.open(how)
    else:
        maya.wake_worker(sync="outbox" if how == "sync" else "")


def kept(maya: Phone, how: str) -> Any:
    """What the phone keeps, looked at without another contact; None while its worker is changed for a newer one."""
    where: Page | Worker = maya.page if how.startswith("/") else maya.context.service_workers[-1]
    try:
        return where.evaluate(KEYS)
    except Error:
        return None


def reports(evening: Evening) -> list[AbsenceReport]:
    with evening.database.reading() as store:
        return list(store.scalars(select(AbsenceReport)))


@pytest.mark.parametrize("how", ["/offline", "/sign-in", "worker", "sync"])
def test_a_lost_phone_forgets_at_its_next_contact_and_unsent_words_wait_for_who_wrote_them(
    evening: Evening, how: str
):
    maya = evening.phone()
    maya.context.add_init_script(NO_SYNC)
    maya.sign_in(evening.link_for("maya"))
    live_and_write(evening, maya)
    sign_out_there(evening)
    maya.context.set_offline(False)
    contact(maya, how)
    sealed = {"keys": [], "rows": ["draft", "draft", "unsent"]}
    evening.wait_until(lambda _: kept(maya, how) == sealed)
    if how.startswith("/"):
        page = maya.page
        remembered = page.evaluate(EVERYTHING) + page.content()
        assert [word for word in HERS if word in remembered] == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert reports(evening) == []

    maya.sign_in(evening.link_for("ben"))
    page = maya.open("/messages")
    expect(page.locator("textarea")).to_have_value("")
    until(page, "vault.ready.then(() => vault.all('')).then((rows) => rows.length === 0)")
    assert reports(evening) == []
    maya.context.clear_cookies()

    maya.sign_in(evening.link_for("maya"))
    page = maya.open("/messages")
    expect(page.locator("textarea")).to_have_value("a half sentence")
    [report] = evening.wait_until(lambda store: list(store.scalars(select(AbsenceReport))))
    assert report.note == "my own words"
