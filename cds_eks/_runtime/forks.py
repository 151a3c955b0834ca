"""Which process this is, and locks that a forked child does not inherit.

Not every fork runs what `os.register_at_fork` registers: uWSGI, and other programs in C, call `fork` themselves.
"""

from __future__ import annotations

import itertools
import mmap
import os
import sys
from _thread import RLock  # that of `threading`, which takes its time to import

ACQUIRE_TIMEOUT = 5.0
"""How many seconds a fork waits for what is used for the first time, at the most."""

_WIPE_ON_FORK = 18  # MADV_WIPEONFORK of Linux 4.14, which `mmap` has no name for


def _make_mark() -> mmap.mmap | bytes:
    """Return what tells of a fork without a system call: a byte that is 0 in a child, however it was forked.

    The kernel fills the page with zeros in each child. Where it does not, the byte is always 0.
    """
    if sys.platform == "linux":  # pragma: no branch
        try:
            page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            page.madvise(_WIPE_ON_FORK)
        except OSError:  # the kernel is too old, or lets nobody have a page
            return b"\0"
        try:
            page.madvise(-1)  # what accepts any advice, as QEMU did, acts on none
        except OSError:
            return page
    return b"\0"


_mark = _make_mark()
_latest = (0, 0)  # the process id, and the number, of the process that asked last
_numbers: dict[int, int] = {}  # by process id
_next = itertools.count(1).__next__


def process() -> int:
    """Return a number that is another one in a forked child than in its parent."""
    return _latest[1] if _mark[0] else _looked_up()


def _looked_up() -> int:
    global _latest
    pid = os.getpid()
    latest_pid, number = _latest
    if latest_pid != pid:
        number = _numbers.get(pid) or _numbers.setdefault(pid, _next())  # at once, whatever threads do meanwhile
        _latest = pid, number
    if isinstance(_mark, mmap.mmap):
        _mark[0] = 1
        if os.getpid() != pid:  # a signal handler has forked meanwhile
            _mark[0] = 0
            return _looked_up()
    return number


class Lock:
    """A re-entrant lock of which each process has its own: no child waits for a thread that only its parent has."""

    def __init__(self) -> None:
        self._locks: dict[int, RLock] = {}

    def of_this_process(self) -> RLock:
        """Return the lock of this process, to be used in `with`."""
        number = process()
        return self._locks.get(number) or self._locks.setdefault(number, RLock())


first_use: Lock = Lock()
"""Held while something is loaded that is used for the first time: a module, or certificates.

A fork waits for it. A child that comes in the middle inherits locks (of imports, of OpenSSL) that nobody will release.
"""

_is_held = False


def _before_fork() -> None:
    global _is_held
    _is_held = first_use.of_this_process().acquire(timeout=ACQUIRE_TIMEOUT)


def _after_fork_in_parent() -> None:
    if _is_held:
        first_use.of_this_process().release()


def _after_fork_in_child() -> None:
    global _latest
    _numbers.clear()  # should the child have the process id of an ancestor
    _latest = (0, 0)
    if isinstance(_mark, mmap.mmap):  # pragma: no branch - the kernel has done so
        _mark[0] = 0


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
