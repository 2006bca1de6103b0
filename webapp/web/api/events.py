"""`GET /events`: the program's event feed."""

from typing import Any

from pydantic import Field
from sqlalchemy import Select, select

from webapp.care.audit import events as chain
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Session
from webapp.web.api.contract import paging, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.paging import Page
from webapp.web.api.contract.shapes import Id, Instant, ResponseBody
from webapp.web.page.unit_of_work import store

PEOPLE = ("person", "owner", "supervisor", "counselor", "coordinator", "recipient")
"""Fields of events that hold a person's id; shown as references."""


def _described(tag: Tag) -> str:
    fields = f" ({', '.join(sorted(tag.fields))})" if tag.fields else ""
    return f"- `{tag}`{fields}: {tag.meaning}"


class EventOut(ResponseBody):
    id: Id
    tag: str = Field(
        description="\n".join(
            ["What happened (the `fields` that say more):\n", *map(_described, Tag)]
        )
    )
    at: Instant
    by: str | None
    client: str | None
    session: str | None
    seat: int | None
    task: int | None
    fields: dict[str, Any]


class EventList(ResponseBody):
    items: list[EventOut]
    next: int | None


@call("GET", "/events", scope="read", responses={200: EventList}, tag="Events")
def get_events(query: Page):  # type: ignore[no-untyped-def]
    """The program's events in order, each at least once. Read on from the last `id` you have: `?after=`."""
    rows = store.scalars(chain.since(tokens.program_id(), query.after, query.limit + 1)).all()
    page, after = paging.cut(rows, query.limit, lambda event: event.id)
    return paging.paged(shown(list(page)), after)


def shown(events: list[Event]) -> list[dict[str, Any]]:
    """Events with references in place of ids: two statements for any number."""
    fields = [event.fields for event in events]
    people = {event.by_id for event in events} | {event.client_id for event in events}
    people |= {one[name] for one in fields for name in PEOPLE if isinstance(one.get(name), int)}
    refs = _refs(select(Person.id, Person.ref).where(Person.id.in_(people)))
    wanted = {event.session_id for event in events}
    sessions = _refs(select(Session.id, Session.ref).where(Session.id.in_(wanted)))
    return [
        {
            "id": event.id, "tag": event.tag, "at": event.at.isoformat(), "by": refs.get(event.by_id),
            "client": refs.get(event.client_id), "session": sessions.get(event.session_id),
            "seat": event.seat_id, "task": event.task_id,
            "fields": one | {name: refs.get(one[name]) for name in PEOPLE if name in one},
        }
        for event, one in zip(events, fields, strict=True)
    ]  # fmt: skip


def _refs(rows: Select[int, str]) -> dict[int | None, str]:
    return {row[0]: row[1] for row in store.execute(rows)}
