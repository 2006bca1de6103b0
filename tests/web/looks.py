"""Checks of every page in a real browser: accessible, readable on any screen, touchable, within its policy."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WCAG = {"runOnly": {"type": "tag", "values": TAGS}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""All that the other scheme can change."""
LEAST = 44
SMALL_TARGETS = f"""() => [...document.querySelectorAll("button, .button, .thumb-bar a, .list-row[href], .seat-row, .chip, .switch, .shell-crisis, .way-back")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < {LEAST}).map((each) => each.outerHTML.slice(0, 120))"""
PHONE, DESK = (390, 844), (1280, 800)
SCREENS = ((PHONE, "light", WCAG), (PHONE, "dark", COLOURS), (DESK, "light", WCAG), (DESK, "dark", COLOURS))  # fmt: skip
EDGES = ((320, 100), (390, 200), (1280, 200))


def listening(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what its browser complains of: errors of scripts, violations of the policy."""
    page, heard = context.new_page(), []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda said: heard.append(said.text) if "Content Security" in said.text else None)  # fmt: skip
    return page, heard


def troubles(page: Page, name: str, *, touched: bool = True) -> list[str]:
    """What is wrong with the open page: what axe finds on a phone and at a desk in both schemes; what is too small to be tapped;
    what runs over the edge of a small screen or at twice the text's size (WCAG 2.2 AA)."""
    found = []
    for (width, height), scheme, options in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        result = Axe().run(page, options=options)
        found += [f"{name} ({width}, {scheme}): {v['id']} {[n['html'][:160] for n in v['nodes']]}" for v in result.response["violations"]]  # fmt: skip
    for width, percent in EDGES:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{name}: over the edge by {over}px at {width}, {percent} %"] * (over > 0)
        if touched and percent == 100:
            found += [f"{name}: too small: {each}" for each in page.evaluate(SMALL_TARGETS)]
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    return found
