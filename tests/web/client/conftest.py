"""Maya's day: one room she has a seat in, planned ahead; her browser."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.visiting import Visit
from tests.web.client.browsing import chromium, place
from webapp.care.schedule.sessions import Seat
from webapp.demo import cast
from webapp.notify.delivery.action_tokens import ActionToken, ActionTokenSigner
from webapp.notify.kinds import ANSWERS

__all__ = ["chromium", "place"]
"""Fixtures of browsing.py."""


@pytest.fixture
def seat_in(store, world, clock) -> Callable[..., Seat]:
    """`seat_in(hours=26)`: Maya's seat in Carla's room that starts then (negative: started); `who` for somebody else's."""

    def made(who=None, ref=None, minutes_long=90, **ahead: float) -> Seat:
        now = clock.now()
        room = cast.open_room(
            store, world.carla, [who or world.maya], now + timedelta(**ahead),
            now=now - timedelta(days=30), minutes=minutes_long, ref=ref or f"room{sorted(ahead.items())}",
            title="Evening group",
        )  # fmt: skip
        room.join_url = "https://video.example.org/j/7"
        store.commit()
        return room.seats[0]

    return made


@pytest.fixture
def maya(visit, world) -> Visit:
    """Maya's phone, signed in."""
    return visit(world.maya)


@pytest.fixture
def button(settings, clock) -> Callable[..., str]:
    """`button(seat, Action.ABSENCE)`: where that notification button posts to, of a notice of this moment, good for an hour."""

    def made(seat: Seat, verb, person_id=None, until=None) -> str:
        ends = until or clock.now() + timedelta(hours=1)
        right = ActionToken(
            seat.id, verb, person_id or seat.client_id, ends.replace(microsecond=0),
            clock.now().replace(microsecond=0),
        )  # fmt: skip
        return ANSWERS + ActionTokenSigner(settings.secret_keys).sign(right)

    return made
