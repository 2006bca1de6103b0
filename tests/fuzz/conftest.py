"""How many requests, and in how many parts: a small slice with the other tests, 100,000 with `make fuzz`."""

import os
from typing import Any

import pytest

from tests.databases import Databases
from tests.web.matrix import plant_doors

REQUESTS = int(os.environ.get("FUZZ_REQUESTS") or 800)
"""Of all tests here together, on both databases."""
PAGES, CALLS = 0.2, 0.3
"""The share of them that forms get on each database, and calls of the API."""
SEED = int(os.environ.get("FUZZ_SEED") or 1)
PART = 1500
"""Requests of one test at most, so that several processes share a long run and say how far they have come."""


def parts(share: float) -> Any:
    """Mark a test to be run in parts: `part` is its number, and with SEED what its dice begin with."""
    whole = max(1, round(REQUESTS * share / PART))
    return pytest.mark.parametrize("part", range(whole))


def size(share: float) -> int:
    """Requests of one part."""
    return round(REQUESTS * share / max(1, round(REQUESTS * share / PART)))


@pytest.fixture
def database(engine, databases: Databases, clock):
    with databases.borrowed(engine, plant_doors) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases: Databases):
    return databases.planted(engine, plant_doors)[1]
