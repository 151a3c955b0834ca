"""Connections by host name where no thread can look the name up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
import trio
from raw_server import unused_port
from test_httpx import CREDENTIALS, _no_proxies, create  # noqa: F401 - fixtures

from cds_eks import AsyncEksClient, RetryPolicy, errors
from cds_eks.backend.resolve import by_name

pytestmark = pytest.mark.anyio

SHUTDOWN = "cannot schedule new futures after shutdown"


def connecting(*, names: str, addresses: dict[str, str]) -> Callable[[str], Any]:
    """Return what connects to some addresses, and refuses names with a RuntimeError."""

    async def connect(host: str) -> str:
        if host not in addresses:
            raise RuntimeError(names)
        if addresses[host] == "refused":
            raise ConnectionRefusedError(host)
        return addresses[host]

    return connect


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two addresses of the one name there is; what was asked for is kept."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: int) -> list[Any]:
        asked.append(host)
        if host != "a.test":
            raise socket.gaierror(-2, "Name or service not known")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 0, "", (address, port)) for address in ("::1", "::1", "192.0.2.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_each_address_is_tried_in_turn(known: list[str]) -> None:
    connect = connecting(names=SHUTDOWN, addresses={"::1": "refused", "192.0.2.1": "connected"})
    assert await by_name(connect, "a.test", 80) == "connected"
    assert known == ["a.test"]


async def test_the_last_refusal_is_told_if_there_is_no_other_address(known: list[str]) -> None:
    connect = connecting(names=SHUTDOWN, addresses={"::1": "refused", "192.0.2.1": "refused"})
    with pytest.raises(ConnectionRefusedError, match=r"192\.0\.2\.1"):
        await by_name(connect, "a.test", 80)


async def test_a_name_that_there_is_not(known: list[str]) -> None:
    with pytest.raises(socket.gaierror, match="not known"):
        await by_name(connecting(names=SHUTDOWN, addresses={}), "b.test", 80)


async def test_what_the_event_loop_can_look_up_is_its_own(known: list[str]) -> None:
    assert await by_name(connecting(names="", addresses={"a.test": "connected"}), "a.test", 80) == "connected"
    assert known == []


async def test_an_event_loop_that_goes_on_is_not_held_up_by_a_lookup(known: list[str]) -> None:
    """The system has no more threads: an event loop of the user's must not stand still for that."""
    with pytest.raises(OSError, match=r"can't be looked up \(can't start new thread\)"):
        await by_name(connecting(names="can't start new thread", addresses={}), "a.test", 80)
    assert known == []


async def test_after_the_main_thread_s_end_any_reason_will_do(
    known: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Thread()
    monkeypatch.setattr(threading, "main_thread", lambda: ended)
    connect = connecting(names="can't start new thread", addresses={"::1": "connected"})
    assert await by_name(connect, "a.test", 80) == "connected"


@pytest.mark.parametrize("backend", ["httpx", "native"])
async def test_a_create_to_a_name_that_no_thread_can_look_up_is_not_sent(
    backend: Any, create: Any, monkeypatch: pytest.MonkeyPatch, anyio_backend: str
) -> None:
    if backend == "native" and anyio_backend == "trio":
        pytest.skip("the native backend runs on asyncio only")

    async def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(anyio, "connect_tcp", refuse)
    if anyio_backend == "asyncio":
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", refuse)
    async with AsyncEksClient(CREDENTIALS, endpoint="http://a.test", backend=backend, retry=RetryPolicy.none()) as eks:
        with pytest.raises(errors.ConnectFailed, match="can't start new thread") as caught:
            await eks.clusters.create(create)
    assert (caught.value.outcome, caught.value.attempts) == ("not_sent", 1)


async def test_a_proxy_s_name_that_no_thread_can_look_up_is_not_connected_to(
    create: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(anyio, "connect_tcp", refuse)
    monkeypatch.setattr(trio, "open_tcp_stream", refuse)  # httpcore goes to it directly
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
