"""What is logged: facts from a list, and nothing else."""

from __future__ import annotations

import logging
from typing import Any

FACTS = (
    "attempt",
    "attempts",
    "error",
    "code",
    "http_status",
    "request_id",
    "call_id",
    "outcome",
    "elapsed",
    "wait",
    "reason",
    "item",
    "state",
    "ids",
)
"""What may be logged beside the operation's name. URLs, headers, bodies, arguments and the service's texts are not
here, and what is not here is not logged, whoever asks for it."""


def log(logger: logging.Logger, level: int, action: str, event: str, **facts: Any) -> None:
    """Log an event of a call, as a line for people and as data for formatters that write fields.

    Args:
        logger: One under `cds_eks`.
        level: Of `logging`.
        action: The operation's name.
        event: What happened, in a word or two.
        facts: What is known of it; only those of `FACTS` are kept, and None is left out.
    """
    if not logger.isEnabledFor(level):
        return
    known = {name: facts[name] for name in FACTS if facts.get(name) is not None}
    logger.log(
        level,
        "%s %s: %s",
        action,
        event,
        ", ".join(f"{name}={value}" for name, value in known.items()),
        extra={"cds_eks": {"action": action, "event": event, **known}},
        stacklevel=2,
    )
