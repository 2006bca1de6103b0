"""Hostile, malformed and unusual values for fields."""

import random
from html.parser import HTMLParser
from typing import Any

MARK = "<i data-canary>"
"""Markup that must never come back as markup."""
ATTRIBUTES = ('" data-canary="', "' data-canary='")
"""Words that would end an attribute's value and begin one of their own."""
LINKS = {"href", "src", "action", "formaction", "hx-get", "hx-post"}
MARKED: tuple[str, ...] = (
    f"{MARK}<script>alert(1)</script>", f"\"'>{MARK}", f"{ATTRIBUTES[0]}1", f"{ATTRIBUTES[1]}1", f"</textarea>{MARK}",
    f"</title></option></style>{MARK}", f"[a](javascript:alert(1)) {MARK}", "javascript:alert(1)//", f"--><!--{MARK}",
    f"=HYPERLINK(1){MARK}", f"https://a.example/?{MARK}", f"a{MARK}@example.org",
)  # fmt: skip
"""What would show up in a page that does not escape."""

WORDS: tuple[str, ...] = (
    "", " ", "\0", "a\0b", "\x01\x1b[31m", "\r\nSet-Cookie: a=b", "\u202egnirts", "\ufeff", "\ud7ff\ue000", "e\u0301" * 50,
    "👩‍👩‍👧‍👦" * 40, "x" * 5_000, "x" * 70_000, "0", "-1", "1e309", "9" * 30, "2147483648", "-2147483649", "NaN", "٣", "²",
    "0x10", "1.5", "true", "null", "None", "[]", "{}", "[" * 2_000, '{"a":1}', "'", "' OR 1=1 --", "'; DROP TABLE seat; --",
    "%", "%s%s%n", "%(x)s", "{{7*7}}", "{% raw %}", "${7*7}", "<%= 7 %>", "<!--", "]]>", "=1+1", "+cmd|' /C calc'!A0",
    "@SUM(A1)", "../../etc/passwd", "file:///etc/passwd", "http://169.254.169.254/", "https://push.example/x", "//evil.example",
    "/\\evil.example", "2026-02-30", "0000-00-00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "10000-01-01", "2026-03-08T02:30", "24:00", "25:61",
    "PT1H", "P999999999D", "-PT0S", "America/New_York", "Mars/Olympus", "en", "xx", "1970-01-01T00:00:00+99:99",
    "00000000-0000-0000-0000-000000000000", "technical", "present", "reached", "push", "group", "1", "2", "7",
)  # fmt: skip


def word(dice: random.Random) -> str:
    """Of five, one that would show in a page; now and then two run together."""
    found = dice.choice(MARKED if dice.random() < 0.2 else WORDS)
    return found if dice.random() < 0.85 else found + dice.choice(WORDS)


class _Eyes(HTMLParser):
    """Reads a page as a browser does, so that a quote in a sentence is no attribute."""

    found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, said in attrs:
            leads = name in LINKS and (said or "").strip().lower().startswith("javascript:")
            self.found |= leads or name.startswith("data-canary")


def reflected(page: str) -> bool:
    """Whether markup of ours stands in it as markup."""
    if "data-canary" not in page and "javascript:" not in page:
        return False
    eyes = _Eyes()
    eyes.feed(page)
    return (
        eyes.found or MARK in page
    )  # in a comment it is seen by nobody, and still not ours to send


def value(dice: random.Random, depth: int = 0) -> Any:
    """What JSON can hold, mostly of the wrong kind."""
    kind = dice.randrange(9)
    if kind < 4:
        return word(dice).encode("utf-8", "replace").decode()
    if kind == 4:
        return dice.choice([0, -1, 2**31, 2**63, 10**40, 1.5, 1e308])
    if kind == 5:
        return dice.choice([True, False, None])
    if depth > 2:
        return None
    if kind == 6:
        return [value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {word(dice)[:20]: value(dice, depth + 1) for _ in range(dice.randrange(3))}


def spoilt(dice: random.Random, example: Any) -> Any:
    """`example` with a few of its parts replaced."""
    if isinstance(example, dict) and example:
        made = {key: spoilt(dice, part) for key, part in example.items()}
        chosen = dice.choice(list(made))
        made[chosen] = value(dice)
        return made
    if isinstance(example, list) and example and dice.random() < 0.7:
        return [spoilt(dice, part) for part in example]
    return example if dice.random() < 0.6 else value(dice)
