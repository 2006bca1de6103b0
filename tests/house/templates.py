"""Finds the templates, the texts that people see in them, and which are marked for translation."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import babel_extract

from tests.house.reading import ROOT

TEMPLATES = ROOT / "templates"
CATALOGUES = ROOT / "webapp" / "translations"
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_SPOKEN = re.compile(r"""\b(?:aria-label|alt|title|placeholder)=(["'])(.*?)\1""", re.DOTALL)
_ENTITY = re.compile(r"&[a-z]+;|&#\d+;")


def every(*folders: str) -> list[Path]:
    """All templates, or those of some folders."""
    return sorted(
        path
        for folder in folders or ("",)
        for path in (TEMPLATES / folder).rglob("*")
        if path.is_file()
    )


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def marked(path: Path) -> list[str]:
    """The strings of a template that are marked for translation."""
    options = {"trimmed": "false", "silent": "false"}
    found: list[str] = []
    with path.open("rb") as source:
        for _, _, words, _ in babel_extract(source, ("_", "gettext", "ngettext"), [], options):
            found += [word for word in (words if isinstance(words, tuple) else (words,)) if word]
    return found


def marked_in_python(path: Path) -> list[str]:
    """The strings of a module that are marked with `_`, `N_`, `ngettext` or `lazy_gettext`."""
    from babel.messages.extract import extract_python

    keywords = ("_", "N_", "gettext", "ngettext", "lazy_gettext")
    source = BytesIO(path.read_bytes())
    found: list[str] = []
    for _, _, words, _ in extract_python(source, keywords, [], {}):
        found += [word for word in (words if isinstance(words, tuple) else (words,)) if word]
    return found


def unmarked(path: Path) -> list[str]:
    """What people would read of a template that no translator ever sees: bare text, and attributes that are read out."""
    bare = "".join(_bare(path))
    spoken = [match[2] for match in _SPOKEN.finditer(bare)]
    shown = _TAG.sub("\n", re.sub(r"<(style|script)\b.*?</\1>", "", bare, flags=re.DOTALL))
    texts = [*shown.split("\n"), *spoken]
    return [text.strip() for text in texts if re.search(r"[^\W\d_]{2,}", _ENTITY.sub("", text))]


def _bare(path: Path) -> Iterator[str]:
    """The template's own text, without what Jinja puts in and without {% trans %} blocks."""
    inside = 0
    name = ""
    tokens = Environment().lex(path.read_text("utf-8"))
    for _, kind, value in tokens:
        if kind == "block_begin":
            name = ""
        elif kind == "name" and not name:
            name = value
            inside += {"trans": 1, "endtrans": -1}.get(value, 0)
        elif kind == "variable_begin":
            name = "variable"
            yield "·" if not inside else ""
        elif kind == "data" and not inside:
            yield value


def translations(words: list[str]) -> Iterator[tuple[str, str]]:
    """(language, words) of each string in English and in every language there is a catalogue for."""
    for word in words:
        yield "en", word
    for catalogue in sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")):
        with catalogue.open("rb") as source:
            known = read_po(source)
        for word in words:
            message = known.get(word)
            for said in _strings(message.string if message else ""):
                yield catalogue.parts[-3], said


def _strings(said: object) -> list[str]:
    return [str(s) for s in said] if isinstance(said, list | tuple) else [str(said)] if said else []
