"""Plain streams that can be asked what has come, without a client around them."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import struct
from typing import Any

import anyio
import pytest

from backend.stream_pairs import ALWAYS, soon, wait_until
from cds_eks._runtime import clocks
from cds_eks.backend import sockets
from cds_eks.backend.asyncio_stream import AsyncioStream, plain_stream
from cds_eks.backend.sockets import TimedOut
from cds_eks.backend.streams import SEND_SIZE, PlainStream, TimeLimits
from support.eventually import EVENT_TIMEOUT
from support.native_backend import LOOPS

asynchronous = pytest.mark.anyio


KINDS = [plain_stream, PlainStream]


@asynchronous
@pytest.mark.parametrize("make", KINDS)
async def test_what_a_full_socket_does_not_take_waits_until_it_does(make: Any, pair: Any) -> None:
    stream = make(pair[0])
    size = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            size += pair[0].send(b"x" * SEND_SIZE)
    with pytest.raises(TimedOut):
        await stream.send(b"y", soon())

    async def receive_all() -> None:
        left = size
        while left:
            left -= len(pair[1].recv(left))

    async with anyio.create_task_group() as group:
        group.start_soon(stream.send, b"z", ALWAYS)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(receive_all)
    assert pair[1].recv(2) == b"z"
    stream.close()


@asynchronous
@pytest.mark.parametrize("make", KINDS)
async def test_a_plain_stream_knows_whether_anything_has_come(make: Any, pair: Any) -> None:
    stream = make(pair[0])
    assert stream.is_idle()
    assert stream.receive_now() is None
    pair[1].sendall(b"x" * 100_000)
    size = 0
    while size < 100_000:
        size += len(await stream.receive(ALWAYS))
    assert stream.is_idle()
    pair[1].sendall(b"more")
    await wait_until(lambda: not stream.is_idle())
    await anyio.sleep(0.01)  # the loop has its chance to take it away
    assert not stream.is_idle()
    assert await stream.receive(ALWAYS) == b"more"
    pair[1].close()
    await wait_until(lambda: not stream.is_idle())
    for _ in range(2):
        assert await stream.receive(ALWAYS) == b""
        assert not stream.is_idle()
    stream.close()
    assert not stream.is_idle()
    with pytest.raises(OSError):  # noqa: PT011 - its number says what it is
        await stream.receive(ALWAYS)


@asynchronous
@pytest.mark.parametrize("make", KINDS)
async def test_a_stream_that_is_reset_says_so_each_time(make: Any, pair: Any) -> None:
    stream = make(pair[0])
    pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    pair[1].close()
    await wait_until(lambda: not stream.is_idle())
    with pytest.raises(OSError, match="reset"):
        await stream.receive(ALWAYS)
    assert not stream.is_idle()


@asynchronous
@pytest.mark.parametrize("anyio_backend", [*LOOPS, "trio"])
@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("size", [4, 100_000])
async def test_a_reset_that_comes_together_with_data_is_told_behind_all_of_it(make: Any, size: int, pair: Any) -> None:
    stream, came = make(pair[0]), []

    async def receive_all() -> None:
        while True:
            came.append(await stream.receive(ALWAYS))

    async def check() -> None:
        with anyio.fail_after(EVENT_TIMEOUT), pytest.raises(OSError, match="reset"):
            await receive_all()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(check)
        await anyio.wait_all_tasks_blocked()
        pair[1].sendall(b"x" * size)
        pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        pair[1].close()  # before the event loop has its turn
    assert len(b"".join(came)) == size
    stream.close()


@asynchronous
@pytest.mark.parametrize("make", KINDS)
async def test_a_stream_gives_up_in_time_but_takes_what_is_there(make: Any, pair: Any) -> None:
    stream = make(pair[0])
    for time_limits in (soon(), TimeLimits(read_timeout=0.02), soon(-1)):
        with pytest.raises(TimedOut):
            await stream.receive(time_limits)
    pair[1].sendall(b"x")
    await wait_until(lambda: not stream.is_idle())
    assert await stream.receive(soon(-1)) == b"x", "a loop that stood still hears of the time first"
    with pytest.raises(TimedOut):
        await stream.send(b"x" * 50_000_000, soon())
    pair[1].sendall(b"y")
    assert await stream.receive(ALWAYS) == b"y"


@asynchronous
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_one_timer_serves_many_answers(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, set_ = asyncio.get_running_loop(), 0
    stream = plain_stream(pair[0])
    assert isinstance(stream, AsyncioStream)
    own = loop.call_later

    def call_later(delay: float, function: Any, *args: Any, **more: Any) -> Any:
        nonlocal set_
        set_ += getattr(function, "__self__", None) is stream
        return own(delay, function, *args, **more)

    monkeypatch.setattr(loop, "call_later", call_later)
    for _ in range(5):
        pair[1].sendall(b"x")
        assert await stream.receive(TimeLimits(read_timeout=0.5)) == b"x"
    assert set_ == 1
    assert await receive_later(stream, pair[1], 0.6) == b"x", "it fires, and the time is not up"
    assert set_ == 2
    with pytest.raises(TimedOut):
        await stream.receive(TimeLimits(read_timeout=0.01))  # sooner than the one that is set
    assert set_ == 3
    stream.close()


async def receive_later(stream: Any, other: socket.socket, after: float) -> bytes:
    async with anyio.create_task_group() as group:

        async def send() -> None:
            await anyio.sleep(after)
            other.sendall(b"x")

        group.start_soon(send)
        received: bytes = await stream.receive(TimeLimits(read_timeout=5))
    return received


@asynchronous
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_event_loop_that_watches_no_sockets_is_waited_on_by_other_means(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows' own. anyio asks a thread then."""

    def none(*_: object) -> None:
        raise NotImplementedError

    loop = asyncio.get_running_loop()
    for name in ("add_reader", "add_writer"):
        monkeypatch.setattr(loop, name, none)
    stream = plain_stream(pair[0])
    assert type(stream) is PlainStream
    pair[1].sendall(b"x")
    assert await stream.receive(soon(5)) == b"x"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connected = await sockets.connect("127.0.0.1", listener.getsockname()[1], clocks.monotonic() + 5)
        connected.close()


