"""`/healthz`: the process runs; `/readyz`: it can serve and a worker is alive (R5); `/metrics`: for Prometheus."""

from typing import Literal

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock
from webapp.operations import heartbeats, set_aside
from webapp.web.api import figures
from webapp.web.api.contract import problems, tokens
from webapp.web.api.contract.calls import PUBLIC, call
from webapp.web.api.contract.problems import RequestRefused
from webapp.web.api.contract.shapes import ResponseBody
from webapp.web.page.unit_of_work import store

WORKER = "worker"

root = Blueprint("health", __name__)
"""The same three at the root, where probes expect them."""
root.register_error_handler(RequestRefused, problems.request_refused)


class Alive(ResponseBody):
    status: Literal["alive"]


class Ready(ResponseBody):
    status: Literal["ready"]


@root.get("/healthz")
def alive() -> dict[str, str]:
    return {"status": "alive"}


@root.get("/readyz")
def ready() -> dict[str, str] | Response:
    """503 with the reason when the database can't be reached, no worker has sent a heartbeat for two minutes, or a chore keeps failing."""
    try:
        store.execute(select(1))
        silent = heartbeats.silent(store, WORKER, clock.now())
        failing = [each.chore for each in set_aside.failing(store, clock.now())]
    except SQLAlchemyError:
        return problems.response(503, "not-ready", "The database can't be reached.")
    if silent:
        return problems.response(
            503, "not-ready", "No worker has said in two minutes that it lives."
        )
    if failing:
        return problems.response(503, "not-ready", f"These chores fail: {', '.join(failing)}.")
    return {"status": "ready"}


@root.get("/metrics")
def metrics() -> Response:
    tokens.require("read")
    return Response(
        figures.prometheus_text(store, tokens.program_id(), clock.now()), mimetype="text/plain"
    )


@call("GET", "/healthz", scope=PUBLIC, responses={200: Alive}, tag="Health")
def get_healthz():  # type: ignore[no-untyped-def]
    """The web process is running."""
    return alive()


@call("GET", "/readyz", scope=PUBLIC, responses={200: Ready, 503: None}, tag="Health")
def get_readyz():  # type: ignore[no-untyped-def]
    """The database can be reached and a worker is alive."""
    return ready()


@call("GET", "/metrics", scope="read", responses={200: None}, tag="Health")
def get_metrics():  # type: ignore[no-untyped-def]
    """Metrics of the token's program, in Prometheus' text format."""
    return metrics()
