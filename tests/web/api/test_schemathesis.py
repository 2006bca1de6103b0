"""Schemathesis reads the API's document and makes every call with valid and invalid input; all its checks hold.

A little here on each run; much more with SCHEMATHESIS_EXAMPLES=200.
"""

import os
import uuid

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from tests.web.api.operations import Operation, operations
from webapp.operations import heartbeats

KEY = "Idempotency-Key"
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_every_call_keeps_to_the_document(
    app, call, task, database, clock, operation: Operation
) -> None:
    with database.writing() as store:
        heartbeats.beat(store, "worker", clock.now())
        store.commit()
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    asked = document[operation.path][operation.method]
    headers = {"Authorization": f"Bearer {call.token}", "Accept-Encoding": "identity"}

    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers)

    def ask_once(case: schemathesis.Case) -> None:
        """A key of its own for each intent, as the document asks for; the same key twice is another test's matter."""
        if KEY in case.headers:
            case.headers[KEY] = str(uuid.uuid4())
        ask(case)

    asking = [ask_with(ask_once, asked.as_strategy(generation_mode=GenerationMode.POSITIVE))]
    if operation.parameters("path") or operation.parameters("query") or operation.example:
        asking.append(ask_with(ask, asked.as_strategy(generation_mode=GenerationMode.NEGATIVE)))
    for run in asking:
        run()


def ask_with(ask, cases):
    """`ask` with so many of `cases`, the same on every run."""
    bounded = settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return bounded(given(case=cases)(ask))
