"""Which process this is, told without asking the system, and what a fork must not interrupt."""

from __future__ import annotations

import os
from _thread import RLock  # that of `threading`, which takes its time to import

generation = 0
"""A number that is another one in a forked child than in its parent."""

first_use = RLock()
"""Held while something is loaded that is used for the first time: a module, or certificates.

A fork waits for it. A child that comes in the middle inherits locks (of imports, of OpenSSL) that nobody will release.
"""

PATIENCE = 5.0
"""How many seconds a fork waits for that at the most."""

_is_held = False


def _before_fork() -> None:
    global _is_held
    _is_held = first_use.acquire(timeout=PATIENCE)


def _after_fork_in_parent() -> None:
    if _is_held:
        first_use.release()


def _after_fork_in_child() -> None:
    global generation, first_use
    generation += 1
    first_use = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
