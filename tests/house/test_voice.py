"""What clients read never blames and never alarms, in any language (docs/product.md, *Voice*)."""

import re
from pathlib import Path

import pytest

from tests.house import templates
from tests.house.reading import ROOT

NEVER = {
    "en": r"no[- ]?shows?|fail\w*|violat\w*|non-?complian\w*|penalt\w*|penali[sz]\w*|warning\w*|must|"
    r"you(?:'ve)? missed|late|unexcused|delinquen\w*|punish\w*|truan\w*|offen[cs]e\w*",
    "es": r"no se present\w*|fall[óo]s?|fallad\w*|fallaste|incumpl\w*|infracci\w*|penaliz\w*|multas?|"
    r"advertencias?|debes?|debe|faltaste|inasistencia\w*|llegaste tarde|impuntual\w*|castig\w*",
}
"""Per language. `late` is meant of a person; "later" stays allowed. Another language needs its own line here."""

CLIENT_TEMPLATES = templates.every(
    "client", "notices", "pwa", "errors", "sign_in", "account", "ui", "layouts"
)
CLIENT_MODULES = sorted(
    [
        *(ROOT / "webapp/web/client").rglob("*.py"),
        *(ROOT / "webapp/web/account").glob("*.py"),
        *(ROOT / "webapp/notify").rglob("*.py"),
    ]  # fmt: skip
    + [
        ROOT / "webapp/refusals.py",
        ROOT / "webapp/care/accounts/passkeys.py",
        ROOT / "webapp/care/accounts/passwords.py",
        ROOT / "webapp/operations/rate_limits.py",
        ROOT / "webapp/care/attendance/absences.py",
        ROOT / "webapp/web/pwa/__init__.py",
    ]
)


def said_in(path: Path) -> list[str]:
    if path.suffix == ".py":
        return templates.marked_in_python(path)
    bare = templates.unmarked(path) if path.suffix != ".js" else []
    return templates.marked(path) + bare


def blames(language: str, words: str) -> str | None:
    found = re.search(rf"\b(?:{NEVER[language]})\b", words, re.IGNORECASE)
    return found and found[0]


@pytest.mark.parametrize("path", [*CLIENT_TEMPLATES, *CLIENT_MODULES], ids=templates.place)
def test_nothing_a_client_reads_blames_or_alarms(path: Path) -> None:
    for language, words in templates.translations(said_in(path)):
        assert language in NEVER, (
            f"write the words that {language} never says into {__name__}.NEVER"
        )
        found = blames(language, words)
        assert not found, (
            f"{templates.place(path)} says {found!r} in {words!r} ({language}): say what helps instead, "
            "such as “we didn't see you” or “your place is kept”"
        )


@pytest.mark.parametrize(
    "words",
    ["You missed your group", "No-show", "Your login failed", "You must answer", "You were late"],
)
def test_the_list_hears_what_it_is_there_for(words: str) -> None:
    assert blames("en", words)


@pytest.mark.parametrize("words", ["We didn't see you", "See you later", "Your place is kept"])
def test_the_list_lets_help_through(words: str) -> None:
    assert not blames("en", words)


def test_the_words_of_the_templates_are_really_read() -> None:
    crisis = templates.TEMPLATES / "client" / "crisis.html"
    assert "Call or text 988" in said_in(crisis)
