"""Something to read, watch, listen to or do. A recording goes on where it was stopped."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, make_response, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.materials import resources
from webapp.care.materials.resources import Resource, ResourceUse
from webapp.refusals import N_, Invalid
from webapp.spellings import decimal_number
from webapp.web.client import my_seats
from webapp.web.page import headers, markdown
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("resources", __name__)

PAGE, BLOCK = "client/resources/show.html", "resource"
PLAYERS = {
    ".mp4": "video", ".m4v": "video", ".webm": "video", ".ogv": "video",
    ".mp3": "audio", ".m4a": "audio", ".ogg": "audio", ".oga": "audio", ".wav": "audio",
}  # fmt: skip
"""By how the address of a media file ends: what plays it here. Everything else opens where it is."""


@pages.get("/resources/<row:resource_id>")
@needs(Permission.CATCH_UP)
def show(resource_id: int) -> ResponseReturnValue:
    """The text, the player or the link, and how far one has come. Only the media file's own host may be played from."""
    found = _mine(resource_id)
    answer = make_response(widget(PAGE, BLOCK, **_screen(found)))
    if found.url and player(found.url):
        answer.headers["Content-Security-Policy"] = headers.policy(
            f"https://{urlsplit(found.url).netloc}"
        )
    return answer


@pages.post("/resources/<row:resource_id>/place")
@needs(Permission.CATCH_UP)
def keep_place(resource_id: int) -> ResponseReturnValue:
    """The player says now and then where it is (static/js/player.js)."""
    person = my_seats.person()
    resources.keep_place(
        store, _mine(resource_id), person, _seconds(request.form.get("seconds", "")), by=person,
        now=clock.now(),
    )  # fmt: skip
    store.commit()
    return "", 204


@pages.post("/resources/<row:resource_id>/end")
@needs(Permission.CATCH_UP)
def finish(resource_id: int) -> ResponseReturnValue:
    """Read, watched or done."""
    found, person = _mine(resource_id), my_seats.person()
    resources.finish(store, found, person, by=person, now=clock.now())
    store.commit()
    to = url_for("client.resources.show", resource_id=found.id)
    return done(PAGE, BLOCK, to, lambda: _screen(found))


def player(url: str) -> str:
    """video · audio · "" for what can't be played in the page."""
    path = urlsplit(url).path.lower()
    return next((with_ for end, with_ in PLAYERS.items() if path.endswith(end)), "")


def _screen(found: Resource) -> dict[str, Any]:
    use = store.get(ResourceUse, (found.id, my_seats.person().id), populate_existing=True)
    return {
        "place": "catch-up",
        "resource": found,
        "told": markdown.html(found.body),
        "player": player(found.url or ""),
        "use": use,
        "near": my_seats.near(),
    }


def _seconds(written: str) -> float:
    """Raises Invalid."""
    seconds = decimal_number(written, most=resources.LONGEST_RECORDING)
    if seconds is None:
        raise Invalid(N_("Seconds from the beginning."), field="seconds")
    return seconds


def _mine(resource_id: int) -> Resource:
    """Something on the shelf for the signed-in person; anything else is 404 (S1)."""
    wanted = resources.visible_to(my_seats.person(), clock.now()).where(Resource.id == resource_id)
    return store.scalar(wanted) or abort(404)
