"""What a phone keeps, sends later and forgets (R7, S5, S6), in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.client.browsing import Place
from tests.web.serving import lose_network, until, worker_ready
from webapp.care.accounts.logins import Login
from webapp.care.attendance import absences
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.schedule.sessions import Seat, Session
from webapp.demo import cast

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""

KEPT = """async () => {
  const base = await new Promise((done) => { const asked = indexedDB.open("kept", 1);
    asked.onupgradeneeded = () => ["key", "rows"].forEach((store) => asked.result.createObjectStore(store));
    asked.onsuccess = () => done(asked.result); });
  const [keys, rows] = await Promise.all(["key", "rows"].map((store) => new Promise((done) => {
    const asked = base.transaction(store).objectStore(store).getAll(); asked.onsuccess = () => done(asked.result); })));
  base.close();
  const exported = await Promise.all(keys.map((key) => crypto.subtle.exportKey("raw", key).then(() => "yes", () => "no")));
  const text = rows.map((row) => row.name + row.person + new TextDecoder("latin1").decode(row.sealed)).join();
  return { names: rows.map((row) => row.name.split(":")[0]), exported, text };
}"""
"""What lies in the phone's database, as somebody who opens it would see it."""


def write_offline(place: Place, page: Page, note: str = "no signal", seat: int = 1) -> None:
    page.goto(f"{place.address}/seats/{seat}/absence")
    worker_ready(page)
    lose_network(page)
    page.get_by_label("A note for your care team").fill(note)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not sent yet")).to_be_visible()


def notes(place: Place) -> list[str | None]:
    with place.database.reading() as store:
        return [each.note for each in store.query(AbsenceReport)]


def own_phone(place: Place, page: Page) -> None:
    page.goto(place.address + "/me/devices")
    with page.expect_response("**/me/kept-schedule"):
        page.get_by_role("switch", name="This is my own phone").check()
    until(page, "vault.all('week').then((rows) => rows.length === 1)")
    worker_ready(page)  # it has the offline page by then


def test_a_plain_form_stays_where_it_is_while_there_is_no_network(place, clock):
    """No page of ours ends on the browser's own error page, which shows no 988."""
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(f"{place.address}/me/language")
    worker_ready(page)
    lose_network(page)
    page.locator("main form button").first.click()
    expect(page.get_by_text("You're offline")).to_be_visible()
    assert page.url.endswith("/me/language")


def test_what_waits_is_sealed_with_a_key_that_cannot_leave(place, clock):
    """S6: neither the note nor the reason can be read in the phone's database, and the key cannot be exported."""
    page = place.phone()
    page.clock.set_fixed_time(clock.now())
    place.enter(page, "maya", clock.now())
    write_offline(place, page, note="my mother is ill")
    kept = page.evaluate(KEPT)
    assert set(kept["names"]) == {"draft", "unsent"}
    assert kept["exported"] == ["no"]
    assert "mother" not in kept["text"]
    assert "absence" not in kept["text"]


def test_a_conflict_is_shown_and_never_put_above_what_was_said_later(place, clock):
    """R7: tapped offline, then taken back elsewhere: the person is told, and nothing is changed."""
    page = place.phone()
    page.clock.set_fixed_time(clock.now())
    place.enter(page, "maya", clock.now())
    write_offline(place, page)
    with place.database.writing() as store:
        seat, maya, now = store.get_one(Seat, 1), cast.find(store).maya, clock.forward(minutes=1)
        absences.report(store, seat, by=maya, now=now).withdraw(store, by=maya, now=now)
        store.commit()
    page.context.set_offline(False)
    expect(page.get_by_text("Since then you told us that you can make it.")).to_be_visible()
    with place.database.reading() as store:
        assert [each.withdrawn_at is None for each in store.query(AbsenceReport)] == [False]
    page.goto(place.address + "/me")
    page.get_by_role("button", name="Let it go").click()
    expect(page.get_by_text("This note didn't fit")).to_be_hidden()
    until(page, "vault.all('').then((rows) => rows.length === 0)")


