"""The connection that a request came by: waiting on it, sending an answer whole or in part, and breaking it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import attrs

if TYPE_CHECKING:
    from asyncio import Transport

    from starlette.types import Receive, Scope, Send

__all__ = ["PEER", "Connection", "Peer", "Reply"]

PEER = "cds_eks.emulator.peer"
"""Where in the `state` of an ASGI scope the emulator's own server puts the `Peer` of a connection."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, for 0 seconds: closing sends a RST, and drops what was not sent."""


@attrs.define(eq=False)
class Peer:
    """The far end of a socket.

    Attributes:
        is_lost: Whether the connection has ended.
        is_broken: Whether it has ended in an error.
        is_held: Whether a fault keeps it waiting: when the server stops, there is nothing to wait for.
    """

    transport: Transport
    is_lost: bool = False
    is_broken: bool = False
    is_held: bool = False

    def reset(self) -> None:
        """End the connection with a RST."""
        if not self.transport.is_closing():
            linger = self.transport.get_extra_info("socket")
            linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.transport.abort()

    def hang_up(self) -> None:
        """End the connection with a FIN, behind all that was written."""
        self.transport.close()


@attrs.frozen(kw_only=True)
class Reply:
    """An HTTP response, ready to be sent."""

    status: int
    headers: Mapping[str, str]
    content: bytes = attrs.field(repr=False)


class Connection:
    """One request's connection.

    In-process, and on another server, there is no socket to break: the app raises `ConnectionResetError` instead.

    Args:
        scope: Of the ASGI request.
        receive: Of the same.
        send: Of the same.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer: Peer | None = scope.get("state", {}).get(PEER)
        self._peer = peer
        self._receive = receive
        self._send = send

    @property
    def is_served(self) -> bool:
        """Whether it is a socket of the emulator's own server."""
        return self._peer is not None

    @property
    def is_lost(self) -> bool:
        """Whether the client is known to have gone."""
        return self._peer is not None and self._peer.is_lost

    async def wait(self, seconds: float | None) -> bool:
        """Let the client wait, for ever if no time is given.

        Returns:
            Whether it still does; it does not when the server stops.
        """
        with anyio.move_on_after(seconds):
            await self._wait_for_disconnect()
            return False
        return not self.is_lost

    async def reset(self) -> None:
        """Break the connection with a RST."""
        if self._peer is None:
            raise ConnectionResetError("the emulator has reset the connection: a fault")
        self._peer.reset()
        await self._wait_for_disconnect()

    async def send(
        self, reply: Reply, on_sent: Callable[[bool], None], *, step: int | None = None, pause: float = 0.0
    ) -> None:
        """Send an answer whole, unless the client goes away meanwhile.

        Args:
            reply: The answer.
            on_sent: Called with True before the last of it is sent, and with False if that went wrong.
            step: How many bytes of the body go out at a time; None for all.
            pause: Seconds between them.
        """
        content = reply.content
        step = step or max(len(content), 1)
        last = max(len(content) - 1, 0) // step * step
        if last:
            await self._start(reply)
        for at in range(0, last, step):
            await self._write(content[at : at + step], more=True)
            if not await self.wait(pause):
                return
        if self.is_lost:
            return
        on_sent(True)
        if not last:  # only now: of an answer without a body, the head is the last that is sent
            await self._start(reply)
        await self._write(content[last:], more=False)
        if self._peer is not None and self._peer.transport.is_closing():  # it could not be written to, or is through
            await anyio.lowlevel.checkpoint()  # in which one that could not be written to is found broken
            if self._peer.is_broken:
                on_sent(False)

    async def send_part(self, reply: Reply, length: int) -> None:
        """Send the head of an answer and so many bytes of its body, and close the connection."""
        await self._start(reply)
        await self._write(reply.content[:length], more=True)
        if self._peer is None:
            raise ConnectionResetError("the emulator has cut the answer off: a fault")
        self._peer.hang_up()
        await self._wait_for_disconnect()

    async def _start(self, reply: Reply) -> None:
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
        raw.append((b"content-length", b"%d" % len(reply.content)))
        await self._send({"type": "http.response.start", "status": reply.status, "headers": raw})

    async def _write(self, piece: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def _wait_for_disconnect(self) -> None:
        """Wait until the client has gone, or the connection is broken from this side."""
        if self._peer is not None:
            self._peer.is_held = True
        try:
            while (await self._receive())["type"] != "http.disconnect":
                pass
        finally:
            if self._peer is not None:
                self._peer.is_held = False
