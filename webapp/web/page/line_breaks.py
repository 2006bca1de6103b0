"""Removes line breaks and indentation from page templates when they are compiled.

One tag a line would otherwise put spaces between words and links that belong together, and make every page heavier. The
rule is JSX's: whitespace that holds a line break is dropped beside a tag or a `{{ … }}`; it is one space between two words
of plain text and between two attributes of a tag. A space that is wanted where a line ends is written `{{ " " }}`. Spaces
within a line stay. Only literal text of templates named `*.html` is touched, never a value, so what people wrote keeps its
lines; lines that a <pre> or <textarea> needs must come from a value. Cost: at compile time only.
"""

import re
from collections.abc import Iterator

from jinja2.ext import Extension
from jinja2.lexer import TOKEN_DATA, Token, TokenStream

_PIECE = re.compile(r"""\s+|</?[a-zA-Z!]|["'>]|[^\s<>"']+|<""")


class LineBreaks(Extension):
    """Jinja extension: takes line breaks and indentation out of the literal text of HTML templates."""

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterator[Token]:
        return _without_breaks(stream) if (stream.name or "").endswith(".html") else stream


def _without_breaks(stream: TokenStream) -> Iterator[Token]:
    text = _Text()
    line = 1
    for token in stream:
        if token.type != TOKEN_DATA:
            line = token.lineno
            yield token
            continue
        # trim_blocks has taken the line break behind a block already: then the text begins on a later line than the block ended.
        shown = text.without_breaks(token.value, at_line_start=token.lineno > line)
        line = token.lineno + token.value.count("\n")
        if shown:
            yield Token(token.lineno, TOKEN_DATA, shown)


class _Text:
    """Reads the literal text of one template from its start; knows whether it is inside a tag and inside which quotes."""

    def __init__(self) -> None:
        self.in_tag = False
        self.quote = ""

    def without_breaks(self, value: str, *, at_line_start: bool) -> str:
        pieces = _PIECE.findall(value)
        if at_line_start and not pieces[0].isspace():
            pieces.insert(0, "\n")
        shown = []
        for number, piece in enumerate(pieces):
            if not piece.isspace():
                self._pass(piece)
                shown.append(piece)
            elif "\n" in piece or (at_line_start and number == 0):
                before = pieces[number - 1] if number else ""
                after = pieces[number + 1] if number + 1 < len(pieces) else ""
                shown.append(self._instead(before, after))
            else:
                shown.append(piece)
        return "".join(shown)

    def _pass(self, piece: str) -> None:
        if not self.in_tag:
            self.in_tag = len(piece) > 1 and piece[0] == "<"
        elif piece in ('"', "'"):
            self.quote = "" if piece == self.quote else self.quote or piece
        elif piece == ">" and not self.quote:
            self.in_tag = False

    def _instead(self, before: str, after: str) -> str:
        """What replaces a line break between two pieces; an empty piece is a `{{ … }}`, a `{% … %}` or the end."""
        if self.in_tag:
            return "" if after in (">", "/") and not self.quote else " "
        words = before and after and before != ">" and after[0] != "<"
        return " " if words else ""