@pytest.mark.parametrize("has_poll", [True, False])
def test_what_is_ready_is_known_without_poll_too(has_poll: bool, pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_poll:
        monkeypatch.delattr(select, "poll")
    look = sockets.watched(pair[0])
    assert not look()
    assert not sockets._are_ready(pair[:1], is_to_read=True)
    assert sockets._are_ready(pair[:1], is_to_read=False)
    pair[1].sendall(b"x")
    assert look()
    assert sockets._are_ready(pair[:1], is_to_read=True)
    assert pair[0].recv(9) == b"x"
    assert not look()
    pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pair[1].close()
    assert look()


@asynchronous
async def test_a_wait_that_ends_for_nothing_is_gone_on_with(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wait, waits = sockets.wait, 0

    async def too_early(*args: Any, **kwargs: Any) -> bool:
        nonlocal waits
        waits += 1
        if waits == 1:
            return True
        pair[1].sendall(b"x")
        return await wait(*args, **kwargs)

    monkeypatch.setattr(sockets, "wait", too_early)
    assert await PlainStream(pair[0]).receive(soon(5)) == b"x"
    assert waits == 2


@asynchronous
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_has_come_when_the_time_is_up_has_come_in_time(pair: Any) -> None:
    stream = AsyncioStream(pair[0], asyncio.get_running_loop())
    waits = asyncio.ensure_future(stream.receive(soon(5)))
    await asyncio.sleep(0)
    pair[1].sendall(b"x")
    stream._until = 0.0
    stream._look()  # before the event loop has seen that there is something
    assert await waits == b"x"
