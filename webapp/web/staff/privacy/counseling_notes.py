"""Counseling notes: a counselor's or couples therapist's own notes, readable by their author only (P7)."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp import clock
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.care.privacy import counseling_notes as notes
from webapp.care.privacy.counseling_notes import CounselingNote
from webapp.refusals import Refusal
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import changed, form_errors, me, one_or_404, page

counseling_notes = Blueprint("counseling_notes", __name__)
PAGE = "staff/privacy/counseling_notes.html"


@counseling_notes.get("/people/<row:person_id>/notes")
@needs(Permission.COUNSELING_NOTES)
def show(person_id: int) -> ResponseReturnValue:
    """The reader's own notes, latest first, and the form for a new one."""
    return _page(_client(person_id))


@counseling_notes.post("/people/<row:person_id>/notes")
@needs(Permission.COUNSELING_NOTES)
def write(person_id: int) -> ResponseReturnValue:
    client = _client(person_id)
    try:
        notes.write(store, client, request.form.get("body", ""), by=me(), now=clock.now())
    except Refusal as refusal:
        return _page(client, refusal.status, errors=form_errors(refusal), given=request.form)
    return _after(client, kept="new")


@counseling_notes.post("/notes/<row:note_id>")
@needs(Permission.COUNSELING_NOTES)
def change(note_id: int) -> ResponseReturnValue:
    note = _note(note_id)
    client = _client(note.client_id)
    try:
        note.change(request.form.get("body", ""), by=me(), now=clock.now())
    except Refusal as refusal:
        more = {"wrong": note.id, "errors": form_errors(refusal), "given": request.form}
        return _page(client, refusal.status, **more)
    return _after(client, kept=note.id)


@counseling_notes.post("/notes/<row:note_id>/removal")
@needs(Permission.COUNSELING_NOTES)
def remove(note_id: int) -> ResponseReturnValue:
    """Delete it for good: these notes are the author's to keep or delete."""
    note = _note(note_id)
    client = _client(note.client_id)
    store.delete(note)
    return _after(client)


def _client(person_id: int) -> Person:
    """A client in the reader's regular care; else 404. Emergency access opens the chart, but not notes."""
    return one_or_404(
        teams.visible_to(me())
        .where(Person.id == person_id, Person.kind == Kind.CLIENT)
        .where(Person.id.not_in(me().reaching))
    )


def _note(note_id: int) -> CounselingNote:
    mine = select(CounselingNote).where(CounselingNote.author_id == me().id)
    return one_or_404(mine.where(CounselingNote.id == note_id))


def _after(client: Person, **more: object) -> ResponseReturnValue:
    store.commit()
    to = f"/staff/people/{client.id}/notes"
    return changed(PAGE, to, lambda: _page_context(client), **more)


def _page(client: Person, status: int = 200, **more: object) -> ResponseReturnValue:
    return page(PAGE, status, **_page_context(client), **more)


def _page_context(client: Person) -> dict[str, Any]:
    mine = list(store.scalars(notes.of(me(), client.id)))
    return {"place": "people", "client": client, "notes": mine}
