"""What planning a session or a series does to others, as its answer says it: what it takes away, and what overlaps it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from webapp.care.directory.people import Person
from webapp.care.make_ups import lost_places
from webapp.care.schedule import planning
from webapp.care.schedule.planning import Times
from webapp.web.api.contract import tokens
from webapp.web.api.contract.shapes import Instant, Query, ResponseBody
from webapp.web.page.unit_of_work import store

MOST = 200
"""Rows of either list in one answer."""


class DryRun(Query):
    dry_run: bool = Field(False, description="Answer what would become of it, and change nothing")


class TakenAwayOut(ResponseBody):
    client: str
    places: int = Field(description="Places in coming sessions that the client had")
    absence_reports: int = Field(description="Of these, reported absences")
    make_ups: int = Field(description="Of these, booked to make up for another session")


class OverlapOut(ResponseBody):
    person: str
    session: str
    starts_at: Instant
    ends_at: Instant


class Effects(ResponseBody):
    taken_away: list[TakenAwayOut] = Field(
        description=f"Whom this change costs what; the first {MOST}"
    )
    overlaps: list[OverlapOut] = Field(
        description=f"What its host and clients have at the same time already; the first {MOST}"
    )


def of(
    people: Iterable[Person], times: Sequence[Times], own: Collection[int], now: datetime
) -> dict[str, Any]:
    """The effects of what was planned at `now`: `people` have a place in or host these `times`, of the sessions `own` (ids)."""
    lost = lost_places.taken_away(store, tokens.program_id(), now)
    overlaps = planning.overlaps(store, people, times, but=own)
    return {
        "taken_away": [
            {
                "client": each.client.ref, "places": each.places, "absence_reports": each.reports,
                "make_ups": each.make_ups,
            }
            for each in lost[:MOST]
        ],
        "overlaps": [
            {
                "person": who.ref, "session": session.ref,
                "starts_at": session.starts_at.isoformat(), "ends_at": session.ends_at.isoformat(),
            }
            for who, session in overlaps[:MOST]
        ],
    }  # fmt: skip
