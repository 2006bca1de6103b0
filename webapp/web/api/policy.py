"""`GET /policy`, `PUT /policy`: the durations and thresholds of the ladder."""

from typing import Any

from pydantic import field_validator, model_validator

from webapp import clock
from webapp.care.directory import programs
from webapp.care.directory.policy import Policy
from webapp.web.api.contract import tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import whole
from webapp.web.page.unit_of_work import store


class PolicyBody(Policy):
    """Offsets from the start, and thresholds. Fields left out have their defaults."""

    @model_validator(mode="before")
    @classmethod
    def whole_numbers(cls, body: Any) -> Any:
        return _whole(body)

    @field_validator("missed_fee", mode="before")
    @classmethod
    def amount_as_text(cls, amount: Any) -> Any:
        if amount is not None and not isinstance(amount, str):
            raise ValueError('Write an amount as text, like "25.00", or null for no fee.')
        return amount


@call("GET", "/policy", scope="read", responses={200: PolicyBody}, tag="Policy")
def get_policy():  # type: ignore[no-untyped-def]
    """The policy for sessions that start from now on."""
    return _current().to_json()


@call(
    "PUT", "/policy", scope="roster", responses={200: PolicyBody}, tag="Policy",
    example={"second_check": "PT15M", "outreach": "PT45M"},
)  # fmt: skip
def put_policy(body: PolicyBody):  # type: ignore[no-untyped-def]
    """Set the policy for sessions that start from now on, as a new version. Fields left out have their defaults. The same policy
    again makes no version."""
    fields = body.model_dump(mode="json", exclude_unset=True)
    before = _current()
    wanted = Policy.from_json(fields)
    if wanted != before:
        programs.change_policy(store, tokens.program(), fields, by=tokens.actor(), now=clock.now())
    return wanted.to_json()


def _current() -> Policy:
    return tokens.program().policies[-1].policy


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 10.0 is a whole one."""
    return {k: _whole(v) for k, v in value.items()} if isinstance(value, dict) else whole(value)
