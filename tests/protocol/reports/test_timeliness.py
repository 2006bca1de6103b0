"""Timeliness: every rung of every missed seat was taken on time, or the report says why not."""

from datetime import timedelta
from typing import Any

import pytest

from tests.protocol.engine.test_engine import CLIMB, SIX
from tests.protocol.rooms import Evening, evening
from webapp.bulk import rows
from webapp.db import Database, Store
from webapp.protocol.facts.picture import SeatRow
from webapp.protocol.ladder.rungs import LADDER, State
from webapp.protocol.reports.timeliness import Proof, missed, proofs, summary

DAY = timedelta(days=1)


@pytest.fixture
def group(database: Database, store: Store, world: Any) -> Evening:
    night = evening(database, store, world, SIX)
    night.walk(-1440, -60, -10, 5)
    night.sees(world.maya, 7)
    night.walk(23, 60)
    return night


def proven(group: Evening, client: Any, minutes: float = 90) -> dict[str, Proof]:
    seat = group.seat(client)
    row = SeatRow(seat.id, seat.session_id, seat.client_id, seat.given_at)
    return {proof.rung: proof for proof in proofs(group.store, [row], group.at(minutes))}


def test_every_rung_is_proven_with_its_instants_or_the_reason(group: Evening) -> None:
    found = proven(group, group.world.gus)
    assert list(found) == [line.rung.value for line in LADDER]
    assert found["first_check"].lateness == timedelta(0)
    assert found["second_check"].lateness == timedelta(minutes=3)
    assert (found["escalation"].state, found["escalation"].why) == (
        State.NOT_NEEDED,
        "too_few_misses",
    )


def test_a_rung_that_a_join_made_unnecessary_says_so(group: Evening) -> None:
    found = proven(group, group.world.maya)
    assert found["first_check"].taken_at == group.at(5)
    assert {found[rung].why for rung in ("second_check", "outreach")} == {"joined"}


def test_the_misses_of_a_period_are_listed_and_counted(group: Evening) -> None:
    program = group.world.harbor.id
    seats = rows(group.store, missed(program, SIX - DAY, SIX + DAY))
    assert [row.client_id for row in seats] == [group.world.gus.id]
    assert rows(group.store, missed(program, SIX + DAY, SIX + 2 * DAY)) == []
    kept = {one.rung: one for one in summary(group.store, program, SIX - DAY, SIX + DAY)}
    assert (kept["first_check"].taken, kept["first_check"].on_time) == (2, 2)
    assert (kept["second_check"].on_time, kept["second_check"].latest) == (0, timedelta(minutes=3))


def test_a_step_that_expired_is_counted_as_not_taken(
    database: Database, store: Store, world: Any
) -> None:
    night = evening(database, store, world, SIX)
    night.walk(*CLIMB[:3], 400)
    kept = {one.rung: one for one in summary(store, world.harbor.id, SIX - DAY, SIX + DAY)}
    assert (kept["first_check"].taken, kept["first_check"].not_taken) == (0, 2)
    assert proven(night, world.gus, 400)["first_check"].why == "expired"
