"""How statuses of all kinds of resources are read. Pure."""

from __future__ import annotations

import re

LEAVING = ("delet", "destroy", "remov", "releas", "terminat")
"""Parts of the words for something that is being deleted."""

_FILLERS = re.compile(r"[-_\s]+")


def normal(status: str | None) -> str:
    """Return a status without what does not matter: its case, dashes, underscores and spaces."""
    return _FILLERS.sub("", (status or "").casefold())


def is_failure(status: str | None) -> bool:
    """Whether a status says that something went wrong."""
    plain = normal(status)
    return "error" in plain or "fail" in plain


def is_leaving(status: str | None) -> bool:
    """Whether a status says that something is being deleted."""
    plain = normal(status)
    return not is_failure(status) and any(word in plain for word in LEAVING)
