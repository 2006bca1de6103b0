"""A session's summary: the part for everyone, and a part for each client. Every version is kept."""

from typing import Any

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts, summaries
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule.sessions import Session
from webapp.refusals import Refusal
from webapp.web.page import markdown
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff.console import form_errors, me, page
from webapp.web.staff.writing import shared
from webapp.web.staff.writing.shared import Recipients

pages = Blueprint("summaries", __name__)
PAGE = "staff/writing/summary.html"


@pages.get("/sessions/<row:session_id>/summary")
@needs(Permission.WRITE)
def show(session_id: int) -> ResponseReturnValue:
    """The part for everyone; with `?for=` that client's own. Reading it is recorded (P7)."""
    session = shared.session_of(session_id)
    client = _client(session)
    return page(PAGE, **_page_context(session, client))


@pages.post("/sessions/<row:session_id>/summary")
@needs(Permission.WRITE)
def write(session_id: int) -> ResponseReturnValue:
    """Publish it; `do=preview` shows it as clients will see it and saves the draft."""
    session, form = shared.session_of(session_id), request.form
    client = _client(session)
    about, body = _draft_key(session, client), form.get("body", "")
    try:
        if form.get("do") == shared.PREVIEW:
            shared.keep_draft(about)
            store.commit()
            return page(
                PAGE, **_page_context(session, client), preview=markdown.html(body), given=form
            )
        notified = _recipients(session, client)
        summaries.write(store, session, body, by=me(), now=clock.now(), client=client)
    except Refusal as refusal:
        discard_and_read()
        return page(
            PAGE, 422, **_page_context(session, client), errors=form_errors(refusal), given=form
        )
    drafts.clear(store, me().id, about)
    store.commit()
    flash(
        _("Published. Told now: %(names)s.", names=notified.names)
        if notified.names
        else _("Published.")
    )
    return shared.go(f"/staff/sessions/{session_id}#after")


def _page_context(session: Session, client: Person | None) -> dict[str, Any]:
    versions = list(store.scalars(summaries.versions(session, client)))
    reading = Reading(What.SUMMARY, [client.id if client else None], session.id)
    return {
        "reading": reading if versions else None,
        "place": "now",
        "session": session,
        "client": client,
        "clients": shared.nameable(session),
        "about": _draft_key(session, client),
        "draft": drafts.of(store, me(), _draft_key(session, client)),
        "versions": versions,
        "writers": {each.id: each.name for each in shared.people_of_program(v.by_id for v in versions if v.by_id)},
        "recipients": _recipients(session, client),
    }  # fmt: skip


def _recipients(session: Session, client: Person | None) -> Recipients:
    """Who is notified by publishing now: nobody when a version was published before."""
    before = summaries.versions(session, client).where(summaries.Summary.is_published)
    if store.scalar(before.limit(1)) is not None:
        return Recipients([])
    return shared.recipients(session, [client.id] if client else ())


def _draft_key(session: Session, client: Person | None) -> str:
    return f"summary:{session.id}:{client.id if client else 0}"


def _client(session: Session) -> Person | None:
    """The client whose own part it is; None for everyone's. 404 for a client of whose care team the reader is not: a host reads and
    writes nobody's own part by hosting (P12)."""
    asked = request.values.get("for", "")
    if not asked:
        return None
    clients = [client for client in shared.nameable(session) if str(client.id) == asked]
    return clients[0] if clients else abort(404)
