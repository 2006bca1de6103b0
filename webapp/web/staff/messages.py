"""Messages: what clients wrote to their care team, and the answers. Who sees which thread stands in care/contact/thread_members."""

from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.contact import messages as care_messages
from webapp.care.contact import thread_members
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.privacy.record_views import Reading, What
from webapp.refusals import Refusal
from webapp.web import threads
from webapp.web.page import htmx
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, separate_transaction, store
from webapp.web.staff.console import changed, form_errors, me, one_or_404, page

messages = Blueprint("messages", __name__)
INBOX, PAGE, SAID = "staff/messages/inbox.html", "staff/messages/thread.html", "said"


@messages.get("/messages")
@needs(Permission.CARE_MESSAGES)
def index() -> ResponseReturnValue:
    """The threads of one's own clients, unread ones first: names and times only, no text."""
    if request.headers.get("HX-Request"):
        g.pop("seen", None)
    return page(INBOX, place="messages", threads=care_messages.threads(store, me(), clock.now()))


@messages.get("/people/<row:person_id>/messages")
@needs(Permission.CARE_MESSAGES)
def show(person_id: int) -> ResponseReturnValue:
    """One client's thread. Opening it marks it as read and is recorded for the client to see (P7)."""
    client = _client(person_id)
    screen = _page_context(client, threads.message_id(request.args.get("before")))
    _mark_as_read(client, screen["talk"])
    return page(PAGE, **screen | {"reading": None})


@messages.get("/people/<row:person_id>/messages/news")
@needs(Permission.CARE_MESSAGES)
def news(person_id: int) -> ResponseReturnValue:
    """New messages, for a page that polls: it does not extend the login (S3) and marks nothing as read. New messages shown are
    recorded as a reading (P7)."""
    g.pop("seen", None)
    client = _client(person_id)
    if threads.stamp(store, client, me()) == request.args.get("shown"):
        return "", 204
    screen = _page_context(client)
    if screen["talk"].unread:
        _record_reading(client)
    return htmx.part(PAGE, SAID, **screen)


@messages.post("/people/<row:person_id>/messages/read")
@needs(Permission.CARE_MESSAGES)
def read(person_id: int) -> ResponseReturnValue:
    """Mark messages as read, once the page is really in view."""
    up_to = threads.message_id(request.form.get("up_to"))
    care_messages.mark_read(store, _client(person_id), by=me(), now=clock.now(), up_to=up_to)
    store.commit()
    return "", 204


@messages.post("/people/<row:person_id>/messages")
@needs(Permission.CARE_MESSAGES)
def send(person_id: int) -> ResponseReturnValue:
    """Send a message. The same `request_id` twice is one message (R7)."""
    client, form = _client(person_id), request.form
    try:
        care_messages.send(
            store, client, form.get("body", ""), by=me(), now=clock.now(),
            request_id=form.get("request_id"),
        )  # fmt: skip
    except Refusal as refusal:
        discard_and_read()
        more = {"errors": form_errors(refusal), "given": form}
        return page(PAGE, refusal.status, **_page_context(client), **more)
    store.commit()
    back = f"/staff/people/{client.id}/messages#body"
    return changed(PAGE, back, lambda: _page_context(client), sent=True)


def _client(person_id: int) -> Person:
    return one_or_404(thread_members.clients_of(me(), clock.now()).where(Person.id == person_id))


def _page_context(client: Person, before: int | None = None) -> dict[str, Any]:
    talk = threads.of(store, client, me(), before)
    return {
        "reading": Reading(What.MESSAGES, [client.id]) if talk.last else None,
        "place": "messages", "talk": talk, "client": client, "request_id": threads.new_request_id(),
    }  # fmt: skip


def _mark_as_read(client: Person, talk: threads.ThreadPage) -> None:
    """Mark as read and record the reading, in one transaction after the page's own queries. By emergency access nothing is marked
    (S18): the care team has not read it."""
    if talk.last:
        _record_reading(client, up_to=None if client.id in me().reaching else talk.last)


def _record_reading(client: Person, up_to: int | None = None) -> None:
    with separate_transaction() as writing:
        care_messages.record_view(writing, client, by=me(), now=clock.now())
        if up_to is not None:
            care_messages.mark_read(writing, client, by=me(), now=clock.now(), up_to=up_to)
