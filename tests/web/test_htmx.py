"""S6, S7, S11, S16: how htmx is told to behave on every page that has it, and what it must leave alone."""

import json
import re
from html import unescape

from tests.house.reading import ROOT, told


def test_htmx_remembers_no_page_runs_no_text_and_adds_no_style(visit, world):
    page = visit(world.maya).get("/").text
    [said] = re.findall(r"""<meta name="htmx-config" content='([^']+)'""", page)
    config = json.loads(unescape(said))
    assert config["history"] is False
    assert "no-eval" in config["extensions"]
    assert config["includeIndicatorCSS"] is False
    assert config["mode"] == "same-origin"


def test_scripts_styles_and_pictures_are_our_own(visit, world):
    page = visit(world.maya).get("/").text
    loaded = re.findall(r"<(?:script|link|img|source)[^>]+(?:src|href)=\"([^\"]+)\"", page)
    assert len(loaded) > 3
    assert [where for where in loaded if not where.startswith("/") or where.startswith("//")] == []


def test_htmx_leaves_what_people_wrote_alone():
    """S11: every place for written text says so."""
    broken = [
        f"{path.relative_to(ROOT)}: {tag}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for tag in re.findall(r"<\w+ class=\"[^\"]*\bprose\b[^>]*>", path.read_text())
        if "hx-ignore" not in tag
    ]
    assert not broken, told(broken, "Add hx-ignore: no attribute in it is htmx's business.")
