"""The table of SECURITY.md: each requirement, where it lives, and the tests that notice when it is broken, as tests/prove has them."""

from pathlib import PurePath

from tests.prove.mutation import ROOT
from tests.prove.mutations import BREAKS

PAGE = ROOT / "SECURITY.md"
ROWS = ("| P", "| S", "| R")
"""How a row of the table begins."""
HEADS = ("line", "what", "where", "test")


def rows() -> dict[str, list[str]]:
    """The table's rows as they stand: line → its cells."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith(ROWS)
    ]
    return {row[0]: row for row in cells}


def wanted(line: str) -> tuple[str, str]:
    """What `where` and `test` must say of a line."""
    broken = [one for one in BREAKS if one.line == line]
    where = {_short(one.file) for one in broken if not one.file.startswith("tests/")}
    return _listed(where), _listed({_short(one.test) for one in broken})


def _short(file: str) -> str:
    path = PurePath(file)
    shortened = path.relative_to(path.parts[0]) if path.parts[0] in ("webapp", "tests") else path
    return str(shortened).removesuffix(".py") if path.suffix == ".py" else str(shortened)


def _listed(files: set[str]) -> str:
    return ", ".join(f"`{file}`" for file in sorted(files))


def write() -> None:
    """Bring the columns *where* and *test* of SECURITY.md's table up to date: `python -m tests.prove.page`."""
    lines = PAGE.read_text().splitlines(keepends=True)
    for number, text in enumerate(lines):
        if text.startswith(ROWS):
            line, about = [cell.strip() for cell in text.strip("|\n").split("|")][:2]
            lines[number] = f"| {line} | {about} | {' | '.join(wanted(line))} |\n"
    PAGE.write_text("".join(lines))


if __name__ == "__main__":
    write()
