"""A connection test in words for a technician: the result of each check, then the measurements."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from webapp.care.contact.connection_tests import Check, Result
from webapp.web.staff.wording.vocabulary import Word

CHECKS: dict[str, Any] = {
    Check.NETWORK: lazy_gettext("Network"),
    Check.CAMERA: lazy_gettext("Camera"),
    Check.MICROPHONE: lazy_gettext("Microphone"),
    Check.BROWSER: lazy_gettext("Browser"),
    Check.CLOCK: lazy_gettext("Clock"),
}
RESULTS: dict[str, Word] = {
    Result.GOOD: Word(lazy_gettext("good"), "help", "check"),
    Result.WEAK: Word(lazy_gettext("weak"), "wait", "info"),
    Result.BLOCKED: Word(lazy_gettext("not allowed"), "danger", "close"),
    Result.BUSY: Word(lazy_gettext("held by another app"), "danger", "close"),
    Result.MISSING: Word(lazy_gettext("missing"), "danger", "close"),
    Result.UNKNOWN: Word(lazy_gettext("not known"), "", "unsure"),
}


class Finding(NamedTuple):
    """One check and its result."""

    check: Any
    result: Word


def findings(brief: Mapping[str, Any]) -> list[Finding]:
    """The results, in the order in which to fix problems."""
    results = brief.get("self_test") or {}
    return [
        Finding(words, RESULTS[results[each]]) for each, words in CHECKS.items() if each in results
    ]


def facts(brief: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The measurements behind the findings: (name, value)."""
    return list(_facts(brief.get("facts") or {}, brief.get("round_trip")))


def _facts(measured: Mapping[str, Any], round_trip: float | None) -> Iterator[tuple[str, str]]:
    if round_trip is not None:
        trips = measured.get("round_trips") or []
        tries = (
            _(" (%(n)s tries, %(a)d to %(b)d)", n=len(trips), a=min(trips), b=max(trips))
            if len(trips) > 1
            else ""
        )
        yield _("Round trip"), _("%(ms)d ms", ms=round_trip) + tries
    if "kbit" in measured:
        yield _("Speed, down"), _("%(mbit).1f Mbit/s", mbit=measured["kbit"] / 1000)
    if "connection" in measured:
        yield _("Connection, says the browser"), measured["connection"]
    if "skew" in measured:
        yield _("Clock"), _skew(measured["skew"])
    for name, label in (("camera", _("Cameras")), ("microphone", _("Microphones"))):
        count, problem = measured.get(f"{name}s"), measured.get(f"{name}_trouble")
        parts = [
            ngettext("%(num)d found", "%(num)d found", int(count)) if count is not None else "",
            problem or "",
        ]
        if any(parts):
            yield label, " · ".join(part for part in parts if part)
    if "screen" in measured:
        yield _("Screen"), measured["screen"]
    if "agent" in measured:
        yield _("Browser"), measured["agent"]


def _skew(seconds: float) -> str:
    """How far the device's clock is from ours."""
    if abs(seconds) < 2:
        return _("right")
    words = _("%(s)d s ahead") if seconds > 0 else _("%(s)d s behind")
    return words % {"s": abs(seconds)}
