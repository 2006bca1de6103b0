"""M34: a language is offered once its catalogue is whole; until then nothing of it shows, neither words nor dates."""

from pathlib import Path

import pytest

from webapp import languages

WHOLE = 'msgid "Open"\nmsgstr "Abrir"\n\nmsgid "%(num)s day"\nmsgid_plural "%(num)s days"\nmsgstr[0] "%(num)s día"\nmsgstr[1] "%(num)s días"\n'
HEAD = 'msgid ""\nmsgstr ""\n"Language: es\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


def catalogue(folder: Path, text: str, compiled: bool = True) -> Path:
    inside = folder / "es" / "LC_MESSAGES"
    inside.mkdir(parents=True)
    (inside / "messages.po").write_text(HEAD + text)
    if compiled:
        (inside / "messages.mo").write_bytes(b"")
    return folder / "es"


def test_a_whole_catalogue_is_whole(tmp_path):
    assert languages.is_whole(catalogue(tmp_path, WHOLE))


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace("Abrir", ""),
        WHOLE.replace("%(num)s días", ""),
        WHOLE.replace('msgid "Open"', '#, fuzzy\nmsgid "Open"'),
        "",
    ],
)
def test_a_catalogue_with_a_gap_is_not(tmp_path, text):
    assert not languages.is_whole(catalogue(tmp_path, text))


def test_one_that_was_not_compiled_is_not(tmp_path):
    assert not languages.is_whole(catalogue(tmp_path, WHOLE, compiled=False))


def test_who_speaks_a_language_that_is_not_offered_is_addressed_in_english():
    assert languages.offered() == ("en",)
    assert (languages.spoken("es"), languages.spoken("en")) == ("en", "en")


def test_every_catalogue_that_is_here_is_whole():
    """One that is half done may lie on a branch, not in a release."""
    here = [each for each in languages.TRANSLATIONS.glob("*") if each.is_dir()]
    assert [each.name for each in here if not languages.is_whole(each)] == []
