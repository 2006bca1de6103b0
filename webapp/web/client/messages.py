"""Messages: a client's thread with their care team, the newest at the bottom (M18)."""

from typing import Any

from flask import Blueprint, flash, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.contact import messages
from webapp.care.directory.permissions import Permission
from webapp.refusals import Refusal
from webapp.web import threads
from webapp.web.client import my_seats
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, part, widget
from webapp.web.page.unit_of_work import database, store

pages = Blueprint("messages", __name__)

PAGE, BLOCK, SAID = "client/messages/show.html", "thread", "said"


@pages.get("/messages")
@needs(Permission.OWN_MESSAGES)
def show() -> ResponseReturnValue:
    """The thread. Opening it marks it as read."""
    screen = _screen(threads.message_id(request.args.get("before")))
    _read(screen["talk"])
    return widget(PAGE, BLOCK, **screen)


@pages.get("/messages/news")
@needs(Permission.OWN_MESSAGES)
def news() -> ResponseReturnValue:
    """New messages for a page that polls by itself, so it does not count as use of the login (S3) and marks nothing as read."""
    g.pop("seen", None)
    person = my_seats.person()
    if threads.stamp(store, person, person) == request.args.get("shown"):
        return "", 204
    return part(PAGE, SAID, **_screen())


@pages.post("/messages/read")
@needs(Permission.OWN_MESSAGES)
def read() -> ResponseReturnValue:
    """Mark messages up to `up_to` as read: the person has touched, scrolled or typed since they came in."""
    up_to = threads.message_id(request.form.get("up_to"))
    messages.mark_read(store, my_seats.person(), by=my_seats.person(), now=clock.now(), up_to=up_to)
    store.commit()
    return "", 204


@pages.post("/messages")
@needs(Permission.OWN_MESSAGES)
def send() -> ResponseReturnValue:
    """Send a message to the care team. The same `request_id` twice makes one message (R7)."""
    person, form = my_seats.person(), request.form
    try:
        messages.send(
            store, person, form.get("body", ""), by=person, now=clock.now(),
            request_id=form.get("request_id"),
        )  # fmt: skip
    except Refusal as refusal:
        return widget(PAGE, BLOCK, refusal.status, **_screen(), refusal=refusal, given=form)
    store.commit()
    if not request.headers.get("HX-Request"):
        flash(_("Sent."))
    to = url_for("client.messages.show", _anchor="body")
    return done(PAGE, BLOCK, to, _screen, sent=True)


def _screen(before: int | None = None) -> dict[str, Any]:
    """The context of the block in any of its states."""
    person = my_seats.person()
    talk = threads.of(store, person, person, before)
    return {
        "place": "me",
        "near": my_seats.approaching(),
        "talk": talk,
        "request_id": threads.new_request_id(),
    }


def _read(talk: threads.ThreadPage) -> None:
    """Mark the thread as read, in a transaction of its own, since a GET only reads."""
    if talk.unread:
        person = my_seats.person()
        store.commit()
        with database.writing() as writing:
            messages.mark_read(writing, person, by=person, now=clock.now(), up_to=talk.last)
            writing.commit()
