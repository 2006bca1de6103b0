"""P11: to somebody without a consent, two worlds that differ in one fact about somebody else are the same, to the byte.

`WORLDS_EXAMPLES=1000 [WORLDS_SEED=7] pytest tests/web/test_worlds.py`; a few of them run with the other tests.
"""

import os
import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.care.evenings import DAY, HOUR, shares
from tests.conftest import THAT_DAY
from tests.house.reading import told
from tests.web.worlds import (
    FACTS,
    FETCHED,
    LEFT_OUT,
    PAIRS,
    TRIED,
    Fact,
    Seen,
    World,
    beside,
    differences,
    plant_worlds,
    routes,
    stopped,
)
from webapp.care.contact import messages
from webapp.care.privacy.consents import Category

EXAMPLES = int(os.environ.get("WORLDS_EXAMPLES") or 6)
"""On each database."""
SEED = int(os.environ.get("WORLDS_SEED") or 1)
FETCHES, TRIES = 35, 8
LATER = (timedelta(minutes=1), 4 * HOUR, 27 * HOUR, 3 * DAY)
"""When the viewer looks, counted from the fact."""
UNFOLDING = (Category.MISSED_SESSION, Category.HOURS)
"""What becomes known as time passes, so that a quiet week of it is compared in tests/web/client/test_together.py."""

lasting = settings(
    max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.fixture
def database(engine, databases):
    with databases.borrowed(engine, plant_worlds) as borrowed:
        yield borrowed


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    """A new page is a new way to learn of somebody: say how it is looked at here, or why nobody's care shows there."""
    there, known = set(routes(app)), {*FETCHED, *TRIED, *LEFT_OUT}
    remedy = "Give it a row in FETCHED, TRIED or LEFT_OUT of tests/web/worlds.py."
    assert not there - known, told(sorted(there - known), remedy)
    assert not known - there, told(sorted(known - there), "The route is gone: take its row out.")


def lived(app: Flask, database: Any, number: int, fact: Fact, pair: str, *, with_it: bool) -> Seen:
    """One of the two worlds, and what its viewer sees."""
    dice = random.Random(f"{SEED} {number} life")
    nested = database.readers.begin_nested()
    world = World(app, database, pair, THAT_DAY + timedelta(minutes=dice.randrange(90)))
    try:
        seen: Seen = []
        shared = [each for each in Category if dice.random() < 0.3 and not {each} & fact.covered]
        shared = [each for each in shared if not (fact.ends and each in UNFOLDING)]
        before, after = (dice.sample(beside(fact), dice.randrange(3)) for _ in range(2))
        if fact.ends and shared:  # what happens to the other afterwards is what no longer shows
            after = [each for each in after if each[0].startswith("viewer")]
        with stopped(world.now):
            for category in shared if pair in ("partner", "supporter") else ():
                world.act(lambda s, c=category: shares(s.store, s.about, s.viewer, c, s.now))
            for _name, act in before:
                world.act(act)
            world.walk()
            world.act(fact.first)
        world.pass_by(dice.choice((timedelta(minutes=1), 2 * HOUR)))
        with stopped(world.now):
            world.act(fact.b if with_it else fact.a)
            for name, act in after:
                came = world.act(act)
                seen += [(name, came)] if name.startswith("viewer") else []
            world.walk()
        world.pass_by(dice.choice(LATER))
        with stopped(world.now):
            seen += world.look(dice, FETCHES, TRIES)
        ended = fact.ends and shared
        return seen + [each for each in world.received if not (ended and each[0].startswith("shared"))]  # fmt: skip
    finally:
        world.courier.close()
        if nested.is_active:
            nested.rollback()


def compared(app: Flask, database: Any, number: int, fact: Fact, pair: str) -> list[str]:
    one, other = (lived(app, database, number, fact, pair, with_it=each) for each in (False, True))
    return list(differences(one, other))


def test_two_worlds_that_differ_in_one_fact_look_the_same(app: Flask, database: Any) -> None:
    @lasting
    @given(st.integers(0, 2**32))
    def example(number: int) -> None:
        dice = random.Random(f"{SEED} {number}")
        fact = dice.choice(FACTS)
        pair = "partner" if dice.random() < 0.6 else dice.choice(sorted(PAIRS))
        pair = pair if pair in fact.pairs else dice.choice(sorted(fact.pairs))
        found = compared(app, database, number, fact, pair)
        assert not found, told(found, f"{pair}: {fact.name} ({number})")

    example()


def test_what_does_show_is_noticed_here(app: Flask, database: Any) -> None:
    """The property can fail: what is written to the viewer shows on pages, in notices and in counts of statements."""
    written = Fact(
        "the viewer is written to",
        lambda s: messages.send(s.store, s.viewer, "Hello", by=s.cast.colin, now=s.now),
    )
    found = ""
    for number in range(20):  # an example opens only some of the pages
        found += "".join(compared(app, database, number, written, "partner"))
        if "client.messages" in found and "notice" in found:
            break
    assert "client.messages" in found
    assert "notice" in found
