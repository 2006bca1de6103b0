"""What comments and docstrings cite is there: rules, house rules, promises, requirements, capabilities, and modules."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house.reading import ROOT, told
from tests.prove.mutations import LINES

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted(DOCS.glob("*.md"))]
NUMBERED = re.compile(r"^(\d+)\. \*\*", re.MULTILINE)
RULE = re.compile(r"\b(house )?rules? (\d+(?:(?:,? and |, | to |–)\d+)*)", re.IGNORECASE)
PROMISE = re.compile(r"\bpromises? (\d+)", re.IGNORECASE)
ID = re.compile(r"(?<![\w.#/$%-])([A-Z]\d{1,2})(?![\w.%]*\w)")
PAGE = re.compile(r"\b([\w/-]+\.md)\b(?:, \*([^*]+)\*)?")
MODULE = re.compile(
    r"(?<![\w./-])((?:webapp/)?(?:care|operations|protocol|notify|web|cli|crypto)(?:/[a-z_]+)+)(?![\w/-]|\.(?!py\b|\s|$))"
)
"""A module or folder of webapp, as prose names one: `care/schedule/series`, `web/page/forms.py`."""
ELSEWHERE = {"R4": "FHIR's release"}
"""What looks like a requirement and is another standard's word."""
NO_PROSE = ("tests/house/test_citations.py", "tests/prove/")
"""These hold examples, and the requirements as arguments, which test_proofs looks after."""


def section(page: Path, heading: str) -> str:
    """What stands under a heading, up to the next of its kind."""
    return page.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@cache
def rules() -> set[int]:
    return {int(number) for number in NUMBERED.findall(section(DOCS / "protocol.md", "Rules"))}


@cache
def house_rules() -> set[int]:
    text = section(DOCS / "contributing.md", "House rules")
    return {int(number) for number in NUMBERED.findall(text)}


@cache
def promises() -> set[int]:
    return {int(number) for number in NUMBERED.findall(section(DOCS / "product.md", "Promises"))}


@cache
def requirements() -> set[str]:
    """The lines of SECURITY.md: of its table, and of its lists."""
    text = (ROOT / "SECURITY.md").read_text()
    return set(re.findall(r"^(?:\| |- \*\*)([PSR]\d+)(?: \||\*\*)", text, re.MULTILINE))


@cache
def ids() -> set[str]:
    """Requirements, capabilities, and the sections of docs/asvs.md (V1, D1)."""
    capabilities = re.findall(r"^\| (M\d+) \|", (DOCS / "product.md").read_text(), re.MULTILINE)
    sections = re.findall(r"^## ([DV]\d+) ", (DOCS / "asvs.md").read_text(), re.MULTILINE)
    return requirements() | set(capabilities) | set(sections)


