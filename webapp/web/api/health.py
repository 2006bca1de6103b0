"""`/healthz`, `/readyz`, `/metrics`: alive; can serve and a worker beats (R5); figures for Prometheus."""

from typing import Literal

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock
from webapp.operations import heartbeats, set_aside
from webapp.web.api import figures
from webapp.web.api.contract import problems, tokens
from webapp.web.api.contract.calls import PUBLIC, call
from webapp.web.api.contract.problems import Refused
from webapp.web.api.contract.shapes import Answer
from webapp.web.page.unit_of_work import store

WORKER = "worker"

root = Blueprint("health", __name__)
"""The same three at the root, where probes look for them."""
root.register_error_handler(Refused, problems.refused)


class Alive(Answer):
    status: Literal["alive"]


class Ready(Answer):
    status: Literal["ready"]


@root.get("/healthz")
def alive() -> dict[str, str]:
    return {"status": "alive"}


@root.get("/readyz")
def ready() -> dict[str, str] | Response:
    """503 with the reason when the database can't be reached, no worker has beaten for two minutes, or a chore keeps failing."""
    try:
        store.execute(select(1))
        silent = heartbeats.silent(store, WORKER, clock.now())
        failing = [each.chore for each in set_aside.failing(store, clock.now())]
    except SQLAlchemyError:
        return problems.document(503, "not-ready", "The database can't be reached.")
    if silent:
        return problems.document(
            503, "not-ready", "No worker has said in two minutes that it lives."
        )
    if failing:
        return problems.document(503, "not-ready", f"These chores fail: {', '.join(failing)}.")
    return {"status": "ready"}


@root.get("/metrics")
def metrics() -> Response:
    tokens.require("read")
    return Response(figures.told(store, tokens.program_id(), clock.now()), mimetype="text/plain")


@call("GET", "/healthz", scope=PUBLIC, answers={200: Alive}, tag="Health")
def get_healthz():  # type: ignore[no-untyped-def]
    """The web process is alive."""
    return alive()


@call("GET", "/readyz", scope=PUBLIC, answers={200: Ready, 503: None}, tag="Health")
def get_readyz():  # type: ignore[no-untyped-def]
    """The database can be reached and a worker beats."""
    return ready()


@call("GET", "/metrics", scope="read", answers={200: None}, tag="Health")
def get_metrics():  # type: ignore[no-untyped-def]
    """The token's program in figures, in Prometheus' text format."""
    return metrics()
