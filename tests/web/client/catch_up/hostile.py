"""Hostile texts, and what they must not cause on any page (S11)."""

from html.parser import HTMLParser

CORPUS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<iframe src=//evil.example></iframe>",
    '<a href="javascript:alert(1)">a</a>', "[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))", "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:x)", "[a](//evil.example)", "[a](/sign-out)", "![x](https://evil.example/t.png)", "[a]: javascript:alert(1)\n\n[a]",
    '<div hx-get="/sign-out" hx-trigger="load">x</div>', "<p style='position:fixed'>x</p>", "<form action=/sign-out><button>x</button></form>",
    "<textarea></textarea></div></main><h1>Mine</h1>", "</textarea><script>alert(1)</script>", '"><script>alert(1)</script>', "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>", "<details open ontoggle=alert(1)>x</details>", "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<!--<img src=--><img src=x onerror=alert(1)//>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```", "<javascript:alert(1)>", "<https://x.example/\" onmouseover=alert(1)>", "[x](https://x.example 'a\" onclick=\"alert(1)')",
    "{{ 7*7 }}{% raw %}", "&lt;script&gt;alert(1)&lt;/script&gt;", "\u202e<script>alert(1)</script>", "> " * 60 + "<b>x", "# " + "#" * 400, "[" * 500 + "](x)" * 500,
)  # fmt: skip


class Prose(HTMLParser):
    """The tags and attributes inside `.prose`, and what stands in the page that no template of ours wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.inside, self.ignored = 0, [], 0
        self.scripts: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script":
            self.scripts.append(given)
        if self.depth:
            self.inside.append((tag, given))
        if "prose" in (given.get("class") or "").split():
            self.ignored += "hx-ignore" in given
            self.depth = 1
        elif self.depth and tag not in ("br", "hr"):
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        self.depth = max(self.depth - 1, 0) if self.depth else 0


def check(page: str) -> None:
    """Raises AssertionError when anything but plain reading came of it."""
    read = Prose()
    read.feed(page)
    allowed = {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "a"}  # fmt: skip
    assert read.ignored, "what people wrote stands outside of a .prose with hx-ignore"
    assert {tag for tag, _ in read.inside} <= allowed, read.inside
    for tag, given in read.inside:
        assert given.keys() <= {"href", "rel", "start"}, (tag, given)
        assert (given.get("href") or "https:").startswith(("https:", "mailto:", "tel:")), given
    assert all((each.get("src") or "").startswith("/assets/") for each in read.scripts)
    assert "evil.example/t.png" not in page.replace("&#34;", '"').split("<textarea")[0] or "<img" not in page  # fmt: skip
