"""Names of people as they are searched for and abbreviated, in any script."""

import unicodedata
from itertools import permutations

MOST_WORDS = 6
APOSTROPHES = dict.fromkeys(map(ord, "'`´‘’‚‛′ʹʻʼʽʾʿˈ՚＇ꞌ"))
"""Left out, since each keyboard has another: O'Brien, O’Brien and OBrien are one name."""
LETTERS = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "þ": "th", "æ": "ae",
        "œ": "oe", "ŋ": "n", "ĸ": "k", "ƒ": "f", "ə": "e",
    }
)  # fmt: skip
"""Letters with strokes and joined letters, which Unicode does not take apart, by what people type for them."""


def folded(text: str) -> str:
    """The words of a name in lower case without accents, with one space between: `Łucja Peña-O’Neil` → `lucja pena oneil`. The same for
    composed and decomposed letters; hyphens, dots and every kind of space divide words."""
    plain = unicodedata.normalize("NFKD", text.translate(APOSTROPHES)).casefold()
    plain = unicodedata.normalize("NFKD", plain).translate(APOSTROPHES).translate(LETTERS)
    seen = (
        letter if letter.isalnum() else " "
        for letter in plain
        if unicodedata.category(letter) not in ("Mn", "Me", "Cf")
    )  # fmt: skip
    return " ".join("".join(seen).split())


def same(one: str, other: str) -> bool:
    """Whether two names are the same when folded, with the words of `one` in any order and any spaces between: `Tom O'Brien` is
    `o brien tom`. Amy is not May. Of a name of more than `MOST_WORDS` words the order counts."""
    words, joined = folded(one).split(), folded(other).replace(" ", "")
    orders = permutations(words) if len(words) <= MOST_WORDS else (words,)
    return any("".join(order) == joined for order in orders)


def short(name: str) -> str:
    """First name and initial, to tell apart who share a mailbox or a phone: `Maya Torres` → `Maya T.`"""
    first, *others = unicodedata.normalize("NFC", name).split() or [name]
    initials = [each[0] for each in others if each[0].isalpha()]
    return f"{first} {initials[-1]}." if initials else first
