"""How the native backend opens connections: addresses by turns, in time, and nobody's task cancelled but its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import random
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
import trustme

from cds_eks import Limits, errors
from cds_eks.backend import native_dial as dialing
from cds_eks.backend.native_connection import NativeConnection
from cds_eks.backend.native_dial import Dial, error_text, interleaved_addresses
from cds_eks.backend.native_loop import LoopState
from cds_eks.backend.resolve import is_address
from cds_eks.pipeline import OutOfTime
from support.eventually import EVENT_TIMEOUT
from support.native_backend import LOOPS, open_files, request, sender
from support.raw_server import CLUSTER, Connection, answer, answering, serve, unused_port
from support.threaded_server import black_hole

pytestmark = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def hole() -> Iterator[str]:
    with black_hole() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets look-ups find these addresses from now on: those of a server that is made as well."""

    def find(*found: str) -> None:
        async def getaddrinfo(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
            await asyncio.sleep(0)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)

    return find


# --- whose cancellation it is --------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def anyio_group() -> Any:
    async with anyio.create_task_group() as group:
        yield group.start_soon


@contextlib.asynccontextmanager
async def asyncio_group() -> Any:
    async with asyncio.TaskGroup() as group:
        yield lambda act: group.create_task(act())


async def moved_on(call: Any) -> None:
    with anyio.move_on_after(0.06):
        await call


async def failed_after(call: Any) -> None:
    with anyio.fail_after(0.06):
        await call


async def timed_out(call: Any) -> None:
    async with asyncio.timeout(0.06):
        await call


async def waited_for(call: Any) -> None:
    await asyncio.wait_for(call, 0.06)


@pytest.mark.parametrize("group", [anyio_group, asyncio_group])
@pytest.mark.parametrize("scope", [moved_on, failed_after, timed_out, waited_for])
async def test_no_cancellation_gets_out_of_a_scope_that_ends_in_the_round_of_the_connect_timeout(
    scope: Callable[[Any], Any], group: Callable[[], Any], hole: str
) -> None:
    ended: list[str] = []
    stray: list[BaseException] = []

    async def sibling() -> None:
        await asyncio.sleep(0.15)
        ended.append("sibling")

    async def call() -> None:
        try:
            await scope(made.send(request(hole, connect_timeout=0.05)))
            ended.append("left")
        except (TimeoutError, errors.ConnectFailed):
            ended.append("failed")
        except asyncio.CancelledError as error:
            stray.append(error)
            raise

    async with sender() as made:
        for _ in range(4):
            async with group() as start:
                start(sibling)
                start(call)
                await asyncio.sleep(0.02)
                time.sleep(0.1)  # noqa: ASYNC251 - both times are up when the loop goes on
        assert stray == []
        assert ended.count("sibling") == 4
        assert len(ended) == 8
        assert made._pool.permits.available == Limits().max_connections


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize("kind", ["connect", "deadline"])
async def test_a_cancellation_in_the_very_moment_of_the_connect_timeout_is_not_swallowed(
    is_before: bool, kind: str, hole: str
) -> None:
    loop = asyncio.get_running_loop()
    async with sender() as made:
        asked = request(hole, connect_timeout=0.05 if kind == "connect" else 5.0)
        if kind == "deadline":
            asked.record.deadline = time.monotonic() + 0.05
        call = asyncio.ensure_future(made.send(asked))
        await asyncio.sleep(0)  # its timer is set
        loop.call_later(0.03 if is_before else 0.06, call.cancel)
        time.sleep(0.1)  # noqa: ASYNC251 - both fire in one round
        await asyncio.wait([call])
        assert call.cancelled()
        assert asked.record.outcome == "not_sent"


@pytest.mark.parametrize("is_read", [True, False])
async def test_a_cancellation_in_the_very_moment_of_a_later_timeout_comes_first(is_read: bool) -> None:
    async def handle(connection: Connection) -> None:
        await connection.until_closed()

    async with serve(handle) as server, sender() as made:
        asked = request(server.url, read_timeout=0.1 if is_read else 5.0)
        asked.record.deadline = time.monotonic() + (5.0 if is_read else 0.1)
        scope = anyio.CancelScope()

        async def call() -> None:
            with scope:
                await made.send(asked)

        under_way = asyncio.ensure_future(call())
        await server.until(lambda: asked.record.outcome == "unknown")
        asyncio.get_running_loop().call_later(0.11, scope.cancel)
        time.sleep(0.15)  # noqa: ASYNC251 - both times are up when the loop goes on
        await under_way


