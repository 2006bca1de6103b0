"""The staff console: Now, Tasks, People, Rooms, On time. One blueprint `staff`, one nested blueprint a resource."""

from flask import Blueprint, Flask

from webapp.web.staff import (
    frame,
    help_desk,
    make_ups,
    messages,
    now,
    people,
    privacy,
    rooms,
    tasks,
    timeliness,
    writing,
)
from webapp.web.staff.wording import words


def register(app: Flask) -> None:
    """Hang the console under /staff."""
    console = Blueprint("staff", __name__, url_prefix="/staff")
    console.add_url_rule("", "now", now.show)
    for room in (
        people.people, rooms.rooms, tasks.tasks, timeliness.timeliness, messages.messages,
        help_desk.help_desk, *writing.PLACES, *make_ups.PLACES, *privacy.ROOMS,
    ):  # fmt: skip
        console.register_blueprint(room)
    words.init(console)
    console.app_context_processor(frame.elsewhere)
    app.register_blueprint(console)
