"""`docs/asvs.md` answers every requirement of OWASP ASVS 5.0.0, and what it names is there."""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from tests.house.reading import ROOT, told
from webapp.care.accounts.passwords import OURS
from webapp.operations import rate_limits
from webapp.operations.rate_limits import Rate

DOCUMENT = ROOT / "docs" / "asvs.md"
LEVELS = {
    1: "22 1111122223 112222222223 222 123",
    2: "122 112 12223 23",
    3: "3 113 12223 11222233 11122333 3 22333",
    4: "12233 23333 22 1222",
    5: "2 112333 113 222",
    6: "122 111111112222 11223333 112233 22222333 2223 33 2222",
    7: "222 1111 22 11222 223 22",
    8: "1233 1123 133 23",
    9: "111 1222",
    10: "22 223 22223 1111122222233333 22222 22 222",
    11: "2233 22233 11233 1222 23 23 33",
    12: "12233 11 22223",
    13: "2333 222223 2233 1222233",
    14: "22 12223333 122",
    15: "12233 12233 1222222 3333",
    16: "2 22222 2222 222 2223",
    17: "23 22223333 22",
}
"""Chapter → its sections in order; each digit is the level of one requirement: 1.1.1 and 1.1.2 are of level 2."""
STATES = ("met", "partly", "outside", "open", "n/a")

known = {
    f"{chapter}.{section}.{number}": int(level)
    for chapter, sections in LEVELS.items()
    for section, levels in enumerate(sections.split(), 1)
    for number, level in enumerate(levels, 1)
}
text = DOCUMENT.read_text()


@dataclass(frozen=True)
class Row:
    ids: str
    level: str
    about: str
    state: str
    how: str
    tests: str

    @property
    def answers(self) -> list[str]:
        """The requirements it is about: of a range, those of the low levels, unless it has none."""
        first, _, last = self.ids.partition("–")
        between = list(known)[position(first) : position(last or first) + 1]
        return [each for each in between if known[each] < 3] or between


def position(requirement: str) -> int:
    assert requirement in known, f"{requirement} is no requirement of ASVS 5.0.0. Mend {DOCUMENT}."
    return list(known).index(requirement)


rows = [
    Row(*(cell.strip() for cell in line.strip("|").split("|")))
    for line in text.splitlines()
    if re.match(r"\| \d+\.\d+\.\d+", line)
]


@cache
def sentences(file: Path) -> list[str]:
    """The names of a test file's tests."""
    tree = ast.parse(file.read_text())
    return [each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]


def missing(named: str) -> bool:
    """Whether a test as the table names it, `file.py::name` or `file.py -k words`, is not there."""
    file, _, name = named.partition("::")
    file, _, words = file.partition(" -k ")
    place = ROOT / "tests" / file
    if not place.is_file() or not (name or words):
        return not place.is_file()
    return not any(each == name or (words and words in each) for each in sentences(place))


def test_every_requirement_of_level_one_and_two_has_one_row() -> None:
    times = Counter(chain.from_iterable(row.answers for row in rows))
    broken = [f"{each}: {times[each]} rows" for each in known if known[each] < 3 > times[each] != 1]
    broken += [f"{each}: {times[each]} rows" for each in known if times[each] > 1]
    assert not broken, told(
        broken,
        "Answer it in docs/asvs.md: how it is met and by which test, or why it does not apply.",
    )


def test_every_row_says_its_level_state_and_answer() -> None:
    broken = [
        row.ids
        for row in rows
        if row.state not in STATES
        or row.level
        != "/".join(str(each) for each in sorted({known[each] for each in row.answers}))
        or not (row.about and row.how)
        or (row.state in ("met", "partly") and "`" not in row.tests)
    ]
    assert not broken, told(
        broken,
        f"Give the level as the standard has it, one of {', '.join(STATES)}, an answer, and for what is met a test.",
    )


def test_every_test_that_a_row_names_is_there() -> None:
    broken = [
        f"{row.ids}: {named}"
        for row in rows
        for named in re.findall(r"`([^`]+)`", row.tests)
        if missing(named)
    ]
    assert not broken, told(
        broken, "The test was renamed or is gone: name the one in docs/asvs.md that proves it now."
    )


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`(\w[\w/.-]*/[\w.-]+\.(?:py|js|md|json|txt)|[\w-]+\.py)`", text))
    folders = (ROOT, ROOT / "webapp", ROOT / "tests")
    broken = [each for each in sorted(named) if not any((on / each).exists() for on in folders)]
    assert not broken, told(broken, "The file moved: say in docs/asvs.md where it is met now.")


def test_every_section_that_it_points_at_is_there() -> None:
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    there = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in heads}
    broken = sorted(set(re.findall(r"\(#([\w-]+)\)", text)) - there)
    assert not broken, told(broken, "Write that section in docs/asvs.md, or point at another.")


def test_the_figures_of_its_head_are_those_of_its_rows() -> None:
    low, extras = Counter[str](), 0
    for row in rows:
        levels = [known[each] for each in row.answers]
        low[row.state] += sum(level < 3 for level in levels)
        extras += sum(level == 3 for level in levels if row.state == "met")
    total = sum(level < 3 for level in known.values())
    said = (
        f"Of {total} requirements of level 1 and 2: **{low['met']} met, {low['partly']} partly, {low['outside']} outside,"
        f" {low['open']} open, {low['n/a']} not applicable**. Of level 3: {extras} met"
    )
    assert said in " ".join(text.split()), f"The rows have changed. Write in docs/asvs.md: {said}"


def test_its_lists_of_limits_and_words_are_whole() -> None:
    """ASVS 6.1.1 and 6.1.2 want them written down."""
    rates = {name: each for name, each in vars(rate_limits).items() if isinstance(each, Rate)}
    broken = [
        name
        for name, rate in rates.items()
        if not re.search(rf"^\| `{name}` \|[^|]+\| {rate.burst} \|", text, re.MULTILINE)
    ]
    broken += sorted(word for word in OURS if word not in text.partition("## D12")[2])
    assert not broken, told(broken, "Write it into D2 or D12 of docs/asvs.md, as the code has it.")
