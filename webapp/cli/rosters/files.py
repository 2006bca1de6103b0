"""Roster files: a CSV table of people, care teams, couples and series, read into read_rows. Pure; no database.

Row 1 is the header. Its column `type` says what each row is; the other columns a row may fill depend on it (`COLUMNS`).
Lists are divided by spaces. UTF-8 with or without byte order mark, any line ends, comma, semicolon or tab; empty rows and
rows beginning with `#` are passed over. Every cell is text: one that begins like a formula is taken as it stands, and the
apostrophe that spreadsheets put before such a cell is taken away.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from webapp.refusals import N_

LARGEST = 10 * 1024 * 1024
MOST_ROWS = 20_000
LONGEST_CELL = 500

COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "person": (
        ("ref", "kind", "name"),
        ("email", "phone", "time_zone", "language", "roles", "status", "opted_in"),
    ),
    "team": (("ref",), ("counselor", "supervisor", "coordinator")),
    "couple": (("ref", "partners"), ("therapist",)),
    "series": (
        ("ref", "kind", "title", "local_start", "duration", "rrule", "host", "capacity"),
        ("time_zone", "join_url", "dial_in", "seats"),
    ),
}
"""type → columns it needs, columns it may have. In the order in which they are entered. A team's `ref` is its client's."""
KNOWN = (
    "type",
    *dict.fromkeys(name for both in COLUMNS.values() for part in both for name in part),
)
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,79}")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one cell: `row` as spreadsheets count, `column` as in the header, `values` fill the sentence."""

    row: int
    column: str
    sentence: str
    values: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.values if self.values else self.sentence


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row: its number as spreadsheets count, and its filled cells by column."""

    number: int
    type: str
    cells: dict[str, str]
    columns: frozenset[str] = frozenset()
    """All that the header names, whether this row fills them or not."""

    @property
    def ref(self) -> str:
        return self.cells["ref"]

    def get(self, column: str) -> str | None:
        return self.cells.get(column)

    def list_of(self, column: str) -> list[str]:
        """The words of a cell that holds a list."""
        return self.cells.get(column, "").split()


def read(raw: bytes) -> tuple[list[RosterRow], list[RowProblem]]:
    """Return the rows of a roster file in the order in which they can be entered, and everything that is wrong with it."""
    try:
        table = list(_rows(raw))
    except _Unreadable as unreadable:
        return [], [unreadable.problem]
    if not table:
        return [], [
            RowProblem(1, "type", N_("There is no header row. See rejoin import roster --help."))
        ]
    header_row, header = table[0][0], [cell.strip().lower() for cell in table[0][1]]
    problems = list(_header_problems(header_row, header))
    rows: list[RosterRow] = []
    for number, cells in [] if problems else table[1:]:
        row, wrong = _read_row(number, header, cells)
        problems += wrong
        if row:
            rows.append(row)
    problems += _repeat_problems(rows)
    order = list(COLUMNS)
    return sorted(rows, key=lambda row: (order.index(row.type), row.number)), problems


class _Unreadable(Exception):
    """Nothing can be read from here on."""

    def __init__(self, row: int, column: str, sentence: str) -> None:
        self.problem = RowProblem(row, column, sentence)


def _rows(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells) of every row that says something."""
    if len(raw) > LARGEST:
        raise _Unreadable(1, "type", N_("The file is larger than 10 MB. Divide it."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        sentence = N_("The file is not UTF-8. Save it as “CSV UTF-8”.")
        raise _Unreadable(row, "type", sentence) from error
    row = 0
    try:
        for row, cells in enumerate(
            csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True), 1
        ):
            if row > MOST_ROWS:
                raise _Unreadable(row, "type", N_("The file has more than 20,000 rows. Divide it."))
            if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
                yield row, cells
    except csv.Error as error:
        sentence = N_("A quote is opened and not closed, or text follows a closing quote.")
        raise _Unreadable(row + 1, "type", sentence) from error


def _delimiter(text: str) -> str:
    """What divides the cells: whichever of comma, semicolon and tab the header has most of."""
    lines = (
        line for line in text.splitlines() if line.strip() and not line.startswith(("#", '"#'))
    )
    header = next(lines, "")
    return max(",;\t", key=header.count)


def _header_problems(row: int, header: list[str]) -> Iterator[RowProblem]:
    if "type" not in header:
        sentence = N_("The header needs a column called type. See rejoin import roster --help.")
        yield RowProblem(row, "type", sentence)
    for name in dict.fromkeys(header):
        if name and name not in KNOWN:
            sentence = N_("There is no such column. Known are: %(known)s.")
            yield RowProblem(row, name, sentence, {"known": ", ".join(KNOWN)})
        if name and header.count(name) > 1:
            yield RowProblem(row, name, N_("This column is there twice."))


def _read_row(
    row: int, header: list[str], cells: list[str]
) -> tuple[RosterRow | None, list[RowProblem]]:
    """One row, as far as it can be understood without knowing the others."""
    filled = {name: _plain(cell) for name, cell in zip(header, cells, strict=False) if name}
    filled = {name: cell for name, cell in filled.items() if cell}
    wrong = [
        RowProblem(
            row, str(number), N_("This cell stands outside the table: it has no column name.")
        )
        for number, cell in enumerate(cells, 1)
        if cell.strip() and (number > len(header) or not header[number - 1])
    ]
    type_ = filled.pop("type", "").lower()
    if type_ not in COLUMNS:
        sentence = N_("Write one of: %(known)s.")
        return None, [*wrong, RowProblem(row, "type", sentence, {"known": ", ".join(COLUMNS)})]
    wrong += _cell_problems(row, type_, filled)
    return (None if wrong else RosterRow(row, type_, filled, frozenset(header))), wrong


def _plain(cell: str) -> str:
    """The cell's text, without the apostrophe that keeps a spreadsheet from calculating it."""
    cell = cell.strip()
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@" else cell


def _cell_problems(row: int, type_: str, filled: dict[str, str]) -> Iterator[RowProblem]:
    needed, possible = COLUMNS[type_]
    for name in needed:
        if name not in filled:
            yield RowProblem(row, name, N_("A %(type)s needs this."), {"type": type_})
    for name, cell in filled.items():
        if name not in needed and name not in possible:
            yield RowProblem(row, name, N_("A %(type)s has nothing here."), {"type": type_})
        elif len(cell) > LONGEST_CELL and name != "seats":
            yield RowProblem(row, name, N_("This is longer than 500 letters."))
        elif "\0" in cell or "\ufffd" in cell:
            yield RowProblem(row, name, N_("Some letters of this cell are broken."))
    if "ref" in filled and not REF.fullmatch(filled["ref"]):
        sentence = N_("A reference has up to 80 letters, digits, and . _ : @ - without spaces.")
        yield RowProblem(row, "ref", sentence)


def _repeat_problems(rows: list[RosterRow]) -> Iterator[RowProblem]:
    first: dict[tuple[str, str], int] = {}
    for row in rows:
        seen = first.setdefault((row.type, row.ref), row.number)
        if seen != row.number:
            sentence = N_("This reference stands in row %(other)s already.")
            yield RowProblem(row.number, "ref", sentence, {"other": seen})
