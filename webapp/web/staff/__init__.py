"""The staff console under /staff: one blueprint `staff` with a nested blueprint per resource."""

from flask import Blueprint, Flask

from webapp.web.staff import (
    console,
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
    """Serve the console under /staff."""
    staff = Blueprint("staff", __name__, url_prefix="/staff")
    staff.add_url_rule("", "now", now.show)
    for blueprint in (
        people.people, rooms.rooms, tasks.tasks, timeliness.timeliness, messages.messages,
        help_desk.help_desk, *writing.BLUEPRINTS, *make_ups.BLUEPRINTS, *privacy.BLUEPRINTS,
    ):  # fmt: skip
        staff.register_blueprint(blueprint)
    words.init(staff)
    staff.app_context_processor(console.lazy_side_column)
    app.register_blueprint(staff)
