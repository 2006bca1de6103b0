"""`make prove` can't rot: every requirement is broken by something, and what is broken stands where the table says."""

import re

from tests.house.reading import ROOT, told
from tests.prove import page
from tests.prove.mutations import BREAKS, LINES, WITHOUT

NO_NAMES = {"and", "or", "not", "sqlite", "postgresql"}


def test_every_line_is_broken_by_something_or_says_what_proves_it_instead() -> None:
    broken = {mutation.line for mutation in BREAKS}
    silent = [line for line in LINES if line not in broken | WITHOUT.keys()]
    assert not silent, told(silent, "Break its rules in tests/prove/, each with the test that notices.")  # fmt: skip
    unknown = sorted((broken | WITHOUT.keys()) - set(LINES))
    assert not unknown, told(unknown, "There is no such line of the requirements.")


def test_what_is_broken_stands_once_in_its_file() -> None:
    gone = [f"{one.line} {one.file}: {one.stands()} times {one.rule[:80]!r}" for one in BREAKS if one.stands() != 1]  # fmt: skip
    assert not gone, told(gone, "The code was changed: say in tests/prove/ what is to be broken now.")  # fmt: skip
    same = [f"{one.line} {one.file}: {one.rule[:80]!r}" for one in BREAKS if one.old == one.new]
    assert not same, told(same, "Nothing is broken by this.")


def test_the_tests_that_notice_are_there() -> None:
    """A file of tests, and each of the words that choose among its tests: in it, or in what it takes from other tests."""
    missing = []
    for one in BREAKS:
        chosen = set(re.findall(r"\w+", one.tests[-1])) if len(one.tests) > 1 else set()
        names = _names(one.test).lower()
        if not names or not all(word.lower() in names for word in chosen - NO_NAMES):
            missing.append(f"{one.line} {one.test} {' '.join(one.tests[1:])}")
    assert not missing, told(missing, "Name the tests that notice, in tests/prove/.")


def _names(file: str) -> str:
    path = ROOT / file
    text = path.read_text() if path.exists() else ""
    beside = re.findall(r"from (tests\.[\w.]+) import", text)
    files = [ROOT / f"{name.replace('.', '/')}.py" for name in beside]
    return text + "".join(each.read_text() for each in files if each.exists())


def test_the_page_on_security_says_where_each_requirement_lives_and_which_tests_notice() -> None:
    stands = page.rows()
    asked = [line for line in LINES if line[0] in "SP" or line == "R13"]
    assert sorted(stands) == sorted(asked)
    wrong = [
        f"| {line} | {stands[line][1]} | {' | '.join(page.wanted(line))} |"
        for line in asked
        if tuple(stands[line][2:]) != page.wanted(line)
    ]
    assert not wrong, told(wrong, "In SECURITY.md these rows should be so, for tests/prove breaks that and names those tests.")  # fmt: skip