def test_a_session_called_off_meanwhile_is_said_not_swallowed(place, clock):
    page = place.phone()
    page.clock.set_fixed_time(clock.now())
    place.enter(page, "maya", clock.now())
    write_offline(place, page)
    with place.database.writing() as store:
        session = store.get_one(Session, 1)
        session.cancel(store, "snow", by=cast.find(store).carla, now=clock.now())
        store.commit()
    page.context.set_offline(False)
    expect(page.get_by_text("This session was cancelled.")).to_be_visible()
    assert notes(place) == []


def test_one_persons_note_is_never_sent_as_another(place, clock):
    """R7: Maya's sign-in ran out, Ben came in: her note stays sealed and unseen until she is back."""
    page = place.phone()
    page.clock.set_fixed_time(clock.now())
    place.enter(page, "maya", clock.now())
    write_offline(place, page)
    with place.database.writing() as store:
        for login in store.query(Login):
            login.end(store, "expired", by=None, now=clock.now())
        store.commit()
    place.enter(page, "ben", clock.now())
    page.context.set_offline(False)
    with page.expect_response("**/me/token"):
        page.goto(place.address + "/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ben")
    expect(page.get_by_text("Not sent yet")).to_be_hidden()
    assert notes(place) == []
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/")
    until(page, "vault.all('').then((rows) => rows.length === 0)")
    assert notes(place) == ["no signal"]


def test_nothing_is_kept_for_reading_unless_it_is_ones_own_phone(place, clock):
    """S6: off by default; without it the page without a network knows nobody."""
    page = place.phone()
    page.clock.set_fixed_time(clock.now())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/schedule")
    worker_ready(page)
    assert page.evaluate(KEPT)["names"] == []
    page.reload()
    lose_network(page)
    page.goto(place.address + "/schedule")
    expect(page.get_by_role("heading", level=1)).to_have_text("You're offline right now")
    expect(page.get_by_role("heading", name="Your next two weeks")).to_be_hidden()


def test_on_ones_own_phone_the_neutral_schedule_opens_offline_and_takes_a_note(place, clock):
    page = place.phone()
    page.clock.set_fixed_time(clock.now())
    place.enter(page, "maya", clock.now())
    own_phone(place, page)
    assert "video.example" not in page.evaluate(KEPT)["text"]
    lose_network(page)
    page.goto(place.address + "/")
    week = page.locator("#week")
    expect(week).to_contain_text("Wednesday, March 4")
    assert not [word for word in ("Evening", "Carla", "roup") if word in week.inner_text()]
    expect(page.get_by_role("link", name="Call 988")).to_be_visible()
    week.get_by_text("I can't make it").first.click()
    week.get_by_label("Not well").check()
    week.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not sent yet")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Maya")
    until(page, "vault.all('unsent:').then((rows) => rows.length === 0)")
    with place.database.reading() as store:
        assert [each.reason for each in store.query(AbsenceReport)] == ["illness"]


def test_somebody_elses_arrival_wipes_the_kept_schedule(place, clock):
    """S6: also when the last person never signed out."""
    page = place.phone()
    page.clock.set_fixed_time(clock.now())
    place.enter(page, "maya", clock.now())
    own_phone(place, page)
    place.enter(page, "ben", clock.now())
    page.goto(place.address + "/")
    until(page, "vault.all('').then((rows) => rows.length === 0)")
    assert page.evaluate("localStorage.getItem('person')") != "1"


def test_signing_out_offline_wipes_the_phone_and_ends_the_login_when_the_network_is_back(
    place, clock
):
    """S6, S5: cleaned at once; the page says what is still to come; then the server ends the login and the reminders."""
    page = place.phone()
    page.clock.set_fixed_time(clock.now())
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/me")
    page.get_by_role("button", name="Turn on reminders here").click()
    expect(page.get_by_text("Reminders show on this device")).to_be_visible()
    own_phone(place, page)
    page.goto(place.address + "/me")
    lose_network(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You're signed out on this phone")).to_be_visible()
    assert page.evaluate(KEPT)["names"] == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert place.devices("maya") == 1
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Good to see you")).to_be_visible()
    assert place.devices("maya") == 0
    with place.database.reading() as store:
        assert all(login.ended_at for login in store.query(Login))
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert not names & {"left", place.app.config["LOGIN_COOKIE"]}
