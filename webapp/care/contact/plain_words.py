"""Folds what people write, in any script's decoration, to plain lower-case words that can be compared with lists of words.

Pure: the standard library.
"""

import re
import unicodedata

APOSTROPHES = re.compile("['’‘‛ʼ`´′＇]")
NOT_A_WORD = re.compile(r"[\W_]+")
LETTER_BY_LETTER = re.compile(r"\b(?:\w ){2,}\w\b")
"""S.T.O.P, s t o p"""
CLAUSE_END = re.compile(
    r"[.,;:!?¡¿|/()\[\]{}…—–•\r\n\v\f\u2028\u2029]+|\s-+\s|\s-+$|^-+\s|--+|~+|\*+"
)
SENT_FROM = re.compile(
    r"\b(?:sent from my|sent via|get outlook for|enviado desde mi|enviado desde)\b.*", re.I | re.S
)
"""What phones add below a text by themselves."""
REACTION = re.compile(
    r"""^\s*(?P<how>liked|loved|laughed\ at|emphasized|questioned|disliked|reacted\ .{1,12}?\ to|removed\ .{1,30}?\ from
    |le\ gustó|le\ encantó|\W{1,8}\ (?:to|a))\s*["“«”][^"“«”»]*["”»]\s*\Z""",
    re.I | re.S | re.X,
)
"""A phone's way of passing a reaction on: Liked “the whole text that was reacted to”."""


def plain(text: str) -> str:
    """The words of `text`, one space between them: case, accents (composed or not), full-width and ornamental letters, punctuation
    and emoji folded away. An apostrophe leaves nothing (`can't` → `cant`); letters written one by one on a line become a word."""
    return " ".join(
        LETTER_BY_LETTER.sub(lambda letters: letters[0].replace(" ", ""), line)
        for line in _lines(text)
    )


def letter_by_letter(text: str) -> list[str]:
    """What is written letter by letter in `text`, without its spaces; a word of one letter beside it cannot be told from its
    letters (`k.m.s. I do` → `kmsi`)."""
    return [
        letters.replace(" ", "")
        for line in _lines(text)
        for letters in LETTER_BY_LETTER.findall(line)
    ]


def _lines(text: str) -> list[str]:
    """The lines of `text` that have words, each folded, with one space between its words."""
    marks = ("Mn", "Me", "Cf", "Cc")
    folded = (
        "".join(
            " " if letter.isspace() else letter
            for letter in unicodedata.normalize("NFKD", APOSTROPHES.sub("", line).casefold())
            if letter.isspace() or unicodedata.category(letter) not in marks
        ).replace("ı", "i")
        for line in text.splitlines()
    )
    return [words for line in folded if (words := NOT_A_WORD.sub(" ", line).strip())]


def clauses(text: str) -> list[str]:
    """The parts of `text` between its punctuation and line breaks, each plain; empty ones left out. What a phone adds by itself
    is left out too."""
    text = unicodedata.normalize("NFKC", SENT_FROM.sub("", APOSTROPHES.sub("", text)))
    return [words for part in CLAUSE_END.split(text) if (words := plain(part))]


def without_reaction(text: str) -> str:
    """`text`, without a quotation that it only reacts to, so that our own words are not read as theirs."""
    reaction = REACTION.match(text)
    return reaction["how"] if reaction else text
