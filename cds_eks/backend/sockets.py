"""Bare sockets that do not block: how they are connected, and waited for, on asyncio, uvloop and trio.

No transports and no streams of the event loop: those read ahead, into where nobody can look, and are bound to their
loop and to the context of whoever made them. With asyncio a time that is up is a future that is set, not a task that is
cancelled: a cancellation could be taken for somebody else's, and somebody else's for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import math
import os
import select
import socket
from collections.abc import Callable, Sequence
from typing import Any

import anyio

from cds_eks._runtime import clocks
from cds_eks.backend.resolve import interleave_families, is_address, look_up

STAGGER = 0.25
"""After how many seconds the next address of a host is tried as well (RFC 8305)."""

_Address = tuple[int, Any]  # a family, and what `connect` takes


class TimedOut(Exception):
    """What was waited for has not come in time."""


async def connect(host: str, port: int, until: float) -> socket.socket:
    """Return a socket that is connected.

    Args:
        host: A name or an address.
        port: The port.
        until: When to give up, on `clocks.monotonic`.

    Raises:
        OSError: No address of the host can be reached.
        ValueError: It is no name of a host.
        TimedOut: It took too long.
    """
    left = await _addresses(host, port, until)
    failure = OSError("the host has no address")
    under_way: list[socket.socket] = []
    try:
        while left or under_way:
            if left:
                try:
                    _begin(left.pop(0), under_way)
                except OSError as error:
                    failure = error
                    continue
            due = min(until, clocks.monotonic() + STAGGER) if left else until
            if not await wait(under_way, is_to_read=False, until=due) and due == until:
                raise TimedOut
            for each in under_way.copy():
                if problem := each.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    failure = OSError(problem, os.strerror(problem))
                    under_way.remove(each)
                    each.close()
                elif _is_connected(each):
                    under_way.remove(each)
                    return each
        raise failure
    finally:
        for each in under_way:
            each.close()
        del failure  # its traceback holds this frame: they would hold each other


def _begin(address: _Address, under_way: list[socket.socket]) -> None:
    begun = socket.socket(address[0], socket.SOCK_STREAM)
    under_way.append(begun)
    try:
        begun.setblocking(False)
        begun.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun.connect(address[1])
    except (BlockingIOError, InterruptedError):
        pass  # as it should be
    except OSError:
        under_way.remove(begun)
        begun.close()
        raise


def _is_connected(begun: socket.socket) -> bool:
    try:
        begun.getpeername()
    except OSError:
        return False
    return True


async def _addresses(host: str, port: int, until: float) -> list[_Address]:
    """Return the addresses of a host, the families by turns."""
    found = await (look_up(host, port) if is_address(host) else _looked_up(host, port, until))
    return interleave_families((family, (family, address)) for family, _, _, _, address in found)


async def _looked_up(host: str, port: int, until: float) -> Sequence[Any]:
    loop = asyncio_loop()
    if loop is None:
        with anyio.move_on_after(until - clocks.monotonic()):
            return await look_up(host, port)
        raise TimedOut
    context = contextvars.Context()  # what lasts would keep what the caller has in its own
    task = loop.create_task(look_up(host, port), context=context)
    ended: asyncio.Future[bool] = loop.create_future()
    task.add_done_callback(functools.partial(_tell, ended), context=context)
    timer = _timer(loop, until, ended, context)
    try:
        await ended
        if task.done():
            return task.result()
        await asyncio.sleep(0)  # a cancellation that has come in the same round goes before
        raise TimedOut
    finally:
        if timer is not None:
            timer.cancel()
        task.cancel()  # which is nobody's but ours
        del task  # it has the exception, whose traceback holds this frame: they would hold each other


async def wait(sockets: Sequence[socket.socket], *, is_to_read: bool, until: float) -> bool:
    """Wait until one of some sockets can be read from, or written to; return whether one can.

    Args:
        sockets: The sockets.
        is_to_read: For which of the two.
        until: When to give up, on `clocks.monotonic`. What is there then is there, however late this is noticed.
    """
    loop = asyncio_loop()
    if loop is not None:
        with contextlib.suppress(NotImplementedError):  # Windows' own event loop
            if await _wait_on_asyncio(loop, sockets, is_to_read, until) or _are_ready(sockets, is_to_read=is_to_read):
                return True
            await asyncio.sleep(0)  # a cancellation that has come in the same round goes before
            return False
    one = anyio.wait_readable if is_to_read else anyio.wait_writable
    with anyio.move_on_after(until - clocks.monotonic()):
        if len(sockets) == 1:
            await one(sockets[0])
        else:
            await _wait_for_any(one, sockets)
        return True
    return _are_ready(sockets, is_to_read=is_to_read)


async def _wait_for_any(one: Callable[[socket.socket], Any], sockets: Sequence[socket.socket]) -> None:
    async with anyio.create_task_group() as group:

        async def wait_for(each: socket.socket) -> None:
            await one(each)
            group.cancel_scope.cancel()

        for each in sockets:
            group.start_soon(wait_for, each)


async def _wait_on_asyncio(
    loop: asyncio.AbstractEventLoop, sockets: Sequence[socket.socket], is_to_read: bool, until: float
) -> bool:
    add, remove = (loop.add_reader, loop.remove_reader) if is_to_read else (loop.add_writer, loop.remove_writer)
    ready: asyncio.Future[bool] = loop.create_future()
    added: list[int] = []

    def wake() -> None:
        while added:
            remove(added.pop())
        _set(ready, True)

    timer = None
    try:
        for each in sockets:
            number = each.fileno()
            add(number, wake)
            added.append(number)
        timer = _timer(loop, until, ready, contextvars.Context())
        return await ready
    finally:
        if timer is not None:
            timer.cancel()
        if added and not loop.is_closed():
            wake()


def _tell(ended: asyncio.Future[bool], task: asyncio.Task[Any]) -> None:
    _set(ended, True)
    if not task.cancelled():
        task.exception()  # has been heard of, also if nobody waits any more


def _timer(
    loop: asyncio.AbstractEventLoop, until: float, future: asyncio.Future[bool], context: contextvars.Context
) -> asyncio.TimerHandle | None:
    """Set a future when the time is up. A loop keeps a timer that was cancelled, and so its context, for a while."""
    if until == math.inf:
        return None
    return loop.call_later(max(until - clocks.monotonic(), 0), _set, future, False, context=context)


def _set(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)


def _are_ready(sockets: Sequence[socket.socket], *, is_to_read: bool) -> bool:
    """Whether one of them can be read from, or written to, now: a loop that stood still hears of the time first."""
    if hasattr(select, "poll"):
        poll = select.poll()
        for each in sockets:
            poll.register(each, select.POLLIN if is_to_read else select.POLLOUT)
        return bool(poll.poll(0))
    return any(map(_is_readable, sockets)) if is_to_read else bool(select.select([], sockets, [], 0)[1])


def watched(one: socket.socket) -> Callable[[], object]:
    """Return what tells whether a socket has anything to read, an end included, without waiting for it."""
    if not hasattr(select, "poll"):  # Windows, and eventlet, whose `select` lets other greenlets run meanwhile
        return functools.partial(_is_readable, one)
    poll = select.poll()
    poll.register(one, select.POLLIN)
    return lambda: poll.poll(0)


def _is_readable(one: socket.socket) -> bool:
    try:
        one.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        pass  # an end of its kind
    return True


def asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop if it is asyncio's that runs the code; it may also be the host of another one."""
    try:
        return None if asyncio.current_task() is None else asyncio.get_running_loop()
    except RuntimeError:
        return None
