"""The log of the SDK on stderr: with `--debug` all of it, else its warnings for people."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from cds_eks._runtime import clocks
from cds_eks.cli.options import Options
from cds_eks.cli.streams import write_err


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from cds_eks.cli.output.text import visible

        return visible(f"{record.levelname.lower()}: {record.name}: {record.getMessage()}")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = dict(getattr(record, "cds_eks", {}))
        return json_line(record.levelname.lower(), record.getMessage(), record.created, logger=record.name, **facts)


def json_line(level: str, message: str, at: float | None = None, **facts: Any) -> str:
    """Return a line of the log in JSON.

    Args:
        level: How grave it is.
        message: What is told, for people.
        at: When it was, in seconds since the epoch; None for now.
        facts: The same, for programs.
    """
    from cds_eks.cli.output.structured import one_line

    time = datetime.fromtimestamp(clocks.wall() if at is None else at, UTC)
    return one_line({"time": time.isoformat(timespec="milliseconds"), "level": level, "message": message, **facts})


def _is_no_open_create(record: logging.LogRecord) -> bool:
    """Whether a record is not that of a create whose outcome is open: the failure tells of it, and what to do."""
    return getattr(record, "cds_eks", {}).get("event") != "ended, and its outcome is unknown"


class _Handler(logging.Handler):
    """Writes to what stderr is now, and is replaced by the next one."""

    def emit(self, record: logging.LogRecord) -> None:
        write_err(f"{self.format(record)}\n")


@contextlib.contextmanager
def without(is_told: Callable[[logging.LogRecord], bool]) -> Iterator[None]:
    """Leave out warnings of what a command tells itself; with `--debug` they are there."""

    def is_wanted(record: logging.LogRecord) -> bool:
        return handler.level < logging.WARNING or not is_told(record)

    handler = next(each for each in logging.getLogger("cds_eks").handlers if isinstance(each, _Handler))
    handler.addFilter(is_wanted)
    try:
        yield
    finally:
        handler.removeFilter(is_wanted)


_before: list[tuple[int, bool]] = []
"""The level of the logger and whether it propagates, as a program has set it that runs a command within."""


def restore() -> None:
    """Leave the log as it was before the command."""
    logger = logging.getLogger("cds_eks")
    for handler in [each for each in logger.handlers if isinstance(each, _Handler)]:
        logger.removeHandler(handler)
    while _before:
        logger.level, logger.propagate = _before.pop()
        logger.setLevel(logger.level)  # which clears what loggers remember of it


def set_up(options: Options) -> None:
    """Send the log of `cds_eks` to stderr."""
    restore()
    logger = logging.getLogger("cds_eks")
    _before.append((logger.level, logger.propagate))
    handler = _Handler()
    handler.setFormatter(_Json() if options.log_format == "json" else _Text())
    is_silent = options.quiet or options.is_for_machines  # stderr has nothing but the failure, if there is one
    level = logging.DEBUG if options.debug else logging.CRITICAL + 1 if is_silent else logging.WARNING
    handler.setLevel(level)
    if not options.debug:
        handler.addFilter(_is_no_open_create)
    logger.setLevel(logging.DEBUG if options.debug else logging.WARNING)
    logger.propagate = False
    logger.addHandler(handler)
