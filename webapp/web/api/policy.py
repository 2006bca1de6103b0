"""`GET /policy`, `PUT /policy`: the ladder's durations and thresholds."""

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
    """Offsets from the start and thresholds. What is left out has its default."""

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


@call("GET", "/policy", scope="read", answers={200: PolicyBody}, tag="Policy")
def get_policy():  # type: ignore[no-untyped-def]
    """The policy for sessions that start from now on."""
    return _current().to_json()


@call(
    "PUT", "/policy", scope="roster", answers={200: PolicyBody}, tag="Policy",
    example={"second_check": "PT15M", "outreach": "PT45M"},
)  # fmt: skip
def put_policy(body: PolicyBody):  # type: ignore[no-untyped-def]
    """A new version of the policy, for sessions that start after this instant. Fields left out have their defaults. The same policy again
    makes no version."""
    given = body.model_dump(mode="json", exclude_unset=True)
    before = _current()
    made = Policy.from_json(given)
    if made != before:
        programs.change_policy(store, tokens.program(), given, by=tokens.actor(), now=clock.now())
    return made.to_json()


def _current() -> Policy:
    return tokens.program().policies[-1].policy


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 10.0 is a whole one."""
    return {k: _whole(v) for k, v in value.items()} if isinstance(value, dict) else whole(value)
