"""A dictionary says one thing about a key. ruff finds repeated literals and names (F601, F602), but not members such as `Tag.X`."""

import ast
from collections import Counter

from tests.house.reading import modules, told


def repeated(tree: ast.AST) -> list[tuple[ast.Dict, str]]:
    """Constant keys that stand twice in one dictionary: literals, names and members of names, and tuples of them."""
    return [
        (node, key)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, many in Counter(ast.unparse(key) for key in node.keys if constant(key)).items()
        if many > 1
    ]


def constant(key: ast.expr | None) -> bool:
    if isinstance(key, ast.Tuple):
        return all(constant(each) for each in key.elts)
    return isinstance(key, ast.Constant | ast.Name) or (
        isinstance(key, ast.Attribute) and constant(key.value)
    )


def test_no_dictionary_has_the_same_key_twice() -> None:
    broken = [
        f"{module.at(node)} {key}"
        for folder in ("webapp", "tests")
        for module in modules(folder)
        for node, key in repeated(module.tree)
    ]
    assert not broken, told(broken, "The later one silently wins: decide which one is meant.")


def test_a_key_that_stands_twice_is_found() -> None:
    written = (
        '{Tag.A: 1, "a": 2, ("a", Tag.A): 3, **more, Tag.A: 4, ("a", Tag.A): 5, f(): 6, f(): 7}'
    )
    assert [key for _, key in repeated(ast.parse(written))] == ["Tag.A", "('a', Tag.A)"]