def prose_of_python(text: str) -> Iterator[tuple[int, str]]:
    """Comments and docstrings, those of attributes too, with the line at which each begins; and other texts that name a rule."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.lineno, str(node.value.value)
        elif isinstance(node, ast.Constant) and RULE.search(str(node.value)):
            yield node.lineno, " ".join(found[0] for found in RULE.finditer(str(node.value)))


def prose_of_others(text: str) -> Iterator[tuple[int, str]]:
    """Comments of Jinja, CSS and JavaScript."""
    for found in re.finditer(r"\{#.*?#\}|/\*.*?\*/|(?:^|\s)//[^\n]*", text, re.DOTALL):
        yield text.count("\n", 0, found.start()) + 1, found[0]


def everything() -> Iterator[tuple[str, str]]:
    """Every comment, docstring and page: where it stands, and its text."""
    for folder in ("webapp", "tests", "templates", "static"):
        for path in sorted((ROOT / folder).rglob("*.*")):
            place = str(path.relative_to(ROOT))
            if path.suffix not in (".py", ".html", ".txt", ".js", ".css") or "vendor" in place:
                continue
            if not place.startswith(NO_PROSE):
                read = prose_of_python if path.suffix == ".py" else prose_of_others
                yield from ((f"{place}:{line}", prose) for line, prose in read(path.read_text()))
    for page in PAGES:
        for number, line in enumerate(page.read_text().splitlines(), 1):
            yield f"{page.relative_to(ROOT)}:{number}", line


def numbers(written: str) -> set[int]:
    """`4`, `4 and 5`, `1, 2 and 7`, `3 to 5`."""
    found = [int(number) for number in re.findall(r"\d+", written)]
    spans = " to " in written or "–" in written
    return set(range(found[0], found[-1] + 1)) if spans else set(found)


def stray(prose: str) -> Iterator[str]:
    """The citations of a text that lead nowhere."""
    prose = " ".join(prose.split())
    for house, written in RULE.findall(prose):
        missing = numbers(written) - (house_rules() if house else rules())
        yield from (f"{house}rule {number}" for number in sorted(missing))
    yield from (f"promise {n}" for n in PROMISE.findall(prose) if int(n) not in promises())
    yield from (each for each in ID.findall(prose) if each not in ids() | ELSEWHERE.keys())
    for name, heading in PAGE.findall(prose):
        pages = [page for page in PAGES if str(page.relative_to(ROOT)).endswith(name)]
        if not pages:
            yield name
        elif heading and f"\n## {heading}\n" not in pages[0].read_text():
            yield f"{name}, *{heading}*"
    for name in MODULE.findall(prose):
        place = ROOT / "webapp" / name.removeprefix("webapp/")
        if not any(
            each.exists()
            for each in (place, place.with_suffix(".py"), ROOT / "tests" / f"{name}.py")
        ):
            yield name


def test_every_citation_leads_somewhere() -> None:
    broken = [f"{place}: {each}" for place, prose in everything() for each in stray(prose)]
    assert not broken, told(
        broken,
        "Cite a rule of docs/protocol.md as `rule 9`, one of docs/contributing.md as `house rule 4`, a line of SECURITY.md"
        " or docs/product.md by its id, a page with its heading as `docs/product.md, *Voice*`, a module by its path below webapp/; or leave the citation away.",
    )


@pytest.mark.parametrize(
    "prose",
    [
        "never (rule 19)", "rules 2 and 99", "House rule 18", "rules 17 to 19", "promise 6", "(P13)", "S3 and S20",
        "as M41 says", "C10", "architecture.md, 9", "docs/product.md, *Tone*", "docs/protocol.md\nrule 30",
        "see care/correspondents", "`webapp/web/frame.py`",
    ],
)  # fmt: skip
def test_a_citation_that_leads_nowhere_is_seen(prose: str) -> None:
    assert list(stray(prose))


@pytest.mark.parametrize(
    "prose",
    [
        "rule 9", "Rules 4 and 5", "house rule 17", "P1–P3", "(R5, S12)", "promise 1, M29", "docs/protocol.md rule 7",
        "docs/protocol.md, *Facts, then standing*", "a FHIR R4 Bundle", "care/schedule/series", "`web/page/forms.py`.", "docs/asvs.md D12", "PT20M", "UTF-8",
    ],
)  # fmt: skip
def test_a_citation_that_leads_somewhere_is_let_be(prose: str) -> None:
    assert not list(stray(prose))


def test_the_numbers_of_rules_run_without_gaps() -> None:
    for found, last in ((rules(), 18), (house_rules(), 17), (promises(), 5)):
        assert found == set(range(1, last + 1))
    for letter, last in (("P", 12), ("S", 19), ("R", 15), ("M", 40)):
        assert {f"{letter}{n}" for n in range(1, last + 1)} == {i for i in ids() if i[0] == letter}


def test_a_requirement_is_broken_by_make_prove_or_said_to_be_open() -> None:
    open_ones = set(
        re.findall(r"^- \*\*(\w+)\*\*", section(ROOT / "SECURITY.md", "Not yet"), re.MULTILINE)
    )
    assert open_ones.isdisjoint(LINES), told(
        sorted(open_ones & set(LINES)), "Move it up in SECURITY.md."
    )
    assert open_ones | set(LINES) == requirements()
