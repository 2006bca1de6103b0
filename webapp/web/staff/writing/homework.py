"""Homework for a session's clients: setting, changing and withdrawing it, and who has handed it in."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts, homework
from webapp.care.materials.homework import HandIn, Homework
from webapp.care.schedule.sessions import Session
from webapp.refusals import Refusal
from webapp.web.page import markdown
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import form_errors, me, one_or_404, page
from webapp.web.staff.writing import shared

pages = Blueprint("homework", __name__)
PAGE = "staff/writing/homework.html"


@dataclass(frozen=True, slots=True)
class HandInRow:
    """One client it is for, and what they have handed in."""

    client: Person
    made: HandIn | None


@pages.get("/sessions/<row:session_id>/homework")
@needs(Permission.WRITE)
def new(session_id: int) -> ResponseReturnValue:
    """The form for new homework."""
    return page(PAGE, **_page_context(shared.session_of(session_id), None))


@pages.post("/sessions/<row:session_id>/homework")
@needs(Permission.WRITE)
def set_new(session_id: int) -> ResponseReturnValue:
    """Set new homework, or preview it."""
    return _write(shared.session_of(session_id), None)


@pages.get("/homework/<row:homework_id>")
@needs(Permission.WRITE)
def show(homework_id: int) -> ResponseReturnValue:
    """The form to change it, and who has handed it in. What they wrote is on another page."""
    task = _readable(homework_id)
    return page(PAGE, **_page_context(task.session, task))


@pages.post("/homework/<row:homework_id>")
@needs(Permission.WRITE)
def change(homework_id: int) -> ResponseReturnValue:
    task = _writable(homework_id)
    return _write(task.session, task)


@pages.post("/homework/<row:homework_id>/withdrawal")
@needs(Permission.WRITE)
def withdraw(homework_id: int) -> ResponseReturnValue:
    """Withdraw it from everybody's list. What was handed in stays."""
    task = _writable(homework_id)
    task.withdraw(store, by=me(), now=clock.now())
    store.commit()
    return shared.go(_page_after(task.session))


def _write(session: Session | None, task: Homework | None) -> ResponseReturnValue:
    form, about = request.form, _draft_key(session, task)
    body = form.get("body", "")
    try:
        if form.get("do") == shared.PREVIEW:
            shared.keep_draft(about)
            store.commit()
            return page(
                PAGE, **_page_context(session, task), preview=markdown.html(body), given=form
            )
        kept = (
            list(store.scalars(homework.audience(task))) if task and not task.for_everyone else []
        )
        made, first = homework.put(
            store, me().program, task.ref if task else f"staff-{uuid4().hex}",
            title=form.get("title", ""), body=body, session=session, due_at=shared.instant_field("due_at"),
            clients=shared.chosen(session, kept), by=me(), now=clock.now(),
        )  # fmt: skip
    except Refusal as refusal:
        store.rollback()
        return page(
            PAGE, 422, **_page_context(session, task), errors=form_errors(refusal), given=form
        )
    notified = shared.recipients(session, _named(made)) if first else shared.Recipients([])
    drafts.clear(store, me().id, about)
    store.commit()
    flash(_("Set. Told now: %(names)s.", names=notified.names) if notified.names else _("Kept."))
    return shared.go(_page_after(session) if first else f"/staff/homework/{made.id}")


def _page_context(session: Session | None, task: Homework | None) -> dict[str, Any]:
    about = _draft_key(session, task)
    return {
        "place": "now",
        "session": session,
        "task": task,
        "clients": shared.nameable(session),
        "named": set(_named(task)) if task else set(),
        "rows": _rows(task) if task else [],
        "about": about,
        "draft": drafts.of(store, me(), about),
        "recipients": shared.recipients(session),
        **shared.assigned(task),
    }


def _rows(task: Homework) -> list[HandInRow]:
    """The clients it is for whose hand-ins the reader may see."""
    mine = homework.hand_ins_visible_to(me()).where(HandIn.homework_id == task.id)
    made = {row.client_id: row for row in store.scalars(mine.order_by(HandIn.id))}
    seen = {client.id for client in shared.clients_of(task.session)} | made.keys()
    audience = store.scalars(homework.audience(task))
    return [HandInRow(client, made.get(client.id)) for client in audience if client.id in seen]


def _named(task: Homework) -> list[int]:
    if task.for_everyone:
        return []
    return [client.id for client in store.scalars(homework.audience(task))]


def _draft_key(session: Session | None, task: Homework | None) -> str:
    return f"homework_text:{session.id if session else 0}:{task.id if task else 0}"


def _page_after(session: Session | None) -> str:
    return f"/staff/sessions/{session.id}#after" if session else "/staff"


def _readable(homework_id: int) -> Homework:
    """Homework that the reader may read; else 404 (P12)."""
    return one_or_404(
        select(Homework).where(Homework.id == homework_id, Homework.readable_by(me()))
    )


def _writable(homework_id: int) -> Homework:
    """Homework that the reader may change; else 404, as it is for whoever may not read it."""
    return one_or_404(
        select(Homework).where(Homework.id == homework_id, Homework.writable_by(me()))
    )
