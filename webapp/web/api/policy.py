"""`GET /policy`, `PUT /policy`: the durations and thresholds of the ladder."""

from typing import Annotated

from pydantic import Field

from webapp import clock
from webapp.care.directory import programs
from webapp.care.directory.policy import Policy
from webapp.web.api.contract import tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import Duration, RequestBody, Text, Whole
from webapp.web.page.unit_of_work import store

ClockTime = Annotated[str, Text(5, least=5, pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class PatternsBody(RequestBody):
    misses: Whole = Field(3, ge=1, le=1000)
    misses_within: Duration = "P14D"
    same_slot: Whole = Field(3, ge=1, le=1000)
    same_slot_of: Whole = Field(4, ge=1, le=1000)
    technical: Whole = Field(2, ge=1, le=1000)
    technical_within: Duration = "P14D"
    falling_weeks: Whole = Field(3, ge=1, le=1000)
    short_notice: Whole = Field(3, ge=1, le=1000)
    together: Whole = Field(2, ge=1, le=1000)
    under_plan_weeks: Whole = Field(2, ge=1, le=1000)


class PolicyBody(RequestBody):
    """Offsets from the start, and thresholds. Fields left out have their defaults."""

    heads_up: Duration = "-PT24H"
    soon: Duration = "-PT1H"
    doors_open: Duration = "-PT10M"
    first_check: Duration = "PT5M"
    second_check: Duration = "PT20M"
    outreach: Duration = "PT60M"
    outreach_due: Duration = "PT60M"
    escalate_after: Whole = Field(2, ge=1, le=1000)
    early_notice: Duration = "PT24H"
    excused_allowance: Whole = Field(4, ge=0, le=1000)
    attended_share: float = Field(0.5, gt=0, le=1)
    make_up_within: Duration = "P14D"
    weekly_hours: float = Field(9, gt=0, le=168)
    quiet_hours: list[ClockTime] | None = Field(["21:00", "08:00"], min_length=2, max_length=2)
    corrections_within: Duration = "P90D"
    missed_fee: Annotated[str, Text(12, pattern=r"^[0-9]{1,5}(\.[0-9]{1,2})?$")] | None = None
    patterns: PatternsBody = PatternsBody.model_validate({})


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
    fields = body.model_dump(exclude_unset=True)
    before = _current()
    wanted = programs.read_policy(fields)
    if wanted != before:
        programs.change_policy(store, tokens.program(), fields, by=tokens.actor(), now=clock.now())
    return wanted.to_json()


def _current() -> Policy:
    return tokens.program().policies[-1].policy
