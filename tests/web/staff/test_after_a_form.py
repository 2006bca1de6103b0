"""After a form of the console: where the page stands and what has the focus, in a real browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.web.client.browsing import Place, chromium, place
from webapp.care.contact import tasks
from webapp.demo import cast

__all__ = ["chromium", "place"]

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""


@pytest.fixture
def console(place: Place, clock) -> Page:
    """Carla's tasks, nine of them, on a small laptop."""
    with place.database.writing() as store:
        here = cast.find(store)
        for number in range(9):
            tasks.open_one(
                store, key=f"call:{number}", kind=tasks.TaskKind.OUTREACH, now=clock.now(),
                program_id=here.maya.program_id, due_at=clock.now() + timedelta(hours=1 + number),
                client=here.maya, owner_id=here.carla.id,
            )  # fmt: skip
        store.commit()
    page = place.chromium.new_context(viewport={"width": 1100, "height": 700}).new_page()
    place.enter(page, "carla", clock.now())
    page.goto(place.address + "/staff/tasks")
    return page


def send(page: Page, outcome: str) -> str:
    """Press a button of the fourth card, scrolled to; returns the card's id."""
    name = page.locator("article.task").nth(3).get_attribute("id")
    assert name
    card = page.locator(f"#{name}")
    card.locator("summary").last.click()
    button = card.locator(f"button[value={outcome}]")
    button.scroll_into_view_if_needed()
    with page.expect_response("**/outcome"):
        button.click()
    return name


def test_a_refusal_has_the_focus_and_is_in_sight(console):
    send(console, "closed")
    note = console.locator("textarea[aria-invalid=true]")
    expect(note).to_be_focused()
    expect(note).to_be_in_viewport()


def test_the_page_does_not_jump(console):
    """It is several windows long. A refused card stays at its place in the list."""
    console.evaluate(
        "addEventListener('click', () => { window.stops = [scrollY]; });"
        "addEventListener('scroll', () => { window.stops?.push(scrollY); });"
    )
    send(console, "closed")
    expect(console.locator("textarea[aria-invalid=true]")).to_be_focused()
    before, *later = console.evaluate("window.stops")
    assert before > 0
    assert all(abs(each - before) < 100 for each in later), (before, later)


def test_a_card_that_stays_has_the_focus_and_is_in_sight(console):
    name = send(console, "no_answer")
    expect(console.locator(f"#{name}")).to_contain_text("next try")
    expect(console.locator(f"#{name}")).to_be_focused()
    expect(console.locator(f"#{name}")).to_be_in_viewport()


def test_after_a_card_that_goes_the_next_one_has_the_focus(console):
    following = console.locator("article.task").nth(4).get_attribute("id")
    name = send(console, "reached")
    expect(console.locator(f"#{name}")).to_have_count(0)
    expect(console.locator(f"#{following}")).to_be_focused()
    expect(console.locator(f"#{following}")).to_be_in_viewport()


def test_a_card_that_was_done_elsewhere_says_so_in_sight(console, place, clock):
    name = console.locator("article.task").nth(3).get_attribute("id")
    with place.database.writing() as store:
        opened = store.get_one(tasks.Task, int(name.removeprefix("task-")))
        opened.withdraw(store, "joined", by=None, now=clock.now())
        store.commit()
    send(console, "reached")
    refusal = console.locator(f"#{name}").get_by_role("alert")
    expect(refusal).to_contain_text("This has been done already.")
    expect(refusal).to_be_focused()
    expect(refusal).to_be_in_viewport()


@pytest.mark.parametrize(("at", "focused"), [("", "#contact"), ("1999-01-01T10:00", "[name=at]")])
def test_after_writing_down_a_contact_its_card_or_the_error_has_the_focus(
    console, place, at, focused
):
    with place.database.reading() as store:
        console.goto(f"{place.address}/staff/people/{cast.find(store).maya.id}")
    card = console.locator("#contact")
    card.locator("summary").click()
    card.locator("[name=at]").fill(at)
    with console.expect_response("**/contacts"):
        card.get_by_role("button", name="Write it down").click()
    expect(console.locator(focused).last).to_be_focused()
    expect(console.locator(focused).last).to_be_in_viewport()
