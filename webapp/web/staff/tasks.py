"""The Tasks page: my own, my role's, overdue and done tasks, and recording their outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from webapp import clock
from webapp.batches import each_or_none
from webapp.care.contact import addresses
from webapp.care.contact import tasks as care_tasks
from webapp.care.contact.contacts import Outcome
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory import teams
from webapp.care.directory.people import Person, RoleName
from webapp.care.directory.permissions import Permission, may
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule.sessions import Seat, Session
from webapp.operations import received_texts
from webapp.operations.received_texts import ReceivedText
from webapp.protocol.facts import contact
from webapp.refusals import AlreadyDone, Invalid, Refusal
from webapp.web.page.filters import zone
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff.console import changed, form_errors, instant, me, one_or_404, page
from webapp.web.staff.wording import call_scripts

tasks = Blueprint("tasks", __name__)
PAGE = "staff/tasks.html"
VIEWS = ("mine", "role", "overdue", "done")
CONTACT_KINDS = (
    TaskKind.OUTREACH, TaskKind.RELATIONAL, TaskKind.REENGAGEMENT, TaskKind.TECH_HELP,
    TaskKind.CRISIS,
)  # fmt: skip
"""Tasks to reach somebody: every outcome is offered. The others are closed with a reason."""
AGAIN = {"PT30M": timedelta(minutes=30), "PT2H": care_tasks.NEXT_ATTEMPT, "P1D": timedelta(days=1)}
"""When to try again; the default is in the middle."""


@dataclass(frozen=True, slots=True)
class TaskCard:
    """One task with what its owner needs."""

    task: Task
    story: str
    script: list[str]
    misses: list[Seat]
    """The missed seats a review is about, oldest first."""
    unsafe: set[str]
    """The client's phone numbers and addresses that are marked unsafe: not to be used (P9)."""
    texts: list[ReceivedText]
    """Text messages that stand in nobody's thread, for those who are to find out whose they are."""

    next_try: datetime
    """When to try again if nobody answers, as proposed."""
    readable: bool
    """The reader may open the client's chart."""
    noted: bool
    """The reader may read the notes: they are on the client's care team, or it is their task (P12)."""

    @property
    def calls(self) -> bool:
        return self.task.kind in CONTACT_KINDS


@tasks.get("/tasks")
@needs(Permission.WORK_TASKS)
def show() -> ResponseReturnValue:
    """One list at a time, chosen by `show`."""
    return page(PAGE, **_page_context())


@tasks.post("/tasks/<row:task_id>/acknowledgement")
@needs(Permission.WORK_TASKS)
def acknowledge(task_id: int) -> ResponseReturnValue:
    """Mark the task as seen, which ends its reminders (rule 9)."""
    task = one_or_404(care_tasks.visible_to(me()).where(Task.id == task_id))
    try:
        task.acknowledge(store, by=me(), now=clock.now())
    except AlreadyDone as refusal:
        return _refused(task_id, refusal)
    store.commit()
    return changed(PAGE, _back(task_id), _page_context)


@tasks.post("/tasks/<row:task_id>/outcome")
@needs(Permission.WORK_TASKS)
def finish(task_id: int) -> ResponseReturnValue:
    """Record the outcome. Some complete the task, others set the next attempt."""
    now, form = clock.now(), request.form
    task = one_or_404(care_tasks.visible_to(me()).where(Task.id == task_id))
    outcome = form.get("outcome", "")
    try:
        care_tasks.attempt(
            store, task, outcome, by=me(), now=now, note=form.get("note", "").strip() or None,
            next_at=_next_at(outcome, now), channel=form.get("channel") or "call",
        )  # fmt: skip
    except (AlreadyDone, Invalid) as refusal:
        return _refused(task_id, refusal)
    store.commit()
    return changed(PAGE, _back(task_id), _page_context, sent=task_id)


def _refused(task_id: int, refusal: Refusal) -> ResponseReturnValue:
    """The list with the refusal and what was typed at this task's card, also when the task has left the list."""
    discard_and_read()
    return page(
        PAGE, refusal.status, **_page_context(also=task_id), errors=form_errors(refusal),
        wrong=task_id, given=request.form,
    )  # fmt: skip


def _next_at(outcome: str, now: datetime) -> datetime | None:
    """When to try again, from the form; None for the default."""
    if outcome == Outcome.CALL_BACK_AT:
        call_back_at = request.form.get("call_back_at", "")
        return instant(call_back_at, "call_back_at") if call_back_at else None
    if outcome in (Outcome.NO_ANSWER, Outcome.LEFT_MESSAGE, Outcome.WRONG_NUMBER):
        return now + AGAIN.get(request.form.get("again", ""), care_tasks.NEXT_ATTEMPT)
    return None


def _back(task_id: int) -> str:
    return f"/staff/tasks?show={_view()}#task-{task_id}"


def _view() -> str:
    asked = request.values.get("show", "")
    return asked if asked in VIEWS else VIEWS[0]


