"""House rule 1: imports run one way, at every depth of the folders, and never in a circle."""

import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.reading import Module, modules, names_of_modules, told

ORDER: dict[str, list[set[str]]] = {
    "webapp": [
        {"batches", "bulk", "clock", "config", "crypto", "db", "embedded", "log", "migrations", "refusals", "times"}
        | {"languages", "names", "numbers", "turns"},
        {"care"},
        {"operations"},
        {"protocol"},
        {"notify"},
        {"web", "worker", "demo"},
        {"cli"},
    ],
    "webapp.care": [
        {"audit"},
        {"directory"},
        {"schedule"},
        {"attendance", "materials"},
        {"contact"},
        {"preferences", "accounts"},
        {"make_ups"},
        {"catch_up"},
        {"couples"},
        {"privacy"},
        {"leaving"},
    ],
    "webapp.protocol": [{"ladder"}, {"facts"}, {"engine", "reports"}],
    "webapp.notify": [
        {"kinds", "text_answers"}, {"outbox", "answers"}, {"channels", "disclosures", "replies"}, {"announcing"},
        {"delivery"},
    ],
    "webapp.web": [
        {"page"},
        {"account_changes", "chart", "csp_reports", "drafts", "feeds", "pwa", "sign_in", "threads"},
        {"account", "client", "staff", "api"},
        {"wiring"},
    ],
}  # fmt: skip
"""What stands in these folders, lowest first: each may use what stands below it, and nothing on its own level. Only the
lowest level of webapp, the ground, may use itself."""

PURE = {
    "webapp.protocol.ladder.rungs": {"webapp.care.directory.policy", "webapp.care.attendance.standing", "webapp.refusals"},
    "webapp.protocol.ladder.ladder": {
        "webapp.care.directory.policy",
        "webapp.care.attendance.standing",
        "webapp.protocol.ladder.rungs",
        "webapp.times",
    },
    "webapp.protocol.ladder.late_facts": {
        "webapp.care.attendance.standing",
        "webapp.protocol.ladder.ladder",
    },
    "webapp.protocol.ladder.patterns": {
        "webapp.care.attendance.standing",
        "webapp.care.directory.policy",
    },
    "webapp.care.attendance.standing": {"webapp.care.directory.policy", "webapp.care.attendance.tally"},
    "webapp.care.directory.policy": {"pydantic", "pydantic_core", "webapp.refusals", "webapp.times"},
    "webapp.times": set[str](),
    "webapp.care.attendance.tally": set[str](),
    "webapp.refusals": set[str](),
}  # fmt: skip
"""Pure modules, and the pure ones they may use besides the standard library."""

everything = modules()


def folders() -> list[str]:
    """Every package below and including webapp."""
    return sorted(
        {"webapp"} | {name.rpartition(".")[0] for name in names_of_modules() if "." in name}
    )


def children_of(folder: str) -> dict[str, list[tuple[str, str, str]]]:
    """Each module or folder directly inside `folder` with what it imports of the others: (other, place, full name)."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    start = f"{folder}."
    for module in everything:
        if not module.name.startswith(start):
            continue
        here = module.name.removeprefix(start).split(".")[0]
        uses = found.setdefault(here, [])
        for used in module.imports:
            if not used.name.startswith(start):
                continue
            there = used.name.removeprefix(start).split(".")[0]
            if there != here:
                uses.append((there, f"{module.place}:{used.line}", used.name))
    return found


@pytest.mark.parametrize("folder", folders())
def test_nothing_inside_a_folder_goes_round_in_a_circle(folder: str) -> None:
    uses = {name: {there for there, _, _ in taken} for name, taken in children_of(folder).items()}
    try:
        circle = list(TopologicalSorter(uses).static_order())[:0]
    except CycleError as error:
        circle = error.args[1]
    assert not circle, told(
        [f"{folder}: {' → '.join(circle)}"], "Move what two share into a module below both."
    )


@pytest.mark.parametrize("folder", ORDER)
def test_imports_run_downwards(folder: str) -> None:
    level = {name: height for height, names in enumerate(ORDER[folder]) for name in names}
    ground = folder == "webapp"
    broken = [
        f"{place} imports {used}"
        for here, taken in children_of(folder).items()
        for there, place, used in taken
        if level[there] > level[here]
        or (level[there] == level[here] and not (ground and level[here] == 0))
    ]
    order = " → ".join(" | ".join(sorted(names)) for names in ORDER[folder])
    assert not broken, told(
        broken,
        f"Inside {folder} imports run one way: {order}. Move what is needed down, or pass it in as an argument.",
    )


@pytest.mark.parametrize("folder", ORDER)
def test_the_order_names_everything_that_is_there_and_nothing_else(folder: str) -> None:
    listed = {name for names in ORDER[folder] for name in names}
    assert listed == set(children_of(folder)), (
        f"Give each a level in {__name__}.ORDER, as low as it can be."
    )


def test_the_practice_holds_folders_only_and_leaving() -> None:
    flat = {
        module.path.name
        for module in everything
        if module.path.parent.name == "care" and module.path.name != "__init__.py"
    }
    assert flat == {"leaving.py"}, "Each noun of the practice stands in the folder of its subject."


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_uses_only_the_standard_library(name: str) -> None:
    module = next((each for each in everything if each.name == name), None)
    assert module is not None, f"{name} is gone: take it out of {__name__}.PURE"
    broken = [
        f"{module.place}:{used.line} imports {used.name}"
        for used in module.imports
        if used.name.split(".")[0] not in sys.stdlib_module_names and used.name not in PURE[name]
    ]
    assert not broken, told(
        broken,
        f"{name} is pure, so that it can be tested with generated facts. Pass values in instead.",
    )


def imported_packages(module: Module) -> set[str]:
    own = {"webapp", "tests"}
    return {used.name.split(".")[0] for used in module.imports} - sys.stdlib_module_names - own
