"""Tests are held to rules too: nothing skipped, nothing slept through, nothing that asserts nothing."""

import ast

from tests.house.reading import Function, Module, modules, told, written

SKIPS = (
    "pytest.skip",
    "pytest.importorskip",
    "pytest.xfail",
    "mark.skip",
    "mark.skipif",
    "mark.xfail",
    "unittest.skip",
)
PROOFS = ("raises", "warns", "fail", "call_and_validate")

everything = modules("tests")


def test_nothing_is_skipped() -> None:
    broken = [
        f"{module.at(node)} {written(node)}"
        for module in everything
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and written(node).endswith(SKIPS)
    ]
    assert not broken, told(
        broken,
        "A missing part is an error with the remedy; a broken promise is a failing test. Nothing is skipped.",
    )


def test_nothing_is_slept_through() -> None:
    """A stand-in for somebody else's server may stall on purpose, a bench may pace itself; a test never waits blindly."""
    broken = [
        module.at(call)
        for module in everything
        for call in module.calls("time.sleep", "sleep", "wait_for_timeout")
        if module.path.name.startswith("test_")
        or not (module.place.startswith("tests/bench/") or written(call.func) == "asyncio.sleep")
    ]
    assert not broken, told(
        broken,
        "Wait for what is expected (a process, a socket, a row, an element) with a limit; or bend the clock.",
    )


def sentences_in(module: Module) -> list[Function]:
    return [function for function in module.functions if function.name.startswith("test_")]


def proves(function: Function, helpers: set[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = written(node.func).rpartition(".")[2]
            if (
                name in PROOFS
                or name in helpers
                or name.startswith(("assert_", "expect", "to_", "wait_for_"))
            ):
                return True
    return False


def test_every_test_proves_something() -> None:
    asserting = {
        function.name
        for module in everything
        for function in module.functions
        if any(isinstance(node, ast.Assert) for node in ast.walk(function))
    }
    broken = [
        f"{module.at(function)} {function.name}"
        for module in everything
        if module.path.name.startswith("test_")
        for function in sentences_in(module)
        if not proves(function, asserting)
    ]
    assert not broken, told(broken, "Assert what the sentence in the test's name says.")


def test_tests_read_as_sentences() -> None:
    broken = [
        f"{module.at(function)} {function.name}"
        for module in everything
        if module.path.name.startswith("test_")
        for function in sentences_in(module)
        if function.name.count("_") < 3
    ]
    assert not broken, told(
        broken, "Name a test by the sentence that it proves: test_a_late_join_closes_the_task."
    )


def test_no_test_is_hidden_by_another_of_its_name() -> None:
    broken = []
    for module in everything:
        seen: set[str] = set()
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                if node.name in seen:
                    broken.append(f"{module.at(node)} {node.name}")
                seen.add(node.name)
    assert not broken, told(
        broken, "Two tests of one name in one file: the first never runs. Rename one."
    )