async def test_who_cancels_the_inner_task_alone_cancels_no_call(hole: str) -> None:
    async with sender() as made:
        call = asyncio.ensure_future(made.send(request(hole)))
        await asyncio.sleep(0.02)
        assert made._loop_state is not None
        for task in made._loop_state.tasks:
            task.cancel()
        with pytest.raises(errors.ConnectFailed, match="no answer"):
            await call


async def test_a_fault_in_opening_is_passed_on() -> None:
    def make() -> Any:
        raise RuntimeError("a fault")

    dial = Dial(LoopState(asyncio.get_running_loop()), make, "127.0.0.1", unused_port())
    with pytest.raises(RuntimeError, match="a fault"):
        await dial.connect(None)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks")
async def test_eager_tasks(hole: str) -> None:
    loop = asyncio.get_running_loop()

    def eager(call: Any) -> asyncio.Task[Any]:
        return asyncio.Task(call, loop=loop, eager_start=True)  # type: ignore[call-arg, unused-ignore]

    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        calls = [eager(made.send(request(server.url))) for _ in range(3)]
        assert [found.status for found in await asyncio.gather(*calls)] == [200] * 3
        with pytest.raises(errors.ConnectFailed):
            await eager(made.send(request(hole, connect_timeout=0.05)))


# --- several addresses ---------------------------------------------------------------------------------------------


async def test_a_dead_address_is_passed_over_within_the_connect_timeout(addresses: Callable[..., None]) -> None:
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        addresses("127.0.0.2", "127.0.0.3", "127.0.0.1")
        with black_hole("127.0.0.2", server.port), black_hole("127.0.0.3", server.port):
            found = await made.send(request(f"http://eks.test:{server.port}", connect_timeout=2.0))
            assert found.status == 200
            assert (server.opened, len(server.ledger)) == (1, 1)