def _page_context(also: int | None = None) -> dict[str, Any]:
    """The sizes of all lists and the cards of the one shown. `also`: id of a task to show in it even if it does not belong there."""
    now, person, view = clock.now(), me(), _view()
    visible = care_tasks.visible_to(person)
    urgent = Task.kind == TaskKind.CRISIS
    open_tasks = list(_load(visible.where(Task.is_open).order_by(urgent.desc(), Task.due_at)))
    lists: dict[str, list[Task]] = {
        "mine": [task for task in open_tasks if task.owner_id == person.id],
        "role": [task for task in open_tasks if task.owner_id != person.id],
        "overdue": [task for task in open_tasks if task.due_at <= now],
    }
    if view == "done":
        ended = visible.where(Task.done_at >= _midnight(now)).order_by(Task.done_at.desc())
        lists["done"] = list(_load(ended))
    sizes = {name: len(each) for name, each in lists.items()}
    shown = lists[view]
    if also is not None and also not in {task.id for task in shown}:
        shown = sorted(
            [*shown, *_load(visible.where(Task.id == also))], key=lambda task: task.due_at
        )
    cards = _cards(shown, person)
    return {
        "reading": Reading(What.CALLS, _clients_with_words(cards)),
        "place": "tasks",
        "view": view,
        "leads": may(person, Permission.READ_TIMELINESS),
        "sizes": sizes,
        "cards": cards,
        "again": list(AGAIN),
    }


def _clients_with_words(cards: list[TaskCard]) -> set[int]:
    """Ids of the clients about whom these cards show notes or texts. A text from a number of several people is recorded for none of them:
    it would tell each that another had written."""
    return {
        card.task.client_id
        for card in cards
        if card.task.client_id is not None
        and (card.texts or (card.noted and _has_notes(card.task)))
    }


def _has_notes(task: Task) -> bool:
    return bool(task.note or any(each.note for each in task.attempts))


def _midnight(now: datetime) -> datetime:
    local = now.astimezone(zone())
    return datetime.combine(local.date(), time(), local.tzinfo)


def _load(found: Select[Task]) -> Sequence[Task]:
    attached = (
        joinedload(Task.client), joinedload(Task.owner), selectinload(Task.attempts),
        joinedload(Task.session).joinedload(Session.host),
    )  # fmt: skip
    return store.scalars(found.options(*attached)).unique().all()


def _cards(found: Sequence[Task], person: Person) -> list[TaskCard]:
    clients = {task.client_id for task in found}
    marked = addresses.unsafe(store, clients)
    missed = _missed(set().union(*(_seats_in(task) for task in found)))
    readable: set[int | None] = set(
        store.scalars(
            teams.readable_by(person).with_only_columns(Person.id).where(Person.id.in_(clients))
        )
    )
    to_read = [task.id for task in found if _may_read(person, task, readable)]
    texts = received_texts.shown_by(store, to_read)
    signs = _signs(found)

    def build(some: list[Task]) -> list[TaskCard]:
        return [
            TaskCard(
                task,
                call_scripts.story(
                    task,
                    _heard_at(task, missed, signs),
                    [missed[each] for each in _seats_in(task) if each in missed],
                ),
                call_scripts.script(task, person.name.split(" ")[0]),
                [missed[each] for each in task.brief.get("seats", []) if each in missed],
                marked.get(task.client_id or 0, set()),
                texts.get(task.id, []),
                care_tasks.next_attempt(task, clock.now()),
                readable=task.client_id in readable,
                noted=_noted(task, person, readable),
            )
            for task in some
        ]

    made = each_or_none(build, found)
    return [card or _unreadable(task) for card, task in zip(made, found, strict=True)]


def _may_read(person: Person, task: Task, readable: set[int | None]) -> bool:
    """Whether `person` may read the texts that a task shows: its owner, the care team of its client, and where it is about nobody yet
    those who sort out whose they are (P12)."""
    leads = person.has_role(RoleName.COORDINATOR, RoleName.SUPERVISOR)
    return task.owner_id == person.id or (
        leads if task.client_id is None else task.client_id in readable
    )


def _noted(task: Task, person: Person, readable: set[int | None]) -> bool:
    own = task.owner_id in person.covering | {person.id}
    return own or task.client_id is None or task.client_id in readable


def _signs(found: Sequence[Task]) -> dict[int, contact.Signs]:
    """Client → when they were last in touch, for the open tasks that silence opened."""
    opened_by_silence = [t for t in found if t.is_open and t.kind in call_scripts.HEARD]
    clients = {task.client_id for task in opened_by_silence if task.client_id}
    return contact.signs(store, clients, clients, clock.now()) if clients else {}


def _heard_at(
    task: Task, missed: dict[int, Seat], signs: dict[int, contact.Signs]
) -> datetime | None:
    """When the client was last in touch, if since the latest miss that the task is about (rule 17)."""
    at = signs.get(task.client_id or 0, (None, None))[0]
    misses = [missed[each].session for each in _seats_in(task) if each in missed]
    begun = [session.starts_at for session in [*misses, task.session] if session]
    return at if at and begun and at >= max(begun) else None


def _unreadable(task: Task) -> TaskCard:
    words = _("Something in this task can't be read.")
    return TaskCard(task, words, [], [], set(), [], clock.now(), readable=False, noted=False)


def _seats_in(task: Task) -> set[int]:
    """The seats that a review is about; none when its brief can't be read."""
    seats = task.brief.get("seats", []) if isinstance(task.brief, dict) else []
    return {each for each in seats if isinstance(each, int)} if isinstance(seats, list) else set()


def _missed(ids: set[int]) -> dict[int, Seat]:
    seats = store.scalars(select(Seat).where(Seat.id.in_(ids))) if ids else ()
    return {seat.id: seat for seat in seats}
