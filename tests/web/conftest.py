"""Fixtures for pages of both sides: a room to make up in, and missed sessions."""

import pytest

from tests.care.evenings import missed, room


@pytest.fixture
def slot(store, world, clock):
    """`slot(DAY)`: a room of Colin's then, in which a group can be made up for."""

    def made(after, title="Skills", host=None, clients=(), makes_up=("group",), **more):
        planned = room(
            store, host or world.colin, list(clients), clock.now() + after, clock.now(),
            title=title, makes_up=makes_up, **more,
        )  # fmt: skip
        store.commit()
        return planned

    return made


@pytest.fixture
def gone(store, world, clock):
    """Maya's seat in a group that is over since a day, in which nobody saw her."""
    seat = missed(store, world.carla, world.maya, clock.now())
    store.commit()
    return seat
