"""Addresses of hosts, and connections to them, where no thread can look a name up."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, errors
from cds_eks.backend.resolve import look_up
from support.backend_clients import CREDENTIALS
from support.raw_server import unused_port

pytestmark = pytest.mark.anyio

SHUTDOWN = "cannot schedule new futures after shutdown"
FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What makes event loops have no thread for a lookup, and say why."""

    def refuse(words: str) -> None:
        async def getaddrinfo(*_: object, **__: object) -> None:
            raise RuntimeError(words)

        monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)

    return refuse


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked up where it was asked for them; there is one, `a.test`."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        if host != "a.test":
            raise socket.gaierror(-2, "Name or service not known")
        return FOUND

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_the_event_loop_looks_names_up_if_it_can(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    async def getaddrinfo(host: str, port: int, **more: object) -> Any:
        assert (host, port, more) == ("b.test", 80, {"type": socket.SOCK_STREAM})
        return FOUND

    monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)
    assert await look_up("b.test", 80) == FOUND
    assert asked == []


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
async def test_nothing_is_looked_up_for_an_address(refuse: Callable[[str], None], host: str, family: int) -> None:
    refuse("no thread is needed")
    (found,) = await look_up(host, 80)
    assert (found[0], found[-1][:2]) == (family, (host, 80))


@pytest.mark.parametrize(
    "words",
    [
        SHUTDOWN,
        "cannot schedule new futures after interpreter shutdown",
        "Executor shutdown has been called",
        "can't create new thread at interpreter shutdown",
    ],
)
async def test_once_there_are_no_more_threads_it_is_done_right_here(
    refuse: Callable[[str], None], asked: list[str], words: str
) -> None:
    refuse(words)
    assert await look_up("a.test", 80) == FOUND
    with pytest.raises(socket.gaierror, match="not known"):
        await look_up("b.test", 80)
    assert asked == ["a.test", "b.test"]


async def test_an_event_loop_that_goes_on_is_not_held_up(
    refuse: Callable[[str], None], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system has no more threads: an event loop of the user's must not stand still for that."""
    refuse("can't start new thread")
    with pytest.raises(OSError, match=r"can't be looked up \(can't start new thread\)"):
        await look_up("a.test", 80)
    assert asked == []
    ended = threading.Thread()
    monkeypatch.setattr(threading, "main_thread", lambda: ended)
    assert await look_up("a.test", 80) == FOUND


@pytest.mark.parametrize("backend", ["httpx", "native"])
async def test_a_create_to_a_name_that_can_not_be_looked_up_is_not_sent(
    backend: Any, create: Any, refuse: Callable[[str], None], anyio_backend: str
) -> None:
    if backend == "native" and anyio_backend == "trio":
        pytest.skip("the native backend runs on asyncio only")
    refuse("can't start new thread")
    async with AsyncEksClient(CREDENTIALS, endpoint="http://a.test", backend=backend, retry=RetryPolicy.none()) as eks:
        with pytest.raises(errors.ConnectFailed, match="can't start new thread") as caught:
            await eks.clusters.create(create)
    assert (caught.value.outcome, caught.value.attempts) == ("not_sent", 1)


@pytest.mark.parametrize("backend", ["httpx", "native"])
async def test_all_addresses_are_tried_where_it_is_done_right_here(
    backend: Any, refuse: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, anyio_backend: str
) -> None:
    if backend == "native" and anyio_backend == "trio":
        pytest.skip("the native backend runs on asyncio only")
    refuse(SHUTDOWN)
    two = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", unused_port())) for last in (1, 2)]
    with monkeypatch.context() as patch:
        real = socket.getaddrinfo
        patch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: two if host == "a.test" else real(host, *rest))
        url = f"http://a.test:{unused_port()}"
        async with AsyncEksClient(CREDENTIALS, endpoint=url, backend=backend, retry=RetryPolicy.none()) as eks:
            with pytest.raises(errors.ConnectFailed) as caught:
                await eks.clusters.list()
    assert caught.value.outcome == "not_sent"


async def test_a_proxy_s_name_that_can_not_be_looked_up_is_not_connected_to(
    create: Any, refuse: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse("can't start new thread")
    monkeypatch.setenv("http_proxy", f"http://localhost:{unused_port()}")
    async with AsyncEksClient(CREDENTIALS, endpoint="http://a.test", retry=RetryPolicy.none()) as eks:
        with pytest.raises(errors.ConnectFailed, match="can't start new thread") as caught:
            await eks.clusters.create(create)
    assert (caught.value.outcome, caught.value.attempts) == ("not_sent", 1)


async def test_a_transport_s_own_runtime_error_is_passed_on(create: Any) -> None:
    """Nobody but the user knows what it means."""

    class Transport(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise RuntimeError("mine")

    async with AsyncEksClient(CREDENTIALS, endpoint="http://a.test", backend=Transport()) as eks:
        with pytest.raises(RuntimeError, match="mine"):
            await eks.clusters.create(create)


@pytest.mark.parametrize("backend", ["httpx", "native"])
def test_no_connection_loads_the_codec_of_names(backend: str) -> None:
    """It would do so outside of what a fork waits for, and the child of a fork in the middle has none for ever."""
    code = f"""
import sys
from cds_eks import Credentials, EksClient
EksClient(Credentials("a" * 8, "b" * 8), backend={backend!r})
print("encodings.idna" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True\n"
