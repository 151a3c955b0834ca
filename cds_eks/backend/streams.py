"""Streams of bytes that know whether anything has come that nobody has read, TLS or not.

A connection may be used again only if nothing can be read from it beyond the last answer, since that would be taken for
the answer to the next request. So nothing is read ahead here that `is_idle` does not know of.
"""

from __future__ import annotations

import math
import socket
import ssl
from typing import Protocol

import attrs

from cds_eks._runtime import clocks
from cds_eks._runtime.semaphore import EARLY
from cds_eks.backend import sockets
from cds_eks.backend.sockets import TimedOut
from cds_eks.wire import Request

CHUNK_SIZE = 64 * 1024
"""How many bytes are read at once."""

SEND_SIZE = 256 * 1024
"""How many bytes are sent at once; then other tasks run."""

LATE_READS = 8
"""How many pieces of an answer are taken after the time is up."""


UNSOLICITED = "the server spoke, or closed the connection, before it was asked"
"""What is said of an answer that lies there before the first byte of a request has left: it is none."""


@attrs.define
class TimeLimits:
    """How long to wait.

    Attributes:
        deadline: When the whole call is over, on `clocks.monotonic`.
        read_timeout: After how many seconds without a byte to give up.
        late_reads_left: How many pieces are taken after the deadline. What is there already is worth to be read, since
            a loop may have stood still; but a server may send for ever.
    """

    deadline: float = math.inf
    read_timeout: float = math.inf
    late_reads_left: int = LATE_READS

    @property
    def is_over(self) -> bool:
        """Whether it is the whole call whose time is up."""
        return clocks.monotonic() >= self.deadline - EARLY

    @property
    def until(self) -> float:
        """When to give up if nothing happens from now on."""
        return (
            min(self.deadline, clocks.monotonic() + self.read_timeout)
            if self.read_timeout < math.inf
            else self.deadline
        )

    def note_read(self) -> None:
        """Note that something was taken.

        Raises:
            TimedOut: It was too much, too late.
        """
        if clocks.monotonic() > self.deadline:
            self.late_reads_left -= 1
            if self.late_reads_left < 0:
                raise TimedOut


def time_limits_of(request: Request) -> TimeLimits:
    """Return how long to wait for an answer to a request."""
    return TimeLimits(
        deadline=math.inf if request.deadline is None else request.deadline,
        read_timeout=math.inf if request.read_timeout is None else request.read_timeout,
    )


class Stream(Protocol):
    """What both kinds have in common.

    Attributes:
        socket: The socket.
        failure: What TLS has found wrong, a refusal of the other side's among it; None if nothing, and in plain.
    """

    socket: socket.socket
    failure: ssl.SSLError | None

    def is_idle(self) -> bool:
        """Whether it is open, and nothing at all has come that was not received yet, nor an end."""
        ...  # pragma: no cover - a protocol has no body

    async def receive(self, time_limits: TimeLimits) -> bytes:
        """Return what has come, or b"" at the end, once there is any.

        Raises:
            OSError: The connection is broken.
            TimedOut: Nothing has come.
        """
        ...  # pragma: no cover - a protocol has no body

    def receive_now(self) -> bytes | None:
        """The same, but return None if there is nothing.

        Raises:
            OSError: The connection is broken.
        """
        ...  # pragma: no cover - a protocol has no body

    async def send(self, data: bytes | memoryview, time_limits: TimeLimits) -> None:
        """Send some bytes.

        Raises:
            OSError: The connection is broken.
            TimedOut: They do not leave.
        """
        ...  # pragma: no cover - a protocol has no body

    def close(self) -> None:
        """Close it at once."""
        ...  # pragma: no cover - a protocol has no body


def unsolicited(stream: Stream | None) -> str:
    """Return what is said of data that nobody asked for: what TLS makes of it (a refused certificate), or just that."""
    return str((stream and stream.failure) or UNSOLICITED)


class PlainStream:
    """A connection in plain: what was not received yet is in the system's hands alone.

    Args:
        socket: The socket, connected.
    """

    failure: ssl.SSLError | None = None

    def __init__(self, socket: socket.socket) -> None:
        self.socket = socket
        self._is_readable = sockets.watched(socket)

    def is_idle(self) -> bool:
        """See `Stream`."""
        return self.socket.fileno() >= 0 and not self._is_readable()

    async def receive(self, time_limits: TimeLimits) -> bytes:
        """See `Stream`."""
        while True:
            if self.socket.fileno() < 0:
                raise OSError("it is closed")
            if not await sockets.wait((self.socket,), is_to_read=True, until=time_limits.until):
                raise TimedOut
            if (data := self.receive_now()) is not None:
                return data

    def receive_now(self) -> bytes | None:
        """See `Stream`."""
        try:
            return self.socket.recv(CHUNK_SIZE)
        except (BlockingIOError, InterruptedError):
            return None

    async def send(self, data: bytes | memoryview, time_limits: TimeLimits) -> None:
        """See `Stream`."""
        left = memoryview(data)
        while left:
            try:
                sent = self.socket.send(left[:SEND_SIZE])
            except (BlockingIOError, InterruptedError):
                sent = 0
            left = left[sent:]
            if left and not await sockets.wait((self.socket,), is_to_read=False, until=time_limits.until):
                raise TimedOut

    def close(self) -> None:
        """See `Stream`."""
        self.socket.close()
