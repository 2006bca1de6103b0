"""What clients handed in: reading it, giving feedback, and reopening it."""

from typing import Any

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts, homework
from webapp.care.materials.homework import HandIn
from webapp.care.privacy.record_views import Reading, What
from webapp.refusals import Refusal
from webapp.web.page import markdown
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff.console import form_errors, me, one_or_404, page
from webapp.web.staff.writing import shared

pages = Blueprint("hand_ins", __name__)
LIST, PAGE = "staff/writing/hand_ins.html", "staff/writing/hand_in.html"
MOST = 100


@pages.get("/hand-ins")
@needs(Permission.WRITE)
def index() -> ResponseReturnValue:
    """Hand-ins without feedback, oldest first; names and titles only."""
    whole = (joinedload(HandIn.client), joinedload(HandIn.homework))
    waiting = (
        store.scalars(homework.hand_ins_to_answer(me()).options(*whole).limit(MOST)).unique().all()
    )
    return page(LIST, place="hand-ins", waiting=waiting)


@pages.get("/hand-ins/<row:hand_in_id>")
@needs(Permission.WRITE)
def show(hand_in_id: int) -> ResponseReturnValue:
    """One hand-in with its feedback. Reading it is recorded for the client to see (P7)."""
    return page(PAGE, **_page_context(_visible(hand_in_id)))


@pages.post("/hand-ins/<row:hand_in_id>/feedback")
@needs(Permission.WRITE)
def answer(hand_in_id: int) -> ResponseReturnValue:
    """Give feedback: the client is notified that there is something to read."""
    made, form = _visible(hand_in_id), request.form
    about, body = _draft_key(made), form.get("body", "")
    try:
        if form.get("do") == shared.PREVIEW:
            shared.keep_draft(about)
            store.commit()
            return page(PAGE, **_page_context(made), preview=markdown.html(body), given=form)
        homework.give_feedback(store, made, body, by=me(), now=clock.now())
    except Refusal as refusal:
        discard_and_read()
        return page(
            PAGE,
            422,
            **_page_context(_visible(hand_in_id)),
            errors=form_errors(refusal),
            given=form,
        )
    drafts.clear(store, me().id, about)
    store.commit()
    flash(_("%(name)s is told that there is something to read.", name=made.client.name))
    return shared.go(f"/staff/hand-ins/{hand_in_id}")


@pages.post("/hand-ins/<row:hand_in_id>/reopening")
@needs(Permission.WRITE)
def reopen(hand_in_id: int) -> ResponseReturnValue:
    """Reopen it, so that the client can change what they wrote."""
    made = _visible(hand_in_id)
    homework.reopen(store, made, by=me(), now=clock.now())
    store.commit()
    flash(_("%(name)s can go on with it.", name=made.client.name))
    return shared.go(f"/staff/hand-ins/{hand_in_id}")


def _page_context(made: HandIn) -> dict[str, Any]:
    ids = {made.feedback_by_id, made.reopened_by_id} - {None}
    return {
        "reading": Reading(What.HAND_IN, [made.client_id], made.homework.session_id),
        "place": "hand-ins",
        "made": made,
        "handed_in": markdown.html(made.body),
        "feedback": markdown.html(made.feedback) if made.feedback else "",
        "by": {each.id: each.name for each in shared.people_of_program(i for i in ids if i)},
        "about": _draft_key(made),
        "draft": drafts.of(store, me(), _draft_key(made)),
    }


def _draft_key(made: HandIn) -> str:
    return f"feedback:{made.id}"


def _visible(hand_in_id: int) -> HandIn:
    """A hand-in of a client in the reader's care; else 404 (S1)."""
    whole = (joinedload(HandIn.client), joinedload(HandIn.homework))
    return one_or_404(
        homework.hand_ins_visible_to(me()).where(HandIn.id == hand_in_id).options(*whole)
    )
