"""The log tells what happened and never about whom (S13)."""

import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog

from webapp import log

CANARY = "Canary Maya Torres"


@pytest.fixture(params=["json", "console"])
def told(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> Iterator[object]:
    """What came out on standard error; logging is put back afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    log.configure(request.param)
    yield lambda: capfd.readouterr().err
    root.handlers, root.level = before[0], before[1]
    logging.captureWarnings(False)


def test_ids_numbers_and_instants_are_told(told) -> None:
    structlog.get_logger().info(
        "seats looked at", chore="look", found=12, seat=7, due=datetime(2026, 3, 4, tzinfo=UTC)
    )
    line = told()
    assert all(part in line for part in ("seats looked at", "look", "12", "2026-03-04"))


def test_a_text_under_an_unknown_key_is_kept_back(told) -> None:
    structlog.get_logger().info("seat reported", name=CANARY, note=[CANARY], place={"a": CANARY})
    line = told()
    assert "Canary" not in line
    assert log.REDACTED in line


def test_an_error_is_told_by_type_and_place_but_not_by_message(told) -> None:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise ValueError(CANARY) from error
    except ValueError:
        structlog.get_logger().exception("chore stopped", chore="look")
    line = told()
    assert "Canary" not in line
    assert "ValueError < KeyError" in line
    assert "test_log.py" in line


def test_libraries_are_told_by_where_they_spoke(told) -> None:
    logging.getLogger("werkzeug").error("GET /seats?name=%s", CANARY)
    try:
        raise RuntimeError(CANARY)
    except RuntimeError:
        logging.getLogger("flask.app").exception(f"Exception on {CANARY}")
    warnings.warn(CANARY, stacklevel=1)
    line = told()
    assert "Canary" not in line
    assert "werkzeug" in line
    assert "RuntimeError" in line


def test_json_lines_are_json_and_carry_the_instant(capfd) -> None:
    root = logging.getLogger()
    handlers = root.handlers[:]
    log.configure("json")
    structlog.get_logger().warning("feed silent", program=3)
    root.handlers = handlers
    line = json.loads(capfd.readouterr().err)
    assert line["event"] == "feed silent"
    assert line["program"] == 3
    assert datetime.fromisoformat(line["at"]).tzinfo is not None
