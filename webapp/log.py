"""Structured logging without personal data: opaque ids only, no names, no words of people, no query strings (S13).

A log line is an event name and values. Numbers, instants and enums pass; a text passes only under a key of `TEXT_KEYS`, whose
values come from closed sets of our own. An error is told by its type and the lines it passed through, never by its
message, which may quote a person. A library's message is replaced by where it was logged, unless the library is known to
log no personal data.

    log = structlog.get_logger()
    log.info("seats looked at", chore="look", found=12, ms=31)
"""

import logging
import sys
import threading
import traceback
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from webapp import clock

TEXT_KEYS = frozenset(
    {
        "channel", "chore", "database", "endpoint", "error", "event", "hash", "kind", "level", "logger",
        "method", "outcome", "reason", "request", "rung", "setting", "subject", "tag", "verb", "version", "where",
    }
)  # fmt: skip
"""Keys that may hold text. Add one only if its values are words of ours, never of people."""

SAFE_LIBRARIES = ("granian", "_granian", "alembic")
"""Libraries whose messages hold no personal data: listening addresses, names of migrations."""

REDACTED = "(kept back)"
_PLAIN = (bool, int, float, date, timedelta, UUID, Enum, type(None))


def configure(log_format: str, *, level: int = logging.INFO) -> None:
    """Send our log lines and those of libraries to standard error, as `json` or for a `console`."""
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
    ]
    both: list[Processor] = [stamp, without_message, redact]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level, location_only, *both],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _renderer(log_format),
        ],
    )
    handler = StandardError()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("webapp", "granian", "_granian"):
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a failing log line would print its arguments
    structlog.configure(
        processors=[*ours, *both, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_ours,
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


class StandardError(logging.Handler):
    """Writes to the current `sys.stderr`, which tests replace."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except (OSError, ValueError):
            self.handleError(record)


def stamp(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Add the instant, UTC."""
    line["at"] = clock.now()
    return line


def without_message(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """An error's type and the lines it passed through, in place of its message."""
    told = line.pop("exc_info", None)
    line.pop("stack_info", None)
    if told is True:
        told = sys.exc_info()
    error = told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        line["error"] = " < ".join(type(each).__qualname__ for each in _causes(error))
        line["where"] = " > ".join(
            f"{_place(frame.filename)}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
        )
    return line


def place_of(error: BaseException) -> str:
    """An error's class, and the line of ours that it passed through last: `ValueError at webapp/care/schedule/series.py:62`. Nothing of
    its message."""
    frames = [
        _place(f.filename) + f":{f.lineno}" for f in traceback.extract_tb(error.__traceback__)
    ]
    ours = [frame for frame in frames if frame.startswith("webapp/")] or frames or ["?"]
    return f"{type(error).__qualname__} at {ours[-1]}"


def redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Replace every value that could hold somebody's words."""
    for key, value in line.items():
        if key.startswith("_") or (isinstance(value, str) and key in TEXT_KEYS):
            continue
        if not isinstance(value, _PLAIN):
            line[key] = REDACTED
        elif isinstance(value, Enum):
            line[key] = value.value
        elif isinstance(value, date | timedelta | UUID):
            line[key] = value.isoformat() if isinstance(value, date) else str(value)
    return line


def location_only(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Replace a library's message by where it was logged."""
    record: logging.LogRecord = line["_record"]
    line["logger"] = record.name
    if record.name.partition(".")[0] not in SAFE_LIBRARIES:
        line["event"] = "a library spoke"
        line["where"] = f"{_place(record.pathname)}:{record.lineno}"
    return line


def _place(path: str) -> str:
    """A source file's path relative to the package, so that no path of this machine is logged."""
    return path.rpartition("site-packages/")[2].removeprefix(f"{Path(__file__).parent.parent}/")


def _renderer(log_format: str) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="at")


def _ours(*_names: Any) -> logging.Logger:
    return logging.getLogger("webapp")


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    structlog.get_logger().critical("stopped by an error", exc_info=(kind, error, trace))
