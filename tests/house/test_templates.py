"""Templates and styles have short lines; templates follow the CSP and mark every text for translation."""

import re
from pathlib import Path

import pytest

from tests.house import templates
from tests.house.reading import ROOT, told

LONGEST = 140
ICONS = "templates/ui/icon.html"
ALL = templates.every()
STYLES = sorted((ROOT / "static" / "css").rglob("*.css"))
PAGES = [path for path in ALL if path.suffix == ".html" and "notices" not in path.parts]

FORBIDDEN = {
    r"\sstyle\s*=": "an inline style: give it a class in static/css",
    r"<style\b": "an inline style sheet: put it into static/css",
    r"\son[a-z]+\s*=": "an inline handler: put the behaviour into static/js",
    r"\shx-on": "code in an attribute: put the behaviour into static/js",
    r"javascript:|\bjs:": "code in an address: put the behaviour into static/js",
    r"<script(?![^>]*\ssrc=)": "an inline script: put it into static/js",
    r"https?://(?!988lifeline\.org/|www\.w3\.org/)": "an address of somebody else: nothing is loaded from elsewhere",
}


def name_of(path: Path) -> str:
    return templates.place(path)


@pytest.mark.parametrize("path", [*ALL, *STYLES], ids=name_of)
def test_no_line_of_a_template_or_a_style_is_a_paragraph(path: Path) -> None:
    """Notices are the exception: their lines are what people get."""
    long = [
        f"{name_of(path)}:{number} has {len(line)} characters"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST and "notices" not in path.parts
    ]
    assert not long, told(
        long, "One declaration, one tag, one thought a line (webapp/web/page/line_breaks.py)."
    )


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_has_nothing_inline_that_its_policy_forbids(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    for pattern, remedy in FORBIDDEN.items():
        found = re.search(pattern, text, re.IGNORECASE)
        assert not found, f"{templates.place(path)} has {found and found[0]!r}, {remedy}"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_only_our_own_drawings_are_put_in_unescaped(path: Path) -> None:
    unescaped = re.findall(r"\|\s*safe\b|autoescape\s+false", path.read_text("utf-8"))
    assert not unescaped or templates.place(path) == ICONS, (
        f"{templates.place(path)} switches escaping off: pass Markup from code that sanitised it"
    )


READ_BY_PEOPLE = [p for p in ALL if p.suffix in {".html", ".txt"} and "api" not in p.parts]
"""The API's own page speaks to programmers, in the language of the code."""


@pytest.mark.parametrize("path", READ_BY_PEOPLE, ids=name_of)
def test_every_text_is_marked_for_translation(path: Path) -> None:
    found = templates.unmarked(path)
    assert not found, f"{templates.place(path)} shows {found[0]!r} unmarked: write {{{{ _(…) }}}}"
