"""Reported violations of our content security policy (S7), by kind with counts, for those who run the program."""

import re

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.operations import csp_reports
from webapp.refusals import N_
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import page

refused_by_browsers = Blueprint("refused_by_browsers", __name__)
WHAT = {
    "inline": N_("Code written into the page"),
    "eval": N_("Text run as code"),
    "data": N_("Something carried inside the page"),
    "self": N_("Something of ours, where it does not belong"),
    "elsewhere": N_("Something from another site"),
    "other": N_("More kinds than are kept apart"),
}
WHERE = {
    "elsewhere": N_("not a page of ours"),
    "unknown": N_("no page we know"),
    "other": N_("several pages"),
}


@refused_by_browsers.get("/refused-by-browsers")
@needs(Permission.ADMINISTER)
def show() -> ResponseReturnValue:
    """Each kind with its count, first and last time. For the whole installation: a report names no program and no person."""
    now = clock.now()
    kinds = [
        (_(WHAT.get(each.blocked, WHAT["other"])), _where(each.page), each)
        for each in csp_reports.kinds(store, now)
    ]
    return page(
        "staff/privacy/refused_by_browsers.html", place="timeliness", kinds=kinds,
        days=csp_reports.KEPT_FOR.days,
    )  # fmt: skip


def _where(endpoint: str) -> str:
    """The page as an address pattern, like `/seats/…/absence`."""
    if endpoint in WHERE:
        return _(WHERE[endpoint])
    rules = (
        current_app.url_map.iter_rules(endpoint) if endpoint in current_app.view_functions else ()
    )
    return next((re.sub(r"<[^>]+>", "…", rule.rule) for rule in rules), endpoint)
