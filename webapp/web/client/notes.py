"""Catch-up notes between partners: writing one, also without a network, reading, asking and answering, taking back (M8)."""

import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import messages
from webapp.care.couples import partner_notes
from webapp.care.couples.partner_notes import NoteText
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts
from webapp.care.privacy import shared, shared_notes
from webapp.care.privacy.consents import REDISCLOSURE, Category
from webapp.care.privacy.shared_notes import ShownNote
from webapp.care.schedule.kinds import JOINT
from webapp.care.schedule.sessions import Session
from webapp.numbers import row_number
from webapp.refusals import N_, Invalid, Refusal
from webapp.web.client import my_seats
from webapp.web.page.filters import day_of, time_of
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import separate_transaction, store
from webapp.web.pwa import replays

pages = Blueprint("notes", __name__)

NEW, PAGE, BLOCK = "client/notes/new.html", "client/notes/show.html", "note"
MOST = 6
"""Sessions to choose from."""


@pages.get("/together/notes")
@needs(Permission.OWN_DAY)
def index() -> ResponseReturnValue:
    """All notes stand on Together."""
    return redirect(url_for("client.together.show", _anchor="notes"), 303)


@pages.get("/together/notes/new")
@needs(Permission.OWN_DAY)
def new() -> ResponseReturnValue:
    """The form. `?session=7`: about that one."""
    return widget(NEW, BLOCK, **_form(request.args.get("session", "")))


@pages.post("/together/notes")
@needs(Permission.OWN_DAY)
def write() -> ResponseReturnValue:
    """Write a note about `session`, or a new version of the one that is there. The same `request_id` gives the same answer (R7)."""
    me, form, now = my_seats.person(), request.form, clock.now()
    try:
        note = partner_notes.write(
            store, me, _chosen(form.get("session", "")), form.get("body", ""), by=me, now=now,
            request_id=form.get("request_id"),
        )  # fmt: skip
    except Refusal as refusal:
        store.rollback()
        if replays.by_script():
            return replays.answer(refusal)
        screen = _form(form.get("session", "")) | {"refusal": refusal, "said": form}
        return widget(NEW, BLOCK, refusal.status, **screen)
    store.commit()
    if replays.by_script():
        return replays.answer()
    if not request.headers.get("HX-Request"):
        flash(_("Sent."))
    to = url_for("client.notes.show", note_id=note.id)
    return done(PAGE, BLOCK, to, lambda: _screen(_one(note.id)), sent="note")


@pages.get("/together/notes/<row:note_id>")
@needs(Permission.OWN_DAY)
def show(note_id: int) -> ResponseReturnValue:
    """A note that reached the reader, or their own. Opening it marks it as read, and leaves its trace with whoever wrote it (P7)."""
    shown = _one(note_id)
    screen = _screen(shown)
    _read(shown)
    return widget(PAGE, BLOCK, **screen)


@pages.post("/together/notes/<row:note_id>/answers")
@needs(Permission.OWN_DAY)
def answer(note_id: int) -> ResponseReturnValue:
    """Ask something about the note, or answer. The same `request_id` gives the same answer (R7)."""
    me, form, now = my_seats.person(), request.form, clock.now()
    shown = _one(note_id)
    try:
        shared_notes.require(store, me, shown.note.other_than(me.id).id, now)
        partner_notes.answer(
            store, shown.note, form.get("body", ""), by=me, now=now,
            request_id=form.get("request_id"),
        )  # fmt: skip
    except Refusal as refusal:
        store.rollback()
        if replays.by_script():
            return replays.answer(refusal)
        screen = _screen(_one(note_id)) | {"refusal": refusal, "said": form}
        return widget(PAGE, BLOCK, refusal.status, **screen)
    store.commit()
    return replays.answer() if replays.by_script() else _answer(note_id, sent=f"answer-{note_id}")


@pages.post("/together/notes/texts/<row:text_id>/taken-back")
@needs(Permission.OWN_DAY)
def take_back(text_id: int) -> ResponseReturnValue:
    """Take back one's own note, question or answer: the other sees it no more, and is not told."""
    text = _own_text(text_id)
    partner_notes.take_back(store, text, by=my_seats.person(), now=clock.now())
    store.commit()
    flash(_("Taken back. Nobody is told about it."))
    return redirect(url_for("client.together.show", _anchor="notes"), 303)


