"""`make sizes`: the longest modules, functions and templates and the fullest folders, for the eye. It fails nobody.

A file is as long as its one subject is; a long list here is a place to look, not a rule to meet (house rule 14).
"""

import ast

from rich.console import Console
from rich.table import Table

from tests.house.reading import ROOT, Function, modules

SHOWN = 8
"""Rows of each table."""


def lines_of(function: Function) -> int:
    """The lines of a function's body; neither its parameters nor its docstring count."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def longest() -> dict[str, list[tuple[int, str]]]:
    """What is measured → (count, where), the largest first."""
    everything = modules()
    folders: dict[str, int] = {}
    for module in everything:
        folder = str(module.path.parent.relative_to(ROOT))
        folders[folder] = folders.get(folder, 0) + 1
    found = {
        "lines of a module": [(len(each.text.splitlines()), each.place) for each in everything],
        "lines of a function": [
            (lines_of(function), f"{module.at(function)} {function.name}")
            for module in everything
            for function in module.functions
        ],
        "modules in a folder": [(count, folder) for folder, count in folders.items()],
        "characters of a template": [
            (len(path.read_text()), str(path.relative_to(ROOT)))
            for path in (ROOT / "templates").rglob("*")
            if path.is_file()
        ],
    }
    return {what: sorted(rows, reverse=True)[:SHOWN] for what, rows in found.items()}


def main() -> None:
    console = Console()
    for what, rows in longest().items():
        table = Table(title=what, title_justify="left", show_header=False, box=None)
        for count, where in rows:
            table.add_row(str(count), where)
        console.print(table)


if __name__ == "__main__":
    main()
