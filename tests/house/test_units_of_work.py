"""House rule 4: verbs live in care/, take `by=` and `now=`, never commit; one module reads the clock."""

import ast

from tests.house.reading import Function, Module, modules, told, written

MAY_COMMIT = (
    "webapp.web",
    "webapp.worker",
    "webapp.demo",
    "webapp.cli",
    "webapp.batches",
    "webapp.notify.delivery.deliver",
    "webapp.db",
)
"""db.py holds the unit of work itself, batches.py the transactions of chores that work on many rows."""

READS_TIME = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}
CLOCKS = {"datetime", "datetime.datetime", "date", "datetime.date", "time"}
WRITES = {
    "store.add",
    "store.add_all",
    "store.delete",
    "insert_many",
    "insert_missing",
    "events.record",
}

everything = modules()


def opens_its_own(function: Function) -> bool:
    """A chore: it takes the database and opens units of work, so it must end them too."""
    return any(
        isinstance(node, ast.With)
        and "database.writing()" in [ast.unparse(item.context_expr) for item in node.items]
        for node in ast.walk(function)
    )


def test_only_the_edges_commit() -> None:
    broken = []
    for module in everything:
        if module.name.startswith(MAY_COMMIT):
            continue
        chores = {
            id(node)
            for chore in module.functions
            if opens_its_own(chore)
            for node in ast.walk(chore)
        }
        broken += [module.at(call) for call in module.calls("commit") if id(call) not in chores]
    assert not broken, told(
        broken,
        "Let the caller commit: a verb joins the transaction it is given. Only chores that open `database.writing()`"
        f" themselves commit, and: {', '.join(MAY_COMMIT)}",
    )


def test_only_clock_reads_the_time() -> None:
    broken = []
    for module in everything:
        if module.name == "webapp.clock":
            continue
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in READS_TIME
                and written(node.value) in CLOCKS
            ):
                broken.append(f"{module.at(node)} {written(node)}")
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                names = READS_TIME & {alias.name for alias in node.names}
                broken += [f"{module.at(node)} from time import {name}" for name in names]
    assert not broken, told(
        broken, "Take the instant as `now=`; at the edge it comes from `clock.now()`."
    )


def writes(function: Function) -> bool:
    return any(
        isinstance(node, ast.Call)
        and (written(node.func) in WRITES or written(node.func) == "record")
        for node in ast.walk(function)
    )


def verbs() -> list[tuple[Module, Function]]:
    return [
        (module, function)
        for module in everything
        if module.name.startswith("webapp.care.")
        for function in module.functions
        if not function.name.startswith("_") and writes(function)
    ]


def test_there_are_verbs() -> None:
    assert len(verbs()) > 10, (
        "The rule about verbs finds none: has care/ changed its way of writing?"
    )


NO_ACTOR = {"record", "seal", "beat", "unfold", "forget", "ask", "sign_in"}
"""The chain itself, what the system does for nobody in particular, and the door (a question for a passkey, signing in): who
that is turns out there."""


def test_every_verb_says_who_and_when() -> None:
    broken = []
    for module, function in verbs():
        asked = {argument.arg for argument in function.args.kwonlyargs}
        missing = {"by", "now"} - asked
        if missing and function.name not in NO_ACTOR:
            broken.append(
                f"{module.at(function)} {function.name} lacks {', '.join(sorted(missing))}"
            )
    assert not broken, told(
        broken,
        "A verb takes keyword-only `by` (a Person, or None: the system) and `now` (an aware instant).",
    )


def test_log_lines_have_fixed_words() -> None:
    broken = [
        module.at(call)
        for module in everything
        for call in module.calls(
            "log.debug", "log.info", "log.warning", "log.error", "log.exception", "log.critical"
        )
        if call.args
        and not (isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str))
    ]
    assert not broken, told(
        broken,
        "The event of a log line is a literal; what varies goes beside it as opaque ids (S13).",
    )
