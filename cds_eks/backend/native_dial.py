"""Opening a connection for the native backend: a host's addresses in turn, a moment apart (RFC 8305).

Neither event loop's own way does: asyncio's `happy_eyeballs_delay` leaks a socket when it is cancelled in a bad moment,
and uvloop has none. All is done in tasks of the backend's own. The caller waits for a bare future, that a timer ends:
`asyncio.timeout` would cancel the caller's task, and when a cancel scope of the caller's ends in the same round of the
loop, nobody knows any more whose cancellation it was.
"""

from __future__ import annotations

import asyncio
import functools
import os
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from cds_eks.backend.native_connection import NativeConnection
from cds_eks.backend.native_loop import LoopState
from cds_eks.backend.native_tls import NativeTlsConnection
from cds_eks.backend.resolve import interleave_families, is_address, look_up

DELAY = 0.25
"""After how many seconds without an answer the next address is tried as well, at the latest (RFC 8305, section 5)."""

MOST_SHOWN = 4
"""How many addresses an error shows."""


@attrs.define(eq=False)
class Dial:
    """Opens one connection.

    Attributes:
        loop_state: What connections share.
        make: Makes a protocol to open.
        host: The host; a name or an address.
        port: The port.
        failures: What became of each address that was tried.
        trouble: Why there is no connection, if it was not for the addresses.
        is_late: Whether the time was up.
    """

    loop_state: LoopState
    make: Callable[[], NativeConnection]
    host: str
    port: int
    failures: dict[str, str] = attrs.field(factory=dict)
    trouble: str = ""
    is_late: bool = False
    _delay: float = DELAY
    _made: list[NativeConnection] = attrs.field(factory=list)
    _winner: NativeConnection | None = None
    _is_over: bool = False

    async def connect(self, seconds: float | None) -> NativeConnection | None:
        """Return an open connection, or None if there is none within so many seconds; all others are closed."""
        loop, found = self.loop_state.loop, None
        opened: asyncio.Future[NativeConnection | None] = loop.create_future()
        task = self.loop_state.spawn(self._open(seconds))
        task.add_done_callback(functools.partial(_pass_on, opened), context=self.loop_state.context)
        timer = None
        if seconds is not None:
            timer = loop.call_later(max(seconds, 0), self._expire, opened, context=self.loop_state.context)
        try:
            found = await opened
            if self.is_late:
                await asyncio.sleep(0)  # a cancellation of the caller's in the same round of the loop comes first
        finally:
            # On a cancellation as well, and if it comes in the very moment in which the connection is there.
            self._is_over = True
            if timer is not None:
                timer.cancel()
            task.cancel()
            for connection in self._made:
                if connection is not found:
                    connection.abandon()
            self._made.clear()
        return found

    def describe(self) -> str:
        """Say why there is no connection, in short."""
        tried = [f"{address}: {words}" for address, words in self.failures.items()]
        if [*self.failures] == [self.host]:
            tried = [] if self.trouble else [*self.failures.values()]
        if len(tried) > MOST_SHOWN:
            tried[MOST_SHOWN:] = [f"{len(tried) - MOST_SHOWN} more"]
        return "; ".join(([self.trouble] if self.trouble else []) + tried)

    def _expire(self, opened: asyncio.Future[NativeConnection | None]) -> None:
        if not opened.done():
            self.is_late, self.trouble = True, "ConnectTimeout"
            opened.set_result(None)

    async def _open(self, seconds: float | None) -> NativeConnection | None:
        try:
            addresses = await self._addresses()
        except (OSError, ValueError) as error:  # a name that none can have is a ValueError
            self.trouble = error_text(error)
            return None
        if seconds is not None:  # all are to be tried
            self._delay = min(DELAY, seconds / (len(addresses) + 1))
        self.trouble = "" if addresses else "no address"
        if len(addresses) == 1:  # with thousands of connections at once, tasks are most of what they take
            await self._attempt(addresses[0])
        else:
            await self._race(addresses)
        if isinstance(self._winner, NativeTlsConnection) and (failure := await self._winner.handshake()) is not None:
            self.trouble = error_text(failure)
            return None
        return self._winner

    async def _addresses(self) -> list[str]:
        if is_address(self.host):
            return [self.host]
        found = await look_up(self.host, self.port)
        return interleaved_addresses(found)

    async def _race(self, addresses: Iterable[str]) -> None:
        """Try all addresses, one more after each failure or delay, until one answers."""
        waiting, running = [*addresses][::-1], set[asyncio.Task[None]]()
        try:
            while self._winner is None and (waiting or running):
                if waiting:
                    running.add(self.loop_state.spawn(self._attempt(waiting.pop())))
                delay = self._delay if waiting else None
                done, running = await asyncio.wait(running, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        except asyncio.CancelledError as cancelled:
            # From Python 3.14 on, frames of `asyncio.wait` hold the task that waits, and it holds this: a cycle.
            raise cancelled.with_traceback(None) from None
        finally:
            for task in running:
                task.cancel()

    async def _attempt(self, address: str) -> None:
        """Try one address. What it opens too late is closed here, so that nobody needs to wait for it."""
        self.failures[address] = "no answer"
        connection = None
        try:
            connection = self.make()
            self._made.append(connection)
            await self.loop_state.loop.create_connection(functools.partial(_same, connection), address, self.port)
        except (OSError, ValueError) as error:
            self.failures[address] = error_text(error)
        else:
            self.failures[address] = "connected"
            self._winner = self._winner or connection
        finally:
            if connection is not None and (self._is_over or connection is not self._winner):
                connection.abandon()


def _same(connection: NativeConnection) -> NativeConnection:
    return connection


def _pass_on(opened: asyncio.Future[NativeConnection | None], task: asyncio.Task[NativeConnection | None]) -> None:
    """Tell the caller, if he still waits. A cancellation of the inner task alone is none of the caller's."""
    failure = None if task.cancelled() else task.exception()
    if opened.done():
        return
    if failure is not None:
        opened.set_exception(failure)
    else:
        opened.set_result(None if task.cancelled() else task.result())


def interleaved_addresses(found: Iterable[tuple[Any, ...]]) -> list[str]:
    """Return the addresses that a look-up found, IPv6 and IPv4 by turns (RFC 8305, section 4)."""
    return interleave_families((family, _with_scope(where)) for family, _, _, _, where in found)


def _with_scope(where: tuple[Any, ...]) -> str:
    """Return an address; a link-local one of IPv6 with the interface that it belongs to."""
    scope = f"%{where[3]}" if len(where) == 4 and where[3] and "%" not in where[0] else ""
    return f"{where[0]}{scope}"


def error_text(error: BaseException) -> str:
    """Return what went wrong, without the address that event loops put into it in ways of their own."""
    text = str(error)
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        number = error.errno or 0  # below zero in a look-up
        text = os.strerror(number) if number > 0 else (error.strerror or text)
    return f"{type(error).__name__}: {text}"
