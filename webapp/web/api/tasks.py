"""`GET /tasks`: lists tasks; `POST …/acknowledgement` and `…/outcome` work on one."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, lazyload

from webapp import clock
from webapp.care.contact import tasks as work
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.contact.tasks import CLOSED, Task, TaskKind
from webapp.care.directory.people import Kind, Person
from webapp.care.privacy.record_views import What
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import N_, Unknown
from webapp.web.api.contract import lookups, paging, readings, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.paging import Page
from webapp.web.api.contract.shapes import (
    Id,
    Instant,
    Note,
    OneOf,
    Path,
    Ref,
    RequestBody,
    ResponseBody,
)
from webapp.web.page.unit_of_work import store

READ = "read"
"""The scope that may read notes which others wrote."""


class TaskId(Path):
    id: Id


class TaskQuery(Page):
    state: Annotated[str, OneOf(("open", "done"))] | None = Field(
        None, description="Left out: both"
    )


class AcknowledgementIn(RequestBody):
    by: Ref | None = Field(
        None, description="The staff member who saw it; left out: the token's own person"
    )


class OutcomeIn(RequestBody):
    outcome: Annotated[str, OneOf((*Outcome, CLOSED))]
    note: Note | None = Field(None, description="Needed for `closed`")
    call_back_at: Instant | None = Field(
        None, description="When to try again; needed for `call_back_at`"
    )
    channel: Annotated[str, OneOf(ContactChannel)] = ContactChannel.CALL.value
    by: Ref | None = Field(
        None, description="The staff member who tried; left out: the token's own person"
    )


class TaskOut(ResponseBody):
    id: Id
    kind: str = Field(examples=list(TaskKind))
    client: str | None
    session: str | None
    owner: str | None
    due_at: Instant
    acknowledged_at: Instant | None
    done_at: Instant | None
    outcome: str | None = Field(description="Of the task, or of the last attempt while it is open")
    note: str | None


class TaskList(ResponseBody):
    items: list[TaskOut]
    next: int | None


@call("GET", "/tasks", scope="read", responses={200: TaskList}, tag="Care")
def get_tasks(query: TaskQuery):  # type: ignore[no-untyped-def]
    """The program's tasks, oldest first. A client can see that somebody read the notes about them."""
    matching = _tasks().where(Task.id > paging.number(query.after)).order_by(Task.id)
    if query.state:
        matching = matching.where(Task.is_open if query.state == "open" else ~Task.is_open)
    rows = store.scalars(matching.limit(query.limit + 1)).unique().all()
    page, after = paging.cut(rows, query.limit, lambda task: task.id)
    items = [shown(task) for task in page]
    noted = {task.client_id for task, item in zip(page, items, strict=True) if item["note"]}
    readings.record_apart(What.CALLS, noted)
    return paging.paged(items, after)


@call(
    "POST", "/tasks/<int:id>/acknowledgement", scope="care", responses={200: TaskOut}, tag="Care",
    example={"by": "carla"},
)  # fmt: skip
def acknowledge_task(path: TaskId, body: AcknowledgementIn):  # type: ignore[no-untyped-def]
    """Record that the owner has seen the task: no more reminders of it. Repeating it changes nothing; the body may be left out.

    `note` is null unless the token may `read` too; then the client can see that it was read.
    """
    task = _task(path.id)
    task.acknowledge(store, by=_staff(body.by), now=clock.now())
    body_out = shown(task)
    if READ not in tokens.token().scopes:
        body_out["note"] = None
    if body_out["note"]:
        readings.record(What.CALLS, [task.client_id])
    return body_out


@call(
    "POST", "/tasks/<int:id>/outcome", scope="care", responses={200: TaskOut}, tag="Care",
    example={"outcome": "reached", "note": "Back tomorrow.", "by": "carla"},
)  # fmt: skip
def finish_task(path: TaskId, body: OutcomeIn):  # type: ignore[no-untyped-def]
    """Record the outcome of a task. `reached`, `declined` and `closed` complete it; after any other it is due again at
    `call_back_at`, or two hours later. `note` in the answer is the one sent."""
    task = _task(path.id)
    work.attempt(
        store, task, body.outcome, note=body.note, next_at=body.call_back_at, channel=body.channel,
        by=_staff(body.by), now=clock.now(),
    )  # fmt: skip
    if body.note:
        readings.record(What.CALLS, [task.client_id])
    return shown(task) | {"note": body.note}


def _staff(ref: str | None) -> Person:
    return lookups.person(ref, Kind.STAFF, field="by") if ref else tokens.actor()


def _tasks() -> Select[Task]:
    without_relations = (lazyload(Person.program), lazyload(Person.roles))
    return (
        select(Task)
        .where(Task.program_id == tokens.program_id())
        .options(
            joinedload(Task.client).options(*without_relations),
            joinedload(Task.owner).options(*without_relations),
            joinedload(Task.session),
            lazyload(Task.seat).lazyload(Seat.session),
        )  # fmt: skip
    )


def _task(id: int) -> Task:
    task = store.scalars(_tasks().where(Task.id == paging.number(id))).unique().one_or_none()
    if task is None:
        raise Unknown(N_("There is no task of this number."))
    return task


def shown(task: Task) -> dict[str, Any]:
    session: Session | None = task.session
    last = task.attempts[-1] if task.is_open and task.acknowledged_at and task.attempts else None
    return {
        "id": task.id, "kind": task.kind, "client": task.client and task.client.ref,
        "session": session and session.ref, "owner": task.owner and task.owner.ref,
        "due_at": task.due_at.isoformat(),
        "acknowledged_at": task.acknowledged_at and task.acknowledged_at.isoformat(),
        "done_at": task.done_at and task.done_at.isoformat(),
        "outcome": last.outcome if last else task.outcome,
        "note": last.note if last else task.note,
    }  # fmt: skip
