"""Each class name in webapp stands for one thing."""

import ast
from collections import defaultdict

from tests.house.reading import modules, told

MORE_THAN_ONE: dict[str, str] = {}
"""Class names that may stand more than once, each with the reason."""


def test_each_class_name_stands_for_one_thing() -> None:
    places = defaultdict(list)
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module.at(node))
    twice = [
        f"{name}: {', '.join(found)}"
        for name, found in sorted(places.items())
        if len(found) > 1 and name not in MORE_THAN_ONE
    ]
    assert not twice, told(
        twice, "Name each for what it holds, so that whoever reads the name knows which is meant."
    )


def test_every_exception_is_still_needed() -> None:
    names = [
        node.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    ]
    unneeded = [name for name in MORE_THAN_ONE if names.count(name) < 2]
    assert not unneeded, told(unneeded, "It stands once by now: take it off the list.")
