"""Homework: the task, the client's draft, handing in, feedback, and reopening."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts, homework
from webapp.care.materials.homework import HandIn, Homework
from webapp.numbers import whole_number
from webapp.refusals import Conflict, Refusal
from webapp.web.client import my_seats
from webapp.web.page import markdown
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("homework", __name__)

PAGE, BLOCK = "client/homework/show.html", "homework"
LATER = "later"


@pages.get("/homework/<row:homework_id>")
@needs(Permission.CATCH_UP)
def show(homework_id: int) -> ResponseReturnValue:
    """The homework: to write, handed in, with feedback, or reopened."""
    return widget(PAGE, BLOCK, **_screen(_mine(homework_id)))


@pages.post("/homework/<row:homework_id>")
@needs(Permission.CATCH_UP)
def hand_in(homework_id: int) -> ResponseReturnValue:
    """Hand it in. `then=later` only saves a draft, for browsers without scripts; those with scripts save while typing."""
    task, form, person = _mine(homework_id), request.form, my_seats.person()
    sent, body = form.get("then") != LATER, form.get("body", "").strip()
    kept_apart = False
    try:
        if not sent:
            edition = form.get("edition", "")
            drafts.save(
                store, task.about, form.get("body", ""), by=person, now=clock.now(),
                edition=whole_number(edition, most=drafts.MOST_EDITIONS),
            )  # fmt: skip
        else:
            handed_in = homework.hand_in(store, task, body, by=person, now=clock.now())
            kept_apart = body not in ("", handed_in.body)
    except Refusal as refusal:
        store.rollback()
        said = {"refusal": refusal, "said": form, "both": isinstance(refusal, Conflict)}
        return widget(PAGE, BLOCK, refusal.status, **(_screen(_mine(homework_id)) | said))
    store.commit()
    return _answer(task, sent=sent, kept_apart=kept_apart)


@pages.post("/homework/<row:homework_id>/reopening")
@needs(Permission.CATCH_UP)
def reopen(homework_id: int) -> ResponseReturnValue:
    """Reopen what was handed in, while it has no feedback."""
    task = _mine(homework_id)
    standing = _standing(task)
    if standing is not None and standing.feedback_at is None:
        homework.reopen(store, standing, by=my_seats.person(), now=clock.now())
    store.commit()
    return _answer(task)


def _answer(task: Homework, **more: Any) -> ResponseReturnValue:
    to = url_for("client.homework.show", homework_id=task.id)
    return done(PAGE, BLOCK, to, lambda: _screen(task), **more)


def _screen(task: Homework) -> dict[str, Any]:
    """The context of the block in any of its states."""
    person = my_seats.person()
    history = list(store.scalars(homework.hand_in_history(task, person.id)))
    standing = next((made for made in history if made.reopened_at is None), None)
    earlier = [made for made in history if made.reopened_at is not None]
    return {
        "place": "catch-up",
        "near": my_seats.approaching(),
        "task": task,
        "told": markdown.html(task.body),
        "standing": standing,
        "earlier": earlier,
        "draft": None if standing else drafts.of(store, person, task.about),
        "read": markdown.html,
    }


def _standing(task: Homework) -> HandIn | None:
    return store.scalar(homework.current_hand_in(task, my_seats.person().id))


def _mine(homework_id: int) -> Homework:
    """Homework set for the signed-in person; 404 for anyone else's (S1)."""
    wanted = homework.visible_to(my_seats.person()).where(Homework.id == homework_id)
    return store.scalar(wanted) or abort(404)