async def test_each_address_has_its_turn_however_short_the_time_is(addresses: Callable[..., None]) -> None:
    addresses("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1")
    shared = LoopState(asyncio.get_running_loop())
    with black_hole("127.0.0.2") as port, black_hole("127.0.0.3", port), black_hole("127.0.0.4", port):
        dial = Dial(shared, lambda: NativeConnection(shared, ("http", "eks.test", port)), "eks.test", port)
        assert await dial.connect(0.5) is None
        assert dial._delay == pytest.approx(0.1)
        assert dial.failures.keys() == {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"}


async def test_an_address_that_refuses_is_passed_over_at_once(
    addresses: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialing, "DELAY", 60.0)
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        addresses("127.0.0.2", "127.0.0.1")
        asked = request(f"http://eks.test:{server.port}", connect_timeout=None)
        with anyio.fail_after(EVENT_TIMEOUT):
            assert (await made.send(asked)).status == 200


async def test_of_two_that_answer_at_once_one_is_used_and_one_closed(addresses: Callable[..., None]) -> None:
    async with serve(answering(answer(CLUSTER))) as server:
        addresses("127.0.0.1", "::ffff:127.0.0.1")
        shared = LoopState(asyncio.get_running_loop())
        made: list[NativeConnection] = []

        def make() -> NativeConnection:
            made.append(NativeConnection(shared, ("http", "eks.test", server.port)))
            return made[-1]

        dial = Dial(shared, make, "eks.test", server.port, delay=0.0)
        found = await dial.connect(None)
        assert found in made
        await server.until(lambda: server.opened == len(made) and server.closed == len(made) - 1)
        assert found is not None
        found.close()
        await shared.until_cancelled_ones_ended()


async def test_an_error_names_the_host_and_what_failed_for_each_address(addresses: Callable[..., None]) -> None:
    port = unused_port()
    addresses("127.0.0.2", "127.0.0.3")
    async with sender() as made:
        with black_hole("127.0.0.3", port), pytest.raises(errors.ConnectFailed) as caught:
            await made.send(request(f"http://eks.test:{port}", connect_timeout=0.1))
        assert (
            f"no connection was made to eks.test:{port} (ConnectTimeout; "
            "127.0.0.2: ConnectionRefusedError: Connection refused; 127.0.0.3: no answer)"
        ) in str(caught.value)
        with pytest.raises(errors.ConnectFailed) as caught:
            await made.send(request(f"http://127.0.0.1:{port}"))
        words = f"no connection was made to 127.0.0.1:{port} (ConnectionRefusedError: Connection refused)"
        assert words in str(caught.value)
        addresses()
        with pytest.raises(errors.ConnectFailed, match=r"to eks\.test:80 \(no address\)"):
            await made.send(request("http://eks.test"))
        addresses("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7")
        with pytest.raises(errors.ConnectFailed, match=r"127\.0\.0\.5: Conn[^;]*; 2 more\)"):
            await made.send(request(f"http://eks.test:{port}"))


async def test_an_address_of_ipv6_is_shown_in_brackets() -> None:
    async with sender() as made:
        with pytest.raises(errors.ConnectFailed, match=r"no connection was made to \[::1\]:\d+ \(\w*Error: "):
            await made.send(request(f"http://[::1]:{unused_port()}"))


async def test_a_look_up_that_never_ends_is_a_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    async with sender() as made:
        with pytest.raises(errors.ConnectFailed, match=r"to eks\.test:80 \(ConnectTimeout\)"):
            await made.send(request("http://eks.test", connect_timeout=0.03))
        asked = request("http://eks.test", connect_timeout=None)
        asked.record.deadline = time.monotonic() + 0.03
        with pytest.raises(OutOfTime):
            await made.send(asked)


# --- nothing is left open ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
async def test_a_cancellation_at_any_moment_leaves_no_socket_open(
    tls: bool, addresses: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("eks.test").configure_cert(context)
    authority.configure_trust(trusted)
    monkeypatch.setattr(dialing, "DELAY", 0.002)
    rng, outcomes = random.Random(20251127), []
    async with serve(answering(answer(CLUSTER)), tls=context if tls else None) as server:
        addresses("127.0.0.2", "127.0.0.1", "::ffff:127.0.0.1")
        with black_hole("127.0.0.2", server.port):
            url = f"{'https' if tls else 'http'}://eks.test:{server.port}"
            async with sender(verify=trusted) as made:
                await made.send(request(url))  # what the event loop opens for itself is open now
            await server.until(lambda: server.opened == server.closed)
            gc.collect()  # what others have left to it
            before = open_files()
            async with sender(verify=trusted) as made:
                for _ in range(30):
                    calls = [asyncio.ensure_future(made.send(request(url))) for _ in range(5)]
                    for call in calls:
                        for _ in itertools.repeat(None, rng.randrange(12)):
                            await asyncio.sleep(0)
                        await asyncio.sleep(rng.choice((0, 0, 0.001, 0.003)))
                        call.cancel()
                    await asyncio.wait(calls)
                    outcomes += [call.cancelled() for call in calls]
                    assert made._loop_state is not None
                    for connection in list(made._loop_state.idle):  # so that all are new
                        connection.close()
            await server.until(lambda: server.opened == server.closed)
            await asyncio.sleep(0.01)
            assert open_files() <= before
    assert outcomes.count(True) > 20


# --- the pure parts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("eks.test", False), ("", False), ("1", False), ("a\0", False)],
)
def test_which_hosts_are_addresses(host: str, expected: bool) -> None:
    assert is_address(host) is expected


def test_families_take_turns() -> None:
    def six(address: str, scope: int = 0) -> tuple[Any, ...]:
        return socket.AF_INET6, 1, 6, "", (address, 80, 0, scope)

    def four(address: str) -> tuple[Any, ...]:
        return socket.AF_INET, 1, 6, "", (address, 80)

    found = [six("::1"), six("::1"), six("fe80::1", 3), six("fe80::2%eth0", 3), four("10.0.0.1"), four("10.0.0.2")]
    assert interleaved_addresses(found) == ["::1", "10.0.0.1", "fe80::1%3", "10.0.0.2", "fe80::2%eth0"]
    assert interleaved_addresses([]) == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ConnectionRefusedError(111, "Connect call failed ('10.0.0.1', 80)"),
            "ConnectionRefusedError: Connection refused",
        ),
        (socket.gaierror(-2, "Name or service not known"), "gaierror: Name or service not known"),
        (OSError("nothing was found"), "OSError: nothing was found"),
        (ValueError("no name"), "ValueError: no name"),
    ],
)
def test_what_an_error_says(error: Exception, words: str) -> None:
    assert error_text(error) == words
