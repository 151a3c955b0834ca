"""Which process this is, told without asking the system: every call wants to know."""

from __future__ import annotations

import os

generation = 0
"""A number that is another one in a forked child than in its parent."""


def _after_fork_in_child() -> None:
    global generation
    generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
