"""S13: whatever goes wrong on whatever route, nothing about a person reaches the log."""

import logging
import re
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.visiting import Visit
from webapp import log

CANARY = "CanaryMayaTorres"


class Raised(RuntimeError):
    """Quotes a person, as errors of libraries do."""


@pytest.fixture
def spoken(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Standard output and error of everything that happens, logged as in production."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    log.configure("json")
    yield capfd
    root.handlers, root.level = before[0], before[1]
    logging.captureWarnings(False)


def broken(*_args: object, **_values: object) -> str:
    raise Raised(f"no such person: {CANARY}")


def paths(app: Flask) -> Iterator[tuple[str, str]]:
    """A path and a method for every route; texts in paths are canaries too."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(\w+:)?\w+>", lambda part: "1" if part[1] == "int:" else CANARY, rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield path, method


def test_no_word_of_a_person_is_logged_when_every_route_fails(
    app: Flask, world, visit, spoken: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors: list[Visit] = [visit(world.maya), visit(world.carla), visit()]
    routes = list(paths(app))
    for endpoint in list(app.view_functions):
        guard = getattr(app.view_functions[endpoint], "guarded_by", None)
        replacement = lambda *args, **values: broken(*args, **values)  # noqa: E731
        replacement.guarded_by = guard
        monkeypatch.setitem(app.view_functions, endpoint, replacement)
    monkeypatch.setattr(app, "testing", False)
    failed = 0
    for visitor in visitors:
        headers = {
            "X-CSRFToken": visitor.csrf_token(),
            "User-Agent": CANARY,
            "Referer": f"http://localhost/{CANARY}",
        }
        for path, method in routes:
            answer = visitor.client.open(
                path,
                method=method,
                query_string={"q": CANARY},
                headers=headers,
                data={"note": CANARY},
            )
            failed += answer.status_code == 500
            assert CANARY not in answer.text or answer.status_code < 500, (
                f"{method} {path} told the visitor"
            )
    told = spoken.readouterr()
    assert failed > len(routes) / 2, "hardly any route failed: this proves little"
    assert '"error": "Raised"' in told.err
    assert CANARY not in told.err + told.out


def test_no_word_of_a_person_is_logged_in_ordinary_use(
    app: Flask, world, visit, spoken: pytest.CaptureFixture[str]
) -> None:
    for visitor in (visit(world.maya), visit(world.carla), visit()):
        for path, method in paths(app):
            if method == "GET":
                visitor.client.get(path, query_string={"q": CANARY}, headers={"User-Agent": CANARY})
    told = spoken.readouterr()
    assert CANARY not in told.err + told.out
