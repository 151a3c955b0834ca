"""The log of the SDK on stderr: with `--debug` all of it, else its warnings for people."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from cds_eks.cli.options import Options


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from cds_eks.cli.output.text import visible

        return visible(f"{record.levelname.lower()}: {record.name}: {record.getMessage()}")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from cds_eks.cli.output.structured import one_line

        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        return one_line(said | dict(getattr(record, "cds_eks", {})))


class _Handler(logging.Handler):
    """Writes to what stderr is now, and is replaced by the next one."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"{self.format(record)}\n")
        sys.stderr.flush()


def set_up(options: Options) -> None:
    """Send the log of `cds_eks` to stderr."""
    logger = logging.getLogger("cds_eks")
    for handler in [each for each in logger.handlers if isinstance(each, _Handler)]:
        logger.removeHandler(handler)
    handler = _Handler()
    handler.setFormatter(_Json() if options.log_format == "json" else _Text())
    is_silent = options.quiet or options.is_for_machines  # stderr has nothing but the failure, if there is one
    level = logging.DEBUG if options.debug else logging.CRITICAL + 1 if is_silent else logging.WARNING
    handler.setLevel(level)
    logger.setLevel(logging.DEBUG if options.debug else logging.WARNING)
    logger.propagate = False
    logger.addHandler(handler)
