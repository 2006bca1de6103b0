"""One rule broken on purpose, and the words with which the tables say which tests must then fail."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {".git", ".venv", "instance", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` stands once in `file`. `tests` are pytest's words: at least one of them must fail with `new` in its place."""

    line: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The line of the code that is broken, in one line."""
        return " ".join(self.old.split())

    @property
    def test(self) -> str:
        """The file of tests that notices."""
        return self.tests[0]

    def stands(self) -> int:
        """How often the text to break is there; anything but once and nothing can be proved."""
        return (ROOT / self.file).read_text().count(self.old)


def by(file: str, words: str = "") -> tuple[str, ...]:
    """The tests of `tests/<file>.py` whose names hold `words`, on SQLite."""
    return f"tests/{file}.py", "-k", f"({words}) and sqlite" if words else "sqlite"


def plain(file: str, words: str = "") -> tuple[str, ...]:
    """The same for tests that need no database of their own."""
    return (f"tests/{file}.py", "-k", words) if words else (f"tests/{file}.py",)
