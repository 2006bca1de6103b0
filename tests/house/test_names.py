"""Names are terms of the field and never empty words."""

import ast
import re

from tests.house.reading import modules, told

EMPTY_WORDS = {
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "service",
    "services",
    "data",
    "info",
    "misc",
    "common",
}
EMPTY_STARTS = ("handle_", "process_")
FOREIGN = {"process_bind_param", "process_result_value", "service_worker"}
"""Names that a library or the web's own standards gave."""

everything = modules()


def test_no_module_has_an_empty_name() -> None:
    broken = [
        module.place
        for module in everything
        if EMPTY_WORDS & set(module.name.split(".")[-1].split("_"))
    ]
    assert not broken, told(
        broken, "Name it for what it holds: a plural noun of the practice, or a flow's verb."
    )


def test_no_function_or_class_has_an_empty_name() -> None:
    broken = [
        f"{module.at(node)} {node.name}"
        for module in everything
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.name not in FOREIGN
        and (
            node.name.startswith(EMPTY_STARTS)
            or EMPTY_WORDS
            & set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower()))
        )
    ]
    assert not broken, told(broken, "Say what it does or is, in a field term.")


def test_the_database_handle_is_called_store() -> None:
    broken = [
        f"{module.at(argument)} {argument.arg}"
        for module in everything
        for function in module.functions
        for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        if argument.annotation is not None
        and ast.unparse(argument.annotation).strip("'\"") in {"Store", "db.Store", "OrmSession"}
        and argument.arg not in {"store", "self"}
    ]
    assert not broken, told(
        broken, "A session is a therapy session here; the database handle is `store`."
    )


def test_flasks_cookie_session_is_touched_only_in_identity() -> None:
    broken = [
        module.at(node)
        for module in everything
        if module.name != "webapp.web.page.identity"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "flask"
        and any(alias.name == "session" for alias in node.names)
    ]
    assert not broken, told(broken, "Ask webapp/web/page/identity.py for what you need.")
