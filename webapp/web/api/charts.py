"""`GET /clients/{ref}/chart`: one client's whole timeline."""

from typing import Any

from webapp import clock
from webapp.care.people import Kind
from webapp.web import chart
from webapp.web.api.care_teams import ClientPath
from webapp.web.api.contract import lookups, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import Answer, Instant
from webapp.web.chart import Chart, Entry
from webapp.web.unit import database, store

PEOPLE = ("person", "owner", "supervisor", "spoke", "recipient", "counselor", "coordinator")


class EntryOut(Answer):
    at: Instant
    what: str
    by: str | None
    session: str | None
    detail: dict[str, Any]


class ChartOut(Answer):
    client: str
    entries: list[EntryOut]


@call("GET", "/clients/<client>/chart", scope="read", answers={200: ChartOut}, tag="Care")
def get_chart(path: ClientPath):  # type: ignore[no-untyped-def]
    """Every miss, message, step, answer and decision, oldest first. `what` is an event's tag or a rung of the ladder.

    Each reading is written down and shown to the client.
    """
    client = lookups.person(path.client, Kind.CLIENT)
    found = chart.of(store, client)
    told = {"client": client.ref, "entries": [_told(entry, found) for entry in found.entries]}
    store.close()  # all is read; the trace is a unit of work of its own, kept before anything is given out
    with database.writing() as writing:
        chart.looked_at(writing, client, by=tokens.actor().id, now=clock.now())
        writing.commit()
    return told


def _told(entry: Entry, found: Chart) -> dict[str, Any]:
    by, session = found.people.get(entry.by or 0), found.sessions.get(entry.session or 0)
    people = {
        name: ref.ref
        for name in PEOPLE
        if name in entry.detail and (ref := found.people.get(entry.detail[name]))
    }
    return {
        "at": entry.at.isoformat(), "what": entry.what, "by": by and by.ref,
        "session": session and session.ref, "detail": entry.detail | people,
    }  # fmt: skip
