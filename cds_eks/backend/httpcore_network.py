"""The connections that httpcore gets from us, where its pools are in use: through proxies, and what is intercepted.

They know of each byte that came whether it belongs to an answer. httpcore looks for more on the socket only, not in
what it has read already.
"""

from __future__ import annotations

import contextlib
import enum
import math
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import h11
import httpcore

from cds_eks._runtime import clocks
from cds_eks.backend import sockets
from cds_eks.backend.asyncio_stream import plain_stream
from cds_eks.backend.headers import MAX_HEAD
from cds_eks.backend.sockets import TimedOut
from cds_eks.backend.streams import Stream, TimeLimits, unsolicited
from cds_eks.backend.tls_stream import TlsStream
from cds_eks.pipeline import OutOfTime


class Stage(enum.Enum):
    """How far a request is."""

    BEGUN = "nothing was done for it yet, that we know of"
    CONNECTING = "a connection is being made; what goes out now (to a proxy) holds nothing of the request"
    SENT = "its first byte has left"


class HttpcoreNetwork(httpcore.AsyncNetworkBackend):
    """Makes the connections of one pool, which has one at a time.

    Attributes:
        channel: The one that was made last, or None.
        stage: How far the present request is.
        unsolicited: Whether the present request was not written because something was there already.
    """

    def __init__(self) -> None:
        self.channel: HttpcoreStream | None = None
        self.stage: Stage = Stage.BEGUN
        self.unsolicited: bool = False
        self._deadline = self._connected_by = math.inf
        self._whole = TimeLimits()

    def begin(self, deadline: float, connect_timeout: float | None) -> None:
        """Begin a request.

        Args:
            deadline: When its whole call is over, on `clocks.monotonic`.
            connect_timeout: How many seconds there are for TCP, proxies and TLS together, or None.
        """
        self.stage = Stage.BEGUN
        self.unsolicited = False
        self._deadline = deadline
        self._whole = TimeLimits(deadline=deadline)
        self._connected_by = math.inf if connect_timeout is None else clocks.monotonic() + connect_timeout

    def time_limits(self, timeout: float | None) -> TimeLimits:
        """Return how long to wait now."""
        if self.stage is not Stage.SENT:
            return TimeLimits(deadline=min(self._deadline, self._connected_by))
        return TimeLimits(deadline=self._deadline, read_timeout=math.inf if timeout is None else timeout)

    def note_read(self) -> None:
        """Note that something was taken; see `TimeLimits`."""
        self._whole.note_read()

    def late(self, kind: type[Exception]) -> Exception:
        """Return what is raised when the time is up."""
        if TimeLimits(deadline=self._deadline).is_over:
            return OutOfTime()
        return kind("") if self.stage is Stage.SENT else httpcore.ConnectTimeout("")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's; ours is for all that connecting takes
        local_address: str | None = None,  # noqa: ARG002 - httpcore's; we ask for none
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the same
    ) -> HttpcoreStream:
        """Return a connection; see httpcore."""
        self.stage = Stage.CONNECTING
        try:
            stream = plain_stream(await sockets.connect(host, port, self.time_limits(None).deadline))
        except TimedOut:
            raise self.late(httpcore.ConnectTimeout) from None
        except (OSError, ValueError, OverflowError) as error:
            raise httpcore.ConnectError(str(error)) from None
        self.channel = HttpcoreStream(self, stream)
        return self.channel

    async def sleep(self, seconds: float) -> None:
        """Not needed: httpcore sleeps before it connects again, which it does not."""
        raise NotImplementedError


