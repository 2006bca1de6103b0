"""Sizes, as a smell to discuss: what outgrows them usually holds two ideas."""

import ast

from tests.house.reading import ROOT, Function, modules, told

MODULE_LINES = 250
FUNCTION_LINES = 30
FOLDER_FILES = 18
TEMPLATE_LINES = 120

DISCUSSED = {
    "webapp/care": "The nouns of the practice, one file each; a second level would hide which there are.",
}
"""What was talked about and stays as it is, and why."""

everything = modules()


def test_a_module_can_be_held_in_mind() -> None:
    broken = [
        f"{module.place}: {lines} lines"
        for module in everything
        if (lines := len(module.text.splitlines())) > MODULE_LINES
    ]
    assert not broken, told(
        broken,
        f"More than {MODULE_LINES} lines usually hold two nouns. Give the second a module of its own; do not squeeze.",
    )


def lines_of(function: Function) -> int:
    """The lines of the body. Neither what is asked for nor the docstring counts: explaining is free."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]


def test_a_function_does_one_thing() -> None:
    broken = [
        f"{module.at(function)} {function.name}: {lines} lines"
        for module in everything
        for function in module.functions
        if (lines := lines_of(function)) > FUNCTION_LINES
    ]
    assert not broken, told(
        broken,
        f"More than {FUNCTION_LINES} lines usually do two things. Name the parts and call them.",
    )


def test_a_folder_can_be_seen_at_a_glance() -> None:
    counted: dict[str, int] = {}
    for path in [each.path for each in everything]:
        counted[str(path.parent.relative_to(ROOT))] = (
            counted.get(str(path.parent.relative_to(ROOT)), 0) + 1
        )
    broken = [
        f"{folder}: {count} modules"
        for folder, count in counted.items()
        if count > FOLDER_FILES and folder not in DISCUSSED
    ]
    assert not broken, told(
        broken,
        f"More than {FOLDER_FILES} files in a folder hide one another. Which of them belong together?",
    )


def test_a_template_shows_one_thing() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in sorted((ROOT / "templates").rglob("*"))
        if path.is_file() and (lines := len(path.read_text().splitlines())) > TEMPLATE_LINES
    ]
    assert not broken, told(
        broken,
        f"More than {TEMPLATE_LINES} lines: lift a block that stands by itself into templates/ui/.",
    )
