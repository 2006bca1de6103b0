"""Orientation: how attendance works here, in plain words; read once, again when it changes, and whenever one likes (M11)."""

from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from webapp import clock
from webapp.care.directory import programs
from webapp.care.directory.permissions import Permission
from webapp.care.preferences import policy_acknowledgements as orientations
from webapp.web.account import context
from webapp.web.account.context import account
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.sign_in import home

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@account.get("/orientation")
@needs(Permission.REPORT_ABSENCE)
def orientation() -> ResponseReturnValue:
    """The policy in force. Nothing is asked of who only looks."""
    person, now = context.person(), clock.now()
    version = programs.version_at(store, person.program_id, now)
    read = orientations.last_of(store, person)
    policy = version.policy
    return render_template(
        "account/orientation.html", place="me", policy=policy, version=version, read=read,
        due=orientations.due(store, person, now), onward=home(person), **_spoken(policy),
    )  # fmt: skip


@account.post("/orientation")
@needs(Permission.REPORT_ABSENCE)
def acknowledge() -> ResponseReturnValue:
    """They have read it. A version that came meanwhile is shown first."""
    person, now = context.person(), clock.now()
    version = programs.version_at(store, person.program_id, now)
    if request.form.get("version") != str(version.version):
        return redirect("/orientation", 303)
    orientations.acknowledge(store, person, version, by=person, now=now)
    store.commit()
    return redirect(home(person), 303)


def _span(long: timedelta) -> str:
    """Whole, never rounded: 36 hours are no two days."""
    if long >= 2 * DAY and not long % DAY:
        return str(ngettext("%(num)s day", "%(num)s days", long // DAY))
    if not long % HOUR:
        return str(ngettext("%(num)s hour", "%(num)s hours", long // HOUR))
    return str(ngettext("%(num)s minute", "%(num)s minutes", long // MINUTE))


def _spoken(policy: Any) -> dict[str, str]:
    """Numbers as people say them."""
    share = policy.attended_share
    return {
        "hours": f"{policy.weekly_hours:g}",
        "half": "" if share == 0.5 else f"{share:.0%}",
        "notice": _span(policy.early_notice),
        "within": _span(policy.make_up_within),
        "fee": f"{policy.missed_fee:.2f}" if policy.missed_fee else "",
    }