class HttpcoreStream(httpcore.AsyncNetworkStream):
    """A connection that httpcore writes requests to, and reads answers from.

    Args:
        network: What made it.
        stream: What it goes over.
    """

    def __init__(self, network: HttpcoreNetwork, stream: Stream) -> None:
        self._network = network
        self._stream = stream
        self._held = b""  # has been read, but was more than httpcore wanted
        self._has_answered = True  # the next write begins a request
        self._mirror: h11.Connection | None = None

    def is_reusable(self) -> bool:
        """Whether the last answer came whole, and nothing came after it, as far as anybody could know."""
        mirror = self._mirror
        return (
            mirror is not None
            and mirror.their_state is h11.DONE
            and mirror.trailing_data == (b"", False)
            and self._is_idle()
        )

    def _is_idle(self) -> bool:
        return not self._held and self._stream.is_idle()

    def close(self) -> None:
        """Close it at once."""
        self._stream.close()

    async def aclose(self) -> None:
        """Close it; see httpcore."""
        self.close()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send some bytes; see httpcore.

        Raises:
            ConnectError: They are the first of a request, and something is there already that would be taken for the
                answer.
        """
        network = self._network
        if self._has_answered:
            if not self._is_idle():
                network.unsolicited = True
                raise httpcore.ConnectError(unsolicited(self._stream))
            self._has_answered = False
            self._mirror, is_request = _mirror(buffer)
            if is_request:
                network.stage = Stage.SENT
        try:
            await self._stream.send(buffer, network.time_limits(timeout))
        except TimedOut:
            if not self._is_idle():  # an answer to the part that has left: after this error httpcore reads it
                raise httpcore.WriteError("") from None
            raise network.late(httpcore.WriteTimeout) from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come; see httpcore."""
        self._has_answered = True
        if not self._held:
            try:
                self._held = await self._stream.receive(self._network.time_limits(timeout))
                self._network.note_read()
            except TimedOut:
                raise self._network.late(httpcore.ReadTimeout) from None
            except OSError as error:
                raise httpcore.ReadError(str(error)) from None
        data, self._held = self._held[:max_bytes], self._held[max_bytes:]
        self._follow(data)
        return data

    def _follow(self, data: bytes) -> None:
        """Read along, to know where the answer ends: what httpcore's own h11 has left over has no public name."""
        if self._mirror is None:
            return
        try:
            self._mirror.receive_data(data)
            while self._mirror.next_event() not in (h11.NEED_DATA, h11.PAUSED):
                if self._mirror.their_state is h11.DONE:
                    break
        except (h11.RemoteProtocolError, RuntimeError) as error:
            error.__traceback__ = None  # h11 leaves a cycle, which would keep this frame
            self._mirror = None

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's; ours is for all that connecting takes
    ) -> HttpcoreStream:
        """Return the same connection in TLS; see httpcore."""
        network = self._network
        try:
            limits = TimeLimits(deadline=network.time_limits(None).deadline)
            secure = await TlsStream.wrap(self._stream, ssl_context, server_hostname or "", limits)
        except TimedOut:
            self.close()
            raise network.late(httpcore.ConnectTimeout) from None
        except (OSError, ValueError) as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from None
        network.channel = HttpcoreStream(network, secure)
        return network.channel

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of it; see httpcore."""
        if info == "is_readable":
            return not self._is_idle()
        if info == "ssl_object":
            return getattr(self._stream, "secured", None)
        if info == "socket":
            return self._stream.socket
        if info in ("client_addr", "server_addr"):
            return _address(self._stream.socket, is_own=info == "client_addr")
        return None


def _mirror(begin: bytes) -> tuple[h11.Connection | None, bool]:
    """Return what reads the answer to what begins like this, and whether it is the request, not one to a proxy."""
    method, _, rest = begin.partition(b" ")
    if not rest or not method.isalpha():
        return None, False  # SOCKS
    mirror = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    mirror.send(h11.Request(method=method, target="/", headers=[("Host", "-")]))
    mirror.send(h11.EndOfMessage())
    return mirror, method != b"CONNECT"


def _address(of: socket.socket, *, is_own: bool) -> Any:
    with contextlib.suppress(OSError):
        return of.getsockname() if is_own else of.getpeername()
    return None
