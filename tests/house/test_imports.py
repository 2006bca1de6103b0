"""House rule 1: imports run one way."""

import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.reading import Module, modules, told

FLOORS = [
    {
        "bulk",
        "clock",
        "config",
        "db",
        "embedded",
        "keyring",
        "keys",
        "log",
        "refusals",
        "sealed",
        "spellings",
        "migrations",
    },
    {"care"},
    {"protocol"},
    {"notify"},
    {"web", "worker", "demo"},
    {"cli"},
    {"webapp"},
]
"""From the ground up. A room may use the floors below it; on its own floor only itself, but for the ground floor."""

ROOMS = {
    "care": [
        "events", "people", "teams", "consents", "sessions", "planning", "presence", "absences", "standing", "tasks", "makeups",
        "catchup", "messages", "checkins", "board", "coverage", "plans", "access",
    ],
    "protocol": ["ladder", "facts", "engine", "patterns", "timeliness"],
    "notify": ["outbox", "channels", "wording", "deliver"],
}  # fmt: skip
"""The best-known modules of these rooms, in the order in which they may build on one another."""

PURE = {
    "webapp.protocol.rungs": {"webapp.care.policy", "webapp.care.standing", "webapp.refusals"},
    "webapp.protocol.ladder": {
        "webapp.care.policy",
        "webapp.care.standing",
        "webapp.protocol.rungs",
    },
    "webapp.care.standing": {"webapp.care.policy", "webapp.care.minutes"},
    "webapp.care.policy": {"webapp.care.durations", "webapp.refusals"},
    "webapp.care.durations": set[str](),
    "webapp.care.minutes": set[str](),
    "webapp.refusals": set[str](),
}
"""Pure modules, and the pure ones they may use besides the standard library."""

everything = modules()


def floor_of(name: str) -> int:
    room = name.split(".")[1] if "." in name else "webapp"
    for floor, rooms in enumerate(FLOORS):
        if room in rooms:
            return floor
    raise AssertionError(
        f"\n{name} stands on no floor. Give it one in {__name__}.FLOORS, as low as it can be."
    )


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_a_room_uses_only_the_floors_below_it() -> None:
    broken = []
    for module in everything:
        for used in module.imports:
            if not used.name.startswith("webapp") or room_of(used.name) == room_of(module.name):
                continue
            here, there = floor_of(module.name), floor_of(used.name)
            if there > here or (there == here and here > 0):
                broken.append(f"{module.place}:{used.line} imports {used.name}")
    assert not broken, told(
        broken,
        "Imports run one way: ground → care → protocol → notify → web | worker | demo → cli → create_app."
        " Move what is needed down, or pass it in as an argument.",
    )


def inside(room: str) -> dict[str, set[str]]:
    """Which module of a room uses which others of it."""
    return {
        module.name.split(".")[2]: {
            used.name.split(".")[2]
            for used in module.imports
            if used.name.startswith(f"webapp.{room}.")
        }
        for module in everything
        if module.name.startswith(f"webapp.{room}.") and module.name.count(".") == 2
    }


@pytest.mark.parametrize("room", ROOMS)
def test_inside_a_room_nothing_goes_round_in_a_circle(room: str) -> None:
    uses = {name: others - {name} for name, others in inside(room).items()}
    try:
        order = list(TopologicalSorter(uses).static_order())
    except CycleError as circle:
        order = []
        path = " → ".join(circle.args[1])
        raise AssertionError(
            f"\nwebapp/{room}: {path}\n\nMove what two modules share into one below both."
        ) from circle
    assert order, f"webapp/{room} is empty"


@pytest.mark.parametrize("room", ROOMS)
def test_inside_a_room_imports_run_downwards(room: str) -> None:
    uses = inside(room)
    listed = [name for name in ROOMS[room] if name in uses]
    broken = [
        f"webapp/{room}/{below}.py uses {above}, which stands above it"
        for position, below in enumerate(listed)
        for above in listed[position + 1 :]
        if above in uses[below]
    ]
    assert not broken, told(
        broken, "Turn the dependency round, or move the shared part into a module below both."
    )


def test_client_staff_and_api_know_nothing_of_one_another() -> None:
    sides = ["webapp.web.client", "webapp.web.staff", "webapp.web.api", "webapp.web.account"]
    broken = [
        f"{module.place}:{used.line} imports {used.name}"
        for module in everything
        for side in sides
        if module.name.startswith(side)
        for used in module.imports
        if any(used.name.startswith(other) for other in sides if other != side)
    ]
    assert not broken, told(broken, "Move what they share into webapp/web/ or into care/.")


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
