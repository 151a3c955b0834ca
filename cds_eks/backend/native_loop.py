"""What the native backend's connections of one event loop share, and how they are freed when it does not run."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import socket
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from cds_eks._runtime import private_names
from cds_eks.backend.native_request import CHUNK_SIZE

if TYPE_CHECKING:
    from cds_eks.backend.native_connection import NativeConnection

T = TypeVar("T")

MOST_AT_ONCE = 256
"""How many requests wait to be sent together, so that the server has something to do while thousands are made."""


def _room() -> memoryview:
    return memoryview(bytearray(CHUNK_SIZE))


@attrs.frozen(eq=False)
class LoopState:
    """What the connections of one event loop share.

    Attributes:
        loop: The event loop.
        idle: The pool's idle connections. One that is closed takes itself out.
        outbox: The connections that have a request to send.
        tasks: What opens connections.
        received: Where each socket is read into. What is there is used at once, so one is enough for all.
        decrypted: The same, behind TLS.
        context: An empty one, in which connections live: what lasts would keep what the call that began it had in its.
        process: Whose they are; in a forked child they still are its parent's.
    """

    loop: asyncio.AbstractEventLoop
    idle: dict[NativeConnection, float] = attrs.field(factory=dict)
    outbox: list[NativeConnection] = attrs.field(factory=list)
    tasks: set[asyncio.Task[Any]] = attrs.field(factory=set)
    received: memoryview = attrs.field(factory=_room)
    decrypted: memoryview = attrs.field(factory=_room)
    context: contextvars.Context = attrs.field(factory=contextvars.Context)
    process: int = attrs.field(factory=os.getpid)

    def send_soon(self, connection: NativeConnection) -> None:
        """Have a connection send its request with all others of this round of the loop.

        A server that sleeps is woken by the first of them, and is awake for the rest. To wake it once for each would
        take longer than all else that is done to send a request.
        """
        if not self.outbox:
            self.loop.call_soon(self._send_all, context=self.context)
        self.outbox.append(connection)
        if len(self.outbox) >= MOST_AT_ONCE:
            self._send_all()

    def _send_all(self) -> None:
        waiting = self.outbox.copy()
        self.outbox.clear()
        for connection in waiting:
            try:
                connection.send_begin()
            except Exception as error:  # noqa: BLE001 - which the others have no part in
                connection.fail_with(error)

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something in a task of the backend's own. Never an eager one: it would begin within the caller's."""
        task = asyncio.Task(coroutine, loop=self.loop, context=self.context)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard, context=self.context)
        return task

    async def until_cancelled_ones_ended(self) -> None:
        """Wait until the tasks that were cancelled have closed their sockets, which takes a few rounds of the loop."""
        while ending := [task for task in self.tasks if task.cancelling()]:
            await asyncio.wait(ending)


def free_all(shared: LoopState) -> bool:
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


def _close_all(shared: LoopState) -> None:
    while shared.idle:
        shared.idle.popitem()[0].close()


def free_transport(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    """Close a transport of an event loop that does not run.

    `abort` would leave its socket to the loop's next round, which may never come.
    """
    finish = private_names.end_of_transport(transport)
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
