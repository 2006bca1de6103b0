"""Digits are ASCII digits (S17): numbers and times from outside have one reader each, in `numbers` and `times`."""

import ast
import re

from tests.house.reading import modules, told

READERS = {"webapp.numbers", "webapp.times"}
"""Where texts become numbers and times of day."""
ours = [module for module in modules() if module.name.startswith("webapp.")]


def test_no_pattern_means_other_scripts_digits() -> None:
    broken = [
        module.at(node)
        for module in ours
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"(?<!\\)\\d", node.value)
    ]
    assert not broken, told(broken, "Write [0-9]: \\d matches every script's digits.")


def test_no_text_is_asked_whether_it_is_a_number() -> None:
    broken = [
        module.at(call)
        for module in ours
        for call in module.calls("isdigit", "isdecimal", "isnumeric")
    ]
    assert not broken, told(
        broken, "Use whole_number() or row_number(): they say what is allowed and how much."
    )


def test_no_form_value_is_read_as_a_number_by_pythons_own_reader() -> None:
    broken = [
        module.at(node)
        for module in ours
        if module.name.startswith("webapp.web.")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.keyword)
        and node.arg == "type"
        and isinstance(node.value, ast.Name)
        and node.value.id in {"int", "float"}
    ]
    assert not broken, told(broken, "Use whole_number(), row_number() or decimal_number().")


def test_times_of_day_are_read_in_one_place() -> None:
    broken = [
        module.at(call)
        for module in ours
        if module.name not in READERS
        for call in module.calls("time.fromisoformat", "strptime")
    ]
    assert not broken, told(
        broken, "Read it with webapp.times before it is stored, and keep the minute."
    )
