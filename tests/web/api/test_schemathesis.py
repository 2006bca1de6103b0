"""Schemathesis reads the document and asks every call with what fits it and what does not; all its checks hold.

A little here on each run; much more with SCHEMATHESIS_EXAMPLES=200.
"""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from tests.web.api.operations import Operation, operations

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_every_call_keeps_to_the_document(app, call, task, operation: Operation) -> None:
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    asked = document[operation.path][operation.method]
    headers = {"Authorization": f"Bearer {call.token}"}

    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers)

    fits = asked.as_strategy(generation_mode=GenerationMode.POSITIVE)
    asking = [ask_with(ask, fits)]
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
