"""The client's app: one module per place or resource."""

from flask import Blueprint, Flask

from webapp.web.client import (
    absences,
    answers,
    connecting,
    devices,
    me,
    reminders,
    schedule,
    seats,
    spans,
    today,
)


def register(app: Flask) -> None:
    """Hang the client's pages into the app, each as `client.<module>.<view>`."""
    app.jinja_env.filters.update(spans.FILTERS)
    client = Blueprint("client", __name__)
    for place in (
        today, schedule, seats, absences, answers, connecting, me, reminders, devices,
    ):  # fmt: skip
        client.register_blueprint(place.pages)
    app.register_blueprint(client)
