"""`make words`: how hard it is to read what clients read, place by place (M34 asks for about grade 6).

The Flesch-Kincaid grade: 0.39 x words a sentence + 11.8 x syllables a word - 15.59. Only sentences count: a button's two words
are none. Names and numbers that are put in stand as one short word.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyphen
from rich.console import Console
from rich.table import Table

from tests.house import templates
from tests.house.test_voice import CLIENT_MODULES, CLIENT_TEMPLATES, said_in

LEAST = 4
"""Words that make a sentence."""
_SYLLABLES = pyphen.Pyphen(lang="en_US", left=1, right=1)
_PUT_IN = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


class Read(NamedTuple):
    """What was read somewhere."""

    sentences: int = 0
    words: int = 0
    syllables: int = 0

    @property
    def grade(self) -> float:
        """The year of school in which one reads this easily."""
        return 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59


def sentences(texts: Iterable[str]) -> list[list[str]]:
    """Each sentence as its words."""
    parts = [
        part for text in texts for part in re.split(r"[.!?:…]+\s+|\n", _PUT_IN.sub("Ann", text))
    ]
    split = [re.findall(r"[A-Za-z][A-Za-z'’]*", part) for part in parts]
    return [words for words in split if len(words) >= LEAST]


def read(found: list[list[str]]) -> Read:
    words = [word for sentence in found for word in sentence]
    return Read(len(found), len(words), sum(_syllables(word) for word in words))


def _syllables(word: str) -> int:
    return len(_SYLLABLES.positions(word.replace("'", "").replace("’", ""))) + 1


def by_place() -> dict[str, list[list[str]]]:
    """The sentences of each folder of pages and each module."""
    found: dict[str, list[list[str]]] = {}
    for path in (*CLIENT_TEMPLATES, *CLIENT_MODULES):
        found.setdefault(_room(path), []).extend(sentences(said_in(path)))
    return {room: said for room, said in found.items() if said}


def _room(path: Path) -> str:
    place = Path(templates.place(path))
    return str(place if place.suffix == ".py" else place.parent)


def main() -> int:
    rooms = by_place()
    table = Table("place", "sentences", "words a sentence", "grade", "hardest sentence")
    for room, said in sorted(rooms.items(), key=lambda each: -read(each[1]).grade):
        all_of_it, hardest = read(said), max(said, key=lambda words: read([words]).grade)
        table.add_row(room, str(len(said)), f"{all_of_it.words / len(said):.1f}", f"{all_of_it.grade:.1f}",
                      f"{' '.join(hardest)} ({read([hardest]).grade:.0f})")  # fmt: skip
    out = Console()
    out.print(table)
    whole = read([words for said in rooms.values() for words in said])
    out.print(f"All client text: {whole.sentences} sentences, grade {whole.grade:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