@pages.post("/together/notes/texts/<row:text_id>/care-team")
@needs(Permission.OWN_MESSAGES)
def show_to_team(text_id: int) -> ResponseReturnValue:
    """Send what one wrote oneself to one's care team as a message; the same text goes once."""
    me, text = my_seats.person(), _own_text(text_id)
    once = str(uuid.uuid5(uuid.NAMESPACE_URL, f"partner note {text.id}"))
    try:
        messages.send(store, me, text.body, by=me, now=clock.now(), request_id=once)
    except Refusal as refusal:
        return widget(PAGE, BLOCK, refusal.status, **_screen(_one(text.note_id)), refusal=refusal)
    store.commit()
    flash(_("Your care team can read it now, under Messages."))
    return redirect(url_for("client.notes.show", note_id=text.note_id), 303)


def _form(session: str) -> dict[str, Any]:
    """The context of the form in any of its states: about their last hour as a couple, unless the writer chose another; a time of the
    writer's own is never chosen for them. 404 without a partner."""
    me, now = my_seats.person(), clock.now()
    reader = partner_of(me)
    if reader is None:
        abort(404)
    choices = writable(me, reader, now)[:MOST]
    chosen = session if session in {str(each.id) for each in choices} else ""
    return {
        "place": "together",
        "near": my_seats.approaching(),
        "reader": reader,
        "sessions": [(str(each.id), f"{day_of(each.starts_at)}, {time_of(each.starts_at)}") for each in choices],
        "chosen": chosen or next((str(each.id) for each in choices if each.kind in JOINT), ""),
        "allowed": shared_notes.may_write(store, me, reader.id, now),
        "draft": drafts.of(store, me, partner_notes.draft_about(reader.id)),
        "about": partner_notes.draft_about(reader.id),
        "request_id": str(uuid.uuid4()),
    }  # fmt: skip


def _screen(shown: ShownNote) -> dict[str, Any]:
    """The context of a note's block in any of its states."""
    me, now = my_seats.person(), clock.now()
    other, partner = shown.note.other_than(me.id), partner_of(me)
    return {
        "place": "together",
        "near": my_seats.approaching(),
        "shown": shown,
        "other": other,
        "together": partner is not None and partner.id == other.id,
        "allowed": shared_notes.may_write(store, me, other.id, now),
        "has_team": me.kind == Kind.CLIENT,
        "request_id": str(uuid.uuid4()),
        "redisclosure": _(REDISCLOSURE),
    }


def partner_of(me: Person) -> Person | None:
    """The other half of the reader's couple."""
    couple = store.scalar(teams.couple_of(me.id))
    return couple.partner_of(me.id) if couple else None


def writable(me: Person, reader: Person, now: datetime) -> list[Session]:
    """The sessions that a note for this reader can be about, the latest first."""
    known: list[int] = []
    for each in shared.shown_to(store, me, now):
        if each.client.id == reader.id:
            missed = each.parts.get(Category.MISSED_SESSION, [])
            known += [one.session_id for one in missed]
    return shared_notes.sessions_to_write_about(store, me, known, now)


def _chosen(number: str) -> Session:
    """The session that the form names, once the writer may write. Raises Invalid for any other as for one that doesn't exist."""
    me, now = my_seats.person(), clock.now()
    reader = partner_of(me)
    if reader is None:
        abort(404)
    shared_notes.require(store, me, reader.id, now)
    wanted = row_number(number)
    found = next((each for each in writable(me, reader, now) if each.id == wanted), None)
    if found is None:
        raise Invalid(N_("Choose one of the times."), field="session")
    return found


def _one(note_id: int) -> ShownNote:
    """A note that the reader may read; 404 for any other (S1)."""
    found = shared_notes.of(store, my_seats.person(), clock.now())
    return next((each for each in found if each.note.id == note_id), None) or abort(404)


def _own_text(text_id: int) -> NoteText:
    mine = select(NoteText).where(NoteText.id == text_id, NoteText.by_id == my_seats.person().id)
    return store.scalar(mine) or abort(404)


def _answer(note_id: int, **more: Any) -> ResponseReturnValue:
    to = url_for("client.notes.show", note_id=note_id)
    return done(PAGE, BLOCK, to, lambda: _screen(_one(note_id)), **more)


def _read(shown: ShownNote) -> None:
    """Mark the note as read, in a transaction of its own, since a GET only reads."""
    me, now = my_seats.person(), clock.now()
    others = [each for each in (*shown.versions, *shown.answers) if each.by_id != me.id]
    if not others:
        return
    note_id, other, by, program_id = shown.note.id, shown.note.other_than(me.id), me.id, me.program_id  # fmt: skip
    client_id = other.id if other.kind == Kind.CLIENT else None
    with separate_transaction() as writing:
        partner_notes.mark_read(writing, note_id, by=writing.get_one(Person, by), now=now)
        if client_id is not None:
            events.record(
                writing, Tag.SHARED_READ, client=client_id, by=by, now=now, program_id=program_id
            )
