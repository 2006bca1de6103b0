"""Renders Markdown as HTML from an allow-list of tags (S11).

Texts are stored as written and rendered each time they are shown: a tighter allow-list then applies to old texts too, and
clinical text is stored in one column only. A page of text takes a few milliseconds.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import nh3
from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

TAGS = frozenset(
    ["p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "a"]
)  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
"""The only attributes allowed: no `hx-*`, style, id, class or target."""
SCHEMES = ("https:", "mailto:", "tel:")
"""What a link must begin with; links to our own pages are not allowed."""
TOP = 3
"""Level of the largest heading, below the page's own headings."""


def _leads_out(name: str, value: str) -> bool:
    return name != "href" or value.startswith(SCHEMES)


@lru_cache
def _reader() -> "MarkdownIt":
    """The Markdown parser, imported at the first text: that takes a tenth of a second, and most processes render none."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20})
    return made.enable("strikethrough").disable("image")


_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()} | {"*": set()},
    url_schemes={scheme.rstrip(":") for scheme in SCHEMES},
    attribute_filter=lambda tag, name, value: value if _leads_out(name, value) else None,
    link_rel="noopener noreferrer nofollow",
    strip_comments=True,
)


def html(source: str) -> Markup:
    """`source` (Markdown) as safe HTML. HTML in it is shown as the text it is; pictures are not loaded."""
    markdown = _reader()
    tokens = [_lowered(token) for token in markdown.parse(source)]
    rendered = markdown.renderer.render(tokens, markdown.options, {})
    return Markup(_cleaner.clean(rendered))  # noqa: S704 - cleaned by the allow-list above


def _lowered(token: "Token") -> "Token":
    """The token, a heading lowered below those of the page."""
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(int(token.tag[1:]) + TOP - 1, 5)}"
    return token
