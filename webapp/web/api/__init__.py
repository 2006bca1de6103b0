"""The JSON API, `/api/v1`: other systems send rosters and attendance, and read the results. `contract/` is what all calls share."""

from flask_openapi3.openapi import OpenAPI

from webapp.web.api import (
    absences,
    care_teams,
    catch_up,
    charts,
    contacts,
    couples,
    events,
    guests,
    health,
    people,
    policy,
    presence,
    seats,
    series,
    sessions,
    tasks,
)  # fmt: skip
from webapp.web.api.contract import calls, document, problems
from webapp.web.api.hooks import sms, zoom
from webapp.web.page import errors, guard

MODULES = (
    people, couples, care_teams, series, sessions, presence, guests, absences, contacts, seats, tasks,
    events, policy, charts, catch_up, health, zoom, document,
)  # fmt: skip
"""Importing a module declares its calls."""


def register(app: OpenAPI) -> None:
    """Add the API to the app: its calls, its error responses, and tokens instead of cookies."""
    for blueprint in (calls.api, health.root, sms.root):
        guard.blueprint_checks_access_itself(blueprint.name)
    errors.render_errors_below(app, "/api/", problems.error_response)
    app.validation_error_callback = problems.validation_error
    app.register_api(calls.api)
    app.register_blueprint(health.root)
    app.register_blueprint(sms.root)
