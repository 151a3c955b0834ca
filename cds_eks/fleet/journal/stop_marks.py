"""The marks by which a journal tells runners to stop: one for all of them, and one for those of each launch. Pure."""

from __future__ import annotations

import secrets

ALL = "stop"
"""The mark that stops all runners; its name as in journals of any version."""
ENTRY_OF_LAUNCH = "launch {}"
"""How the audit names the launch whose runners are told to stop, in place of a runner."""
OUTDATED = 30 * 86400.0
"""After how many seconds a launch has no runner left that may begin late."""


def new_launch(began: float) -> str:
    """Return the name of a launch, which no other has. It begins with the launch's time, by the journal's clock."""
    return f"{_sortable(began)}-{secrets.token_hex(8)}"


def mark_of(launch: str | None) -> str:
    """Return the mark that stops the runners of a launch; without one, that which stops all."""
    return ALL if launch is None else f"{ALL}:{launch}"


def outdated(now: float) -> tuple[str, str]:
    """Return what marks lie between, byte by byte, that were left by launches so long ago that nobody needs them."""
    return mark_of(""), mark_of(_sortable(now - OUTDATED))


def _sortable(seconds: float) -> str:
    return f"{max(0, int(seconds)):012d}"
