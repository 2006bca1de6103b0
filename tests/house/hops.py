"""`python -m tests.house.hops`: the modules that bookings and an absence report walk through, for the eye. It fails nobody.

Requests are sent through the test client and every call of a Python function is watched (`sys.setprofile`), from the first of
the page's own module to the commit. Left out are ground (modules that lie directly in `webapp/`, and `webapp/crypto`),
`web/page`, which every request uses, with the rate limits that it counts acts against, and properties, which only name what a
row says. House rule 2 asks for few modules and little going back and forth.
"""

import inspect
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from types import CodeType, FrameType

from rich.console import Console
from rich.table import Table
from sqlalchemy import event
from sqlalchemy.ext.hybrid import hybrid_property

from tests.care.evenings import missed, room
from tests.databases import lay_schema, opened
from tests.visiting import Visit
from webapp import clock, create_app
from webapp.config import Settings
from webapp.db import Store
from webapp.demo import cast

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LEFT_OUT = ("webapp.web.page.", "webapp.crypto.", "webapp.operations.rate_limits.")
PAGES = "webapp.web.client."


class Walk:
    """The modules of webapp in which functions are called, in the order of the calls; calls in a row in one count once."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.committed = False

    def watch(self, frame: FrameType, event: str, _result: object) -> None:
        """What `sys.setprofile` calls."""
        module = frame.f_globals.get("__name__", "")
        if event != "call" or self.committed or not counts(module):
            return
        begun = self.steps or module.startswith(PAGES)
        if begun and self.steps[-1:] != [module] and not is_property(module, frame.f_code):
            self.steps.append(module)

    def end(self, _store: Store) -> None:
        """What is committed ends the walk; the guard's commit, before the page's own code, does not."""
        self.committed = bool(self.steps)

    @property
    def modules(self) -> list[str]:
        """Each module once, in the order in which the request first comes to it."""
        return list(dict.fromkeys(self.steps))

    @property
    def returns(self) -> int:
        """How often the request comes to a module again that it had left for another."""
        return len(self.steps) - len(self.modules)


@cache
def counts(module: str) -> bool:
    """Whether a module is one of webapp's, and neither ground nor part of every page."""
    in_a_folder = module.startswith("webapp.") and module.count(".") > 1
    return in_a_folder and not f"{module}.".startswith(LEFT_OUT)


@cache
def is_property(module: str, code: CodeType) -> bool:
    """Whether a function is read as an attribute of its class."""
    function = code.co_qualname.partition(".<locals>")[0]  # whose comprehension this may be
    owner, _dot, name = function.rpartition(".")
    found = inspect.getattr_static(getattr(sys.modules[module], owner, None), name, None)
    return isinstance(found, property | cached_property | hybrid_property)


def watched(request: Callable[[], None]) -> Walk:
    """What the request that is sent by a call of `request` walks through."""
    walk = Walk()
    event.listen(Store, "after_commit", walk.end)
    sys.setprofile(walk.watch)
    try:
        request()
    finally:
        sys.setprofile(None)
        event.remove(Store, "after_commit", walk.end)
    return walk


def walks() -> dict[str, Walk]:
    """What Maya's requests walk through, on an embedded database of their own. Gus sends the same before her, so that
    statements are compiled and policies read."""
    with tempfile.TemporaryDirectory() as name, clock.running_from(NOW):
        folder = Path(name)
        database = opened(f"sqlite:///{folder / 'hops.db'}")
        lay_schema(database)
        with database.writing() as store:
            world = cast.plant(store, now=NOW)
            slots = [
                room(
                    store, world.colin, [], NOW + days * DAY, NOW, title="Skills", makes_up=("group",)
                ).id
                for days in (2, 3)
            ]  # fmt: skip
            coming = room(
                store, world.carla, [world.gus, world.maya], NOW + DAY, NOW, title="Group"
            )
            requests = [
                (seat.client_id, seat.id, missed(store, world.carla, seat.client, NOW, ref=ref).id)
                for ref, seat in zip(("first", "second"), coming.seats, strict=True)
            ]
            store.commit()
        app = create_app(Settings.load({"REJOIN_SECRET_KEYS": "0" * 64}, folder), database)
        app.testing = True
        for person, seat, gone in requests:
            visit = Visit(app, person)
            found: dict[str, Walk] = {}
            for what, path, form in (
                ("an absence report", f"/seats/{seat}/absence", {}),
                ("a booking, right after it", f"/seats/{seat}/make-ups", {"session": slots[0]}),
                (
                    "a booking for a missed session",
                    f"/seats/{gone}/make-ups",
                    {"session": slots[1]},
                ),
            ):
                visit.csrf_token()
                found[what] = watched(partial(send, visit, path, form))
        database.dispose()
    return found


def send(visit: Visit, path: str, form: dict[str, int]) -> None:
    """Send a form that is accepted."""
    answer = visit.post(path, form)
    assert answer.status_code == 303, answer.text


def main() -> None:
    console = Console()
    for what, walk in walks().items():
        title = f"{what}: {len(walk.modules)} modules, {walk.returns} returns"
        table = Table(title=title, title_justify="left", show_header=False, box=None)
        for module in walk.modules:
            table.add_row(str(walk.steps.count(module)), module.removeprefix("webapp."))
        console.print(table)


if __name__ == "__main__":
    main()
