"""Checks that apply to every page, made whenever a test fetches one."""

import re
from collections import Counter
from html.parser import HTMLParser

VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
RANDOM = re.compile(
    r"""((?:csrf-token" content|csrf_token" value|request_id"\s+value|nonce)="|"token":")[^"]*|('nonce-)[^']*"""
)
"""What is drawn anew for each page: masks, nonces, ids for one form."""
UNLABELLED = {"hidden", "submit", "button", "image", "reset"}


class Reading(HTMLParser):
    """One walk over a page: its elements, ids, labels, and what does not close."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.troubles: list[str] = []
        self.labelled_around = 0
        self.fields: list[tuple[str, dict[str, str | None], bool]] = []
        self.text_of_title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        if len(given) != len(attrs):
            self.troubles.append(f"<{tag}> says an attribute twice, in line {self.getpos()[0]}")
        if tag in {"input", "select", "textarea"} and given.get("type") not in UNLABELLED:
            self.fields.append((tag, given, "label" in self.open))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.troubles.append(f"</{tag}> closes something else, in line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.text_of_title += data


def constant(text: str) -> str:
    """A page or header without what is random on it, to compare two of them to the byte."""
    return RANDOM.sub(r"\1\2", text)


def check(html: str, *, whole: bool) -> None:
    """Raises AssertionError for what no page (`whole`) or fragment of ours may be."""
    page = Reading()
    page.feed(html)
    page.close()
    troubles = [*page.troubles, *_ids(page), *_labels(page), *_policy(page)]
    if page.open:
        troubles.append(f"never closed: {page.open}")
    if whole:
        troubles += _whole(page)
    assert not troubles, "\n".join(["", *troubles, html[:400]])


def _ids(page: Reading) -> list[str]:
    counted = Counter(given["id"] for _, given in page.elements if given.get("id"))
    return [f'id="{name}" stands {count} times' for name, count in counted.items() if count > 1]


def _labels(page: Reading) -> list[str]:
    labelled = {given.get("for") for tag, given in page.elements if tag == "label"}
    return [
        f"no label for <{tag} name={given.get('name')!r}>"
        for tag, given, inside in page.fields
        if not inside
        and given.get("id") not in labelled
        and not given.get("aria-label")
        and not given.get("aria-labelledby")
    ]


def _policy(page: Reading) -> list[str]:
    """S7: what the content security policy would stop, and what would leave the house (S16)."""
    troubles = []
    for tag, given in page.elements:
        if tag == "style" or "style" in given:
            troubles.append(f"<{tag}> carries style: put it into static/css/")
        if any(name.startswith("on") for name in given):
            troubles.append(f"<{tag}> carries script: put it into static/js/")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            troubles.append("a script stands in the page: put it into static/js/")
        source = given.get("src") or (given.get("href") if tag == "link" else "") or ""
        if tag in ("video", "audio") and source.startswith("https://"):
            continue  # a recording at its provider's; the page's own policy names that one host
        if source.startswith(("http:", "https:", "//")):
            troubles.append(f"<{tag}> fetches from elsewhere: {source}")
        if tag == "img" and given.get("alt") is None:
            troubles.append("an image without alt")
    return troubles


def _whole(page: Reading) -> list[str]:
    tags = Counter(tag for tag, _ in page.elements)
    root = next((given for tag, given in page.elements if tag == "html"), {})
    troubles = []
    if not root.get("lang"):
        troubles.append("<html> says no language")
    if tags["h1"] != 1:
        troubles.append(f"{tags['h1']} h1: a page has one")
    if tags["main"] != 1:
        troubles.append(f"{tags['main']} main: a page has one")
    if not page.text_of_title.strip():
        troubles.append("the title is empty")
    return troubles
