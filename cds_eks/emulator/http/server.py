"""The emulator on a real socket: a server in a thread of its own, for as long as a block lasts."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from cds_eks._runtime import clocks
from cds_eks._runtime.loops import new_loop
from cds_eks.emulator.faults.schedule import Faults
from cds_eks.emulator.http.connection import PEER, Peer

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["Serving"]

IDLE_TIMEOUT = 75
"""Seconds that an idle connection stays open."""

SHUTDOWN_POLL = 0.002
"""Seconds between two looks whether the requests in flight have ended, when the server stops."""

SHUTDOWN_POLLS = 500
"""How often it looks: they are given a second."""

START_STOP_TIMEOUT = 10.0
"""Seconds within which the server must have started, or stopped."""


FIRST_BYTES = 0.05
"""Seconds that a new connection has for its first bytes, when a fault may reset it: see `_Protocol`."""

_OF_CONTROL = re.compile(rb"[A-Z]{1,20} /_emulator[/? ]")
_MAY_BECOME_SO = 32
"""From how many bytes on it is known whether a request begins so."""


class _Protocol(H11Protocol):
    """A connection that the app can break: it finds its `Peer` in the state of each request.

    A fault that resets new connections spares those that begin with a request below `/_emulator/`, or nobody could
    take it away again. So, if there is one, the first bytes are waited for.
    """

    may_refuse: Callable[[], bool]
    """Whether a new connection may have to be reset; the class of each server has its own."""

    refuse: Callable[[], bool]
    """Whether one is to be reset; the class of each server has its own."""

    _first = b""
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # it is one of TCP
        """Let the app have the peer."""
        super().connection_made(transport)
        self.peer = Peer(transport)
        self.app_state = {**self.app_state, PEER: self.peer}
        if self.may_refuse():
            self._waiting = self.loop.call_later(FIRST_BYTES, self._begin)

    def data_received(self, data: bytes) -> None:
        """Pass on what has come, unless it is yet to be seen whether the connection lasts."""
        if self._waiting is None:
            super().data_received(data)
            return
        self._first += data
        if len(self._first) >= _MAY_BECOME_SO or b"\n" in self._first or _OF_CONTROL.match(self._first):
            self._begin()

    def _begin(self) -> None:
        """Reset the connection, or take what has come by now."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        first, self._first = self._first, b""
        if not _OF_CONTROL.match(first) and self.refuse():
            self.peer.reset()
        elif first:
            super().data_received(first)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the app."""
        if self._waiting is not None:
            self._waiting.cancel()
        self.peer.is_lost, self.peer.is_broken = True, exc is not None
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    """Stops when it is told to, where uvicorn's own would find out at the next of its ticks, of a tenth of a second."""

    _wake: Callable[[], object] | None = None

    def stop(self) -> None:
        """Have it stop, from any thread; as often as you like."""
        self.should_exit = True
        if self._wake is not None:
            with contextlib.suppress(RuntimeError):  # its event loop is closed: it has stopped
                self._wake()

    async def main_loop(self) -> None:
        """Serve until it is to stop. One tick is enough: what the others do is renew the date, which the app sends."""
        stopping = asyncio.Event()
        self._wake = partial(asyncio.get_running_loop().call_soon_threadsafe, stopping.set)
        if not await self.on_tick(0):
            await stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests in flight end, and drop the connections that do not in time: nothing stays open behind.

        Those that a fault holds open are dropped at once. Requests that go on are cancelled when the event loop closes.
        """
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        state = self.server_state
        for connection in list(state.connections):
            if isinstance(connection, _Protocol) and connection.peer.is_held:
                connection.transport.abort()
            else:
                connection.shutdown()
        for _ in range(SHUTDOWN_POLLS):
            await asyncio.sleep(SHUTDOWN_POLL)  # first, for one that is just being accepted
            if not state.connections and not state.tasks:
                break
        for connection in list(state.connections):
            connection.transport.abort()


class Serving:
    """Serves an app inside a `with` or an `async with` block, which is given the URL. Good for one block.

    Args:
        app: The app.
        faults: They may reset new connections.
        host: The address to listen on.
        port: The port; 0 for any that is free.

    Raises:
        ValueError: There is no such port.
        OSError: On entering, if the port is taken.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, faults: Faults) -> None:
        if not 0 <= port <= 65535:
            raise ValueError("port must be from 0 to 65535")
        self._address = (host, port)
        asked = {"may_refuse": faults.may_refuse_connections, "refuse": faults.refuse_connection}
        connection = type("_Protocol", (_Protocol,), {name: staticmethod(each) for name, each in asked.items()})
        self._server = _Server(
            uvicorn.Config(
                app,
                http=connection,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,  # logging is the host program's own
                log_level="warning",
                access_log=False,  # it would show whole URLs
                proxy_headers=False,
                server_header=False,
                date_header=False,  # the app sends its own
                timeout_keep_alive=IDLE_TIMEOUT,
            )
        )
        self._thread: threading.Thread | None = None

    def __enter__(self) -> str:
        if self._thread is not None:
            raise RuntimeError("this server has been used: call serve() again")
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        # Bound here and now: the port is known before the server runs, and one that is taken is an error of the caller.
        listening = socket.create_server(self._address, family=family, backlog=2048)
        # Passed on to each connection: asyncio sets it on sockets of its own only, and a delayed answer takes 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host, port = listening.getsockname()[:2]
        self._thread = threading.Thread(target=self._run, args=(listening,), name="cds-eks-emulator", daemon=True)
        with contextlib.ExitStack() as undo:
            undo.callback(listening.close)
            undo.callback(self.__exit__)
            self._thread.start()
            deadline = clocks.monotonic() + START_STOP_TIMEOUT
            while not self._server.started and self._thread.is_alive() and clocks.monotonic() < deadline:
                time.sleep(0.001)
            if not self._server.started:
                raise RuntimeError("the emulator's server did not start")
            undo.pop_all()
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if self._thread is not None:
            self._server.stop()
            self._thread.join(START_STOP_TIMEOUT)

    def _run(self, listening: socket.socket) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(self._server.serve(sockets=[listening]))

    async def __aenter__(self) -> str:
        try:
            return await anyio.to_thread.run_sync(self.__enter__)
        except BaseException:  # cancelled: if it has started all the same, it stops by itself
            self._server.stop()
            raise

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.__exit__)
