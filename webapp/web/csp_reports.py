"""`POST /reports/policy`: receives browsers' reports of violations of our content security policy (S7).

Open to everyone, because the sign-in page may have violations too; so reports are not trusted: small bodies, few a minute from one
address, a closed list of words, and no content of the page stored. The response is the same whatever was sent.
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
"""Largest body in bytes; a browser's report has about one thousand."""
MOST = 20
"""Reports counted of one body."""
RATE = Rate("policy-report", 30, timedelta(seconds=10))
RULE = re.compile(r"[a-z]+(-[a-z]+){0,3}")

reports = Blueprint("policy_reports", __name__)
blueprint_checks_access_itself(reports.name)


@reports.post(PATH)
def take() -> ResponseReturnValue:
    """Count the reported violations, in either of the two formats that browsers send."""
    violations = [*_violations()]
    if violations:
        now = clock.now()
        try:
            rate_limits.spend(store, RATE, caller_address(), now=now)
        except TooMany as refusal:
            return "", 429, {"Retry-After": str(refusal.retry_after)}
        for rule, blocked, page in violations[:MOST]:
            csp_reports.count(store, rule, blocked, page, now=now)
        store.commit()
    return "", 204


def _violations() -> Iterator[tuple[str, str, str]]:
    if (request.content_length or 0) > LARGEST:
        return
    try:
        body = json.loads(request.get_data(cache=False)[:LARGEST])
    except (ValueError, RecursionError):
        return
    for each in body if isinstance(body, list) else [body]:
        report = each.get("csp-report") or each.get("body") if isinstance(each, dict) else None
        if isinstance(report, dict):
            rule = _text(report, "effectiveDirective", "effective-directive", "violated-directive")
            if RULE.fullmatch(rule) and len(rule) <= 40:
                page = _endpoint(_text(report, "documentURL", "document-uri"))
                yield rule, _kind(_text(report, "blockedURL", "blocked-uri")), page


def _text(report: dict[str, Any], *names: str) -> str:
    text = next((report[name] for name in names if isinstance(report.get(name), str)), "")
    return str(text)


def _kind(blocked: str) -> str:
    """What was blocked: inline, eval, data, self or elsewhere."""
    if blocked in ("inline", "eval", "wasm-eval", "trusted-types-sink", "trusted-types-policy"):
        return "eval" if "eval" in blocked else "inline"
    if blocked.startswith("data"):
        return "data"
    host = blocked[:2000].partition("://")[2].partition("/")[0]
    return "self" if host == request.host else "elsewhere"


def _endpoint(address: str) -> str:
    """The endpoint of the page, which names the kind of page and never its address."""
    try:
        parts = urlsplit(address[:2000])
        if parts.netloc != request.host:
            return "elsewhere"
        endpoint, _ = current_app.url_map.bind(request.host).match(parts.path, method="GET")
    except (ValueError, HTTPException):
        return "unknown"
    return str(endpoint)
