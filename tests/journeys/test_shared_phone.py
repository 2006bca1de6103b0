"""One phone, two people: after signing out, with a network or without, nothing of the first is there for the second (S2, S5, S6)."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Evening
from tests.journeys.phone import Phone
from tests.journeys.test_one_missed_session import taken, turn_on_reminders
from tests.web.serving import until
from webapp.care.accounts import passwords
from webapp.care.contact import addresses
from webapp.clock import now
from webapp.demo import cast

HERS = ("Maya", "my own words", "video.example")
"""What only Maya's pages and her phone's memory hold."""

EVERYTHING = """async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const asked of await cache.keys()) found.push(asked.url, await (await cache.match(asked)).text());
  }
  for (const { name } of await indexedDB.databases()) {
    const base = await new Promise((done) => { indexedDB.open(name).onsuccess = ({ target }) => done(target.result); });
    for (const store of base.objectStoreNames) {
      const rows = await new Promise((done) => { base.transaction(store).objectStore(store).getAll().onsuccess = ({ target }) => done(target.result); });
      const names = await new Promise((done) => { base.transaction(store).objectStore(store).getAllKeys().onsuccess = ({ target }) => done(target.result); });
      if (store === "key") found.push(...names.map((person) => `KEY-OF-${person}.`));
      else if (rows.length) found.push(`KEPT-ROW ${store} ${JSON.stringify(rows)}`);
    }
    base.close();
  }
  const registration = await navigator.serviceWorker.getRegistration();
  for (const notice of (await registration?.getNotifications()) ?? []) found.push(`SHOWN-NOTICE ${notice.body}`);
  return found.join(" ");
}"""
"""All that this origin remembers on the phone, in one text."""


def nothing_of_hers(page: Page, number: int) -> None:
    """`number`: her id, under which her key would be kept."""
    remembered = page.evaluate(EVERYTHING) + page.content()
    words = (*HERS, "KEPT-ROW", "SHOWN-NOTICE", f"KEY-OF-{number}.")
    found = [word for word in words if word in remembered]
    assert not found, remembered


def live_a_little(evening: Evening, maya: Phone) -> None:
    """Reminders on, one on the lock screen, the schedule kept, a note begun."""
    turn_on_reminders(maya)
    page = maya.open("/me/devices")
    with page.expect_response("**/me/kept-schedule"):
        page.get_by_role("switch", name="This is my own phone").check()
    seat = evening.plan("maya", in_seconds=3)["maya"]
    evening.wait_until(lambda store: "first_check" in taken(store, seat))
    kept = evening.wait_until(
        lambda _: next((m for m in evening.pushes.received if "kept" in m.text), None)
    )
    maya.deliver(kept)
    page = maya.open(f"/seats/{seat}/absence")
    page.get_by_label("A note for your care team").fill("my own words")
    maya.open("/schedule")
    maya.open("/me")
    until(page, "vault.all('week').then((rows) => rows.length === 1)")


def devices(evening: Evening, name: str) -> int:
    with evening.database.reading() as store:
        mine = addresses.of(getattr(cast.find(store), name).id)
        return sum(each.channel == "push" for each in store.scalars(mine))


@pytest.mark.parametrize("network", [True, False], ids=["with a network", "without a network"])
def test_who_comes_next_finds_nothing_of_who_was_there(evening: Evening, network: bool):
    maya = evening.signed_in("maya")
    live_a_little(evening, maya)
    assert devices(evening, "maya") == 1
    page = maya.page
    with evening.database.reading() as store:
        number = cast.find(store).maya.id
    maya.context.set_offline(not network)
    page.get_by_role("button", name="Sign out").click()
    expect(
        page.get_by_role("heading", name="Good to see you" if network else "offline right now")
    ).to_be_visible()
    nothing_of_hers(page, number)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Good to see you" if network else "You're offline right now"
    )
    nothing_of_hers(page, number)
    maya.context.set_offline(False)
    maya.open("/schedule")
    expect(page.get_by_role("heading", name="Good to see you")).to_be_visible()
    assert devices(evening, "maya") == 0
    maya.sign_in(evening.link_for("ben"))
    maya.open("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ben")
    nothing_of_hers(page, number)
    assert devices(evening, "ben") == 0


def test_a_tap_on_a_notice_while_signed_out_leads_there_after_sign_in(evening: Evening):
    words = "three quiet blue boats"
    with evening.database.writing() as store:
        person = cast.find(store).maya
        passwords.set_password(store, person, words, by=person, now=now())
        store.commit()
    maya = evening.signed_in("maya")
    turn_on_reminders(maya)
    seat = evening.plan("maya", in_seconds=3)["maya"]
    kept = evening.wait_until(
        lambda _: next((m for m in evening.pushes.received if "kept" in m.text), None)
    )
    maya.context.clear_cookies()
    page = maya.open("/crisis")
    maya.works_offline()
    maya.deliver(kept)
    maya.tap_notification()
    expect(page.get_by_role("heading", name="Good to see you")).to_be_visible()
    page.get_by_label("E-mail").fill("maya@example.org")
    page.get_by_label("Password", exact=True).fill(words)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{evening.base_url}/seats/{seat}")
