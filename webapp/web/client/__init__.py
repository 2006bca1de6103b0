"""The client's pages: one module for each destination or resource."""

from flask import Blueprint, Flask

from webapp.web.client import (
    absences,
    answers,
    approach,
    catch_up,
    connecting,
    durations,
    group_times,
    make_ups,
    me,
    messages,
    my_seats,
    notes,
    offline,
    schedule,
    seats,
    sharing,
    today,
    together,
)


def register(app: Flask) -> None:
    """Register the client's pages, each as `client.<module>.<view>`."""
    app.jinja_env.filters.update(durations.FILTERS | me.FILTERS)
    app.jinja_env.globals["nearest"] = (
        my_seats.approaching
    )  # for pages of other rooms in the clients' frame
    app.jinja_env.globals["goes_together"] = together.has_place
    client = Blueprint("client", __name__)
    for place in (
        today, schedule, together, notes, seats, absences, answers, connecting, group_times, messages,
        approach, offline, *catch_up.PLACES, *me.PLACES, *make_ups.PLACES, *sharing.PLACES,
    ):  # fmt: skip
        client.register_blueprint(place.pages)
    app.register_blueprint(client)
