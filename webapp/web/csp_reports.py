"""`POST /reports/policy`: where browsers say what our content security policy kept them from (S7).

Open to everyone, for a sign-in page may break too; so it believes nothing: small bodies, few a minute from one address, a
closed list of words, and nothing of the page's own kept. The answer is the same whatever came.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from webapp import clock
from webapp.operations import csp_reports, rate_limits
from webapp.operations.rate_limits import Rate, TooMany
from webapp.web.page.attempts import caller_address
from webapp.web.page.guard import blueprint_checks_access_itself
from webapp.web.page.unit_of_work import store

PATH = "/reports/policy"
LARGEST = 16 * 1024
"""Bytes of a body; a browser's report is about one thousand."""
MOST = 20
"""Reports read of one body."""
RATE = Rate("policy-report", 30, timedelta(seconds=10))
RULE = re.compile(r"[a-z]+(-[a-z]+){0,3}")

reports = Blueprint("policy_reports", __name__)
blueprint_checks_access_itself(reports.name)


@reports.post(PATH)
def take() -> ResponseReturnValue:
    """Count what a browser reports, in either of the two formats that browsers send."""
    told = [*_told()]
    if told:
        now = clock.now()
        try:
            rate_limits.spend(store, RATE, caller_address(), now=now)
        except TooMany as refusal:
            return "", 429, {"Retry-After": str(refusal.retry_after)}
        for rule, blocked, page in told[:MOST]:
            csp_reports.count(store, rule, blocked, page, now=now)
        store.commit()
    return "", 204


def _told() -> Iterator[tuple[str, str, str]]:
    if (request.content_length or 0) > LARGEST:
        return
    try:
        given = json.loads(request.get_data(cache=False)[:LARGEST])
    except (ValueError, RecursionError):
        return
    for one in given if isinstance(given, list) else [given]:
        body = one.get("csp-report") or one.get("body") if isinstance(one, dict) else None
        if isinstance(body, dict):
            rule = _word(body, "effectiveDirective", "effective-directive", "violated-directive")
            if RULE.fullmatch(rule) and len(rule) <= 40:
                page = _endpoint(_word(body, "documentURL", "document-uri"))
                yield rule, _kind(_word(body, "blockedURL", "blocked-uri")), page


def _word(body: dict[str, Any], *names: str) -> str:
    found = next((body[name] for name in names if isinstance(body.get(name), str)), "")
    return str(found)


def _kind(blocked: str) -> str:
    """What was asked for, in one of five words."""
    if blocked in ("inline", "eval", "wasm-eval", "trusted-types-sink", "trusted-types-policy"):
        return "eval" if "eval" in blocked else "inline"
    if blocked.startswith("data"):
        return "data"
    host = blocked[:2000].partition("://")[2].partition("/")[0]
    return "self" if host == request.host else "elsewhere"


def _endpoint(address: str) -> str:
    """Which kind of page it was; never which one."""
    try:
        parts = urlsplit(address[:2000])
        if parts.netloc != request.host:
            return "elsewhere"
        found, _ = current_app.url_map.bind(request.host).match(parts.path, method="GET")
    except (ValueError, HTTPException):
        return "unknown"
    return str(found)
