"""A keyboard alone, or whatever speaks like one: everything is reached, in order, and one sees where one is (WCAG 2.1.1, 2.1.2, 2.4.7, 2.4.11)."""

import pytest
from playwright.sync_api import Page, expect

from webapp.care.attendance.absences import AbsenceReport

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""What a browser does does not depend on the database."""

PAGES = ("/", "/schedule", "/seats/1", "/seats/1/absence", "/catch-up", "/me", "/me/reminders", "/me/backup-plan",
         "/me/sharing", "/messages", "/help-connecting", "/sign-in")  # fmt: skip
MOST = 120
STOP = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const shown = here.matches(".chip input, .switch input") ? here.closest("label").querySelector("span") ?? here : here;
  const outlined = [here, shown].some((each) => { const { outlineStyle, outlineWidth } = getComputedStyle(each); return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2; });
  const { left, top, width, height } = shown.getBoundingClientRect();
  const points = [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]].map(([x, y]) => document.elementFromPoint(left + width * x, top + height * y));
  const around = shown.closest("label, summary") ?? shown;
  return { at: here.outerHTML.slice(0, 140), outlined, seen: points.some((each) => each && (around.contains(each) || each.contains(shown) && !each.matches(".thumb-bar, .shell-top"))),
    name: (here.ariaLabel || here.labels?.[0]?.textContent || here.textContent.trim() || here.querySelector("[aria-label]")?.ariaLabel || here.title || here.value || "").trim() };
}"""


def stops(page: Page) -> list[dict]:
    """Where Tab leads on this page, from its beginning until it leaves the page."""
    found: list[dict] = []
    while len(found) < MOST:
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or (found and stop == found[0]):
            break
        found.append(stop)
    return found


def test_every_stop_has_a_name_shows_itself_and_lets_go_again(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.emulate_media(reduced_motion="reduce")
    wrong, reached = [], 0
    for path in PAGES:
        page.goto(place.address + path)
        along = stops(page)
        reached += len(along)
        if len(along) >= MOST:
            wrong.append(f"{path}: Tab never leaves")
        for lacks in ("outlined", "seen", "name"):
            wrong += [f"{path}: not {lacks}: {each['at']}" for each in along if not each[lacks]]
    assert not wrong, "\n".join(wrong)
    assert reached > 10 * len(PAGES)


def test_a_keyboard_alone_tells_us_and_lands_on_the_answer(place, clock):
    page = place.phone()
    place.enter(page, "maya", clock.now())
    page.goto(place.address + "/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    walk_to(page, page.get_by_role("link", name="I can't make it"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("I can't make it")
    walk_to(page, page.get_by_role("radio").first)
    page.keyboard.press("ArrowRight")
    chosen = page.get_by_role("radio", checked=True).get_attribute("value")
    walk_to(page, page.get_by_label("A note for your care team"))
    page.keyboard.type("the bus is not coming")
    walk_to(page, page.get_by_role("button", name="Send"))
    page.keyboard.press("Enter")
    thanks = page.get_by_role("heading", level=1)
    expect(thanks).to_contain_text("Thanks for telling us")
    expect(thanks).to_be_focused()
    with place.database.reading() as store:
        told = store.query(AbsenceReport).one()
        assert (told.reason, told.note) == (chosen, "the bus is not coming")


def walk_to(page: Page, wanted) -> None:
    """Tab until `wanted` has the focus."""
    for _ in range(MOST):
        if wanted.evaluate("(each) => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {wanted}")
