"""Freeing the native backend's connections where their event loop does not, or not here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cds_eks.backend.native_loop import Shared


def free_all(shared: Shared) -> bool:
    """Close all idle connections of an event loop, on any thread, and return whether there were any."""
    if shared.process != os.getpid():  # a child's copies; what it does to the sockets it would do to the parent's
        return False
    had_any, loop = bool(shared.idle), shared.loop
    if loop.is_running() and not _is_here(loop):
        with contextlib.suppress(RuntimeError):  # it ends just now; its transports are freed as garbage then
            loop.call_soon_threadsafe(_close_all, shared)
    else:
        _close_all(shared)
    return had_any


def _is_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _close_all(shared: Shared) -> None:
    while shared.idle:
        shared.idle.popitem()[0].close()


def free(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    """Close a transport of an event loop that does not run.

    `abort` would leave its socket to the loop's next round, which may never come. What that would call has no public
    name; where it has another one, the connection at least ends, and the socket is left to the garbage collector.
    """
    finish = getattr(transport, "_call_connection_lost", None)
    if finish is not None and (loop.is_closed() or not transport.is_closing()):
        transport.pause_reading()
        with contextlib.suppress(RuntimeError):  # of a handshake, of whose end nobody can be told
            finish(None)
        return
    if loop.is_closed():  # uvloop's has closed all sockets, and their descriptors may be somebody else's now
        return
    with (
        contextlib.suppress(OSError),
        socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as same,
    ):
        same.shutdown(socket.SHUT_RDWR)
    transport.abort()
