"""`PUT /sessions/{ref}/summary`, `PUT /homework/{ref}`, `PUT /resources/{ref}`: materials that clients catch up with."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from webapp import clock
from webapp.care.directory.people import Kind, Person
from webapp.care.materials import drafts, homework, resources, summaries
from webapp.care.materials.resources import ResourceKind
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Session
from webapp.web.api.contract import lookups, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import (
    REF,
    Instant,
    Minutes,
    Name,
    OneOf,
    Ref,
    RequestBody,
    ResponseBody,
    Text,
)  # fmt: skip
from webapp.web.api.sessions import SessionRef
from webapp.web.page import markdown
from webapp.web.page.unit_of_work import store

EVERYONE = "everyone"
MOST_READERS = 1000


def _readers(value: Any) -> Any:
    """None for `everyone`, or the list of clients."""
    if value == EVERYONE:
        return None
    if not isinstance(value, list) or not value:
        raise ValueError('Write "everyone", or a list of clients.')
    return value


Readers = Annotated[
    list[Ref] | None,
    Field(max_length=MOST_READERS),
    BeforeValidator(_readers),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "const": EVERYONE},
                {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_READERS,
                    "items": {"type": "string", "pattern": REF, "maxLength": 120},
                },
            ],
            "description": "Everyone with a place in the session (without a session: in the program), or these clients",
        }  # fmt: skip
    ),
]
Markdown = Annotated[str, Text(drafts.LONGEST)]
HttpsLink = Annotated[
    str,
    Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?$", max_length=2000,
          examples=["https://media.example.org/sleep.mp4"]),
]  # fmt: skip


class SummaryIn(RequestBody):
    body: Markdown = Field(description="Markdown; HTML in it is shown as the text it is")
    readers: Readers = Field(None, alias="for")


class SummaryOut(ResponseBody):
    session: str
    readers: Readers = Field(alias="for")
    version: int = Field(description="The newest of the parts written")
    html: str = Field(description="As clients see it")


class HomeworkIn(RequestBody):
    title: Name
    body: Markdown | None = Field(None, description="Markdown")
    session: Ref | None = Field(None, description="The session it belongs to")
    due_at: Instant | None = None
    readers: Readers = Field(None, alias="for")


class HomeworkOut(ResponseBody):
    ref: str
    title: str
    session: str | None
    due_at: Instant | None
    readers: Readers = Field(alias="for")
    html: str


class ResourceIn(RequestBody):
    kind: Annotated[str, OneOf(ResourceKind)]
    title: Name
    body: Markdown | None = Field(None, description="Markdown")
    url: HttpsLink | None = None
    minutes: Minutes | None = Field(None, description="How long it takes")
    makes_up: list[Annotated[str, OneOf(SessionKind)]] = Field(
        default=[], max_length=len(SessionKind),
        description="Kinds of sessions it may make up for, with a short reflection",
    )  # fmt: skip
    session: Ref | None = Field(None, description="The session it belongs to")
    available_until: Instant | None = None
    readers: Readers = Field(None, alias="for")


class ResourceOut(ResponseBody):
    ref: str
    kind: str
    title: str
    url: str | None
    minutes: float | None
    makes_up: list[str]
    session: str | None
    available_until: Instant | None
    readers: Readers = Field(alias="for")
    html: str


@call(
    "PUT", "/sessions/<ref>/summary", scope="care", responses={200: SummaryOut, 201: SummaryOut},
    tag="Catch-up", example={"body": "We spoke about **sleep**.", "for": EVERYONE},
)  # fmt: skip
def put_summary(path: SessionRef, body: SummaryIn):  # type: ignore[no-untyped-def]
    """Write a session's summary: the part for everyone, or a part for each of these clients. A changed text is a new version, the
    same text is not; all versions are kept, the newest is shown. Clients who were not there are notified once."""
    session = lookups.session(path.ref)
    parts: list[Person | None] = [None] if body.readers is None else [*_clients(body.readers)]
    before = [store.scalar(summaries.versions(session, part).limit(1)) for part in parts]
    written = [
        summaries.write(store, session, body.body, by=tokens.actor(), now=clock.now(), client=part)
        for part in parts
    ]
    body_out = {
        "session": session.ref, "for": body.readers or EVERYONE,
        "version": max(each.version for each in written), "html": markdown.html(body.body),
    }  # fmt: skip
    return body_out, 200 if all(before) else 201


@call(
    "PUT", "/homework/<ref>", scope="care", responses={200: HomeworkOut, 201: HomeworkOut},
    tag="Catch-up", example={
        "title": "A list for the night table", "body": "Write down *three things* that help.",
        "session": "evening", "due_at": "2026-03-11T18:00:00-04:00", "for": ["maya"],
    },
)  # fmt: skip
def put_homework(path: SessionRef, body: HomeworkIn):  # type: ignore[no-untyped-def]
    """Set homework, or change the one of that reference; the same again changes nothing."""
    session = _session(body.session)
    made, new = homework.put(
        store, tokens.program(), path.ref, title=body.title, body=body.body or "", session=session,
        due_at=body.due_at, clients=_optional_clients(body.readers), by=tokens.actor(), now=clock.now(),
    )  # fmt: skip
    body_out = {
        "ref": made.ref, "title": made.title, "session": body.session, "due_at": _isoformat(made.due_at),
        "for": body.readers or EVERYONE, "html": markdown.html(made.body),
    }  # fmt: skip
    return body_out, 201 if new else 200


@call(
    "PUT", "/resources/<ref>", scope="care", responses={200: ResourceOut, 201: ResourceOut},
    tag="Catch-up", example={
        "kind": "recording", "title": "Sleep and light", "url": "https://media.example.org/sleep.mp4",
        "minutes": 24, "makes_up": ["psychoeducation"], "session": "evening", "for": EVERYONE,
    },
)  # fmt: skip
def put_resource(path: SessionRef, body: ResourceIn):  # type: ignore[no-untyped-def]
    """Publish something to read, watch, open or do, or change the one of that reference."""
    made, new = resources.put(
        store, tokens.program(), path.ref, kind=body.kind, title=body.title, body=body.body or "",
        url=body.url, minutes=body.minutes, makes_up=body.makes_up, session=_session(body.session),
        available_until=body.available_until, clients=_optional_clients(body.readers), by=tokens.actor(),
        now=clock.now(),
    )  # fmt: skip
    body_out = {
        "ref": made.ref, "kind": made.kind, "title": made.title, "url": made.url,
        "minutes": made.minutes, "makes_up": made.makes_up, "session": body.session,
        "available_until": _isoformat(made.available_until), "for": body.readers or EVERYONE,
        "html": markdown.html(made.body),
    }  # fmt: skip
    return body_out, 201 if new else 200


def _session(ref: str | None) -> Session | None:
    return lookups.session(ref, field="session") if ref is not None else None


def _optional_clients(refs: list[str] | None) -> list[Person] | None:
    return None if refs is None else _clients(refs)


def _clients(refs: list[str]) -> list[Person]:
    return lookups.people(list(dict.fromkeys(refs)), Kind.CLIENT, field="for")


def _isoformat(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
