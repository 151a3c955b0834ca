"""Which process this is, told without asking the system: every call wants to know."""

from __future__ import annotations

import os

_generation = 0


def generation() -> int:
    """Return a number that is another one in a forked child than in its parent."""
    return _generation


def _after_fork_in_child() -> None:
    global _generation
    _generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
