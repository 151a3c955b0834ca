"""Connecting bare sockets: which address is tried when, and when that is given up."""

from __future__ import annotations

import math
import socket
import time
from typing import Any

import anyio
import pytest

from backend.stream_pairs import full_line
from cds_eks._runtime import clocks
from cds_eks.backend import sockets
from cds_eks.backend.sockets import TimedOut

asynchronous = pytest.mark.anyio


@asynchronous
async def test_the_next_address_is_tried_when_one_fails_or_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, full_line() as (nowhere, _):
        port = listener.getsockname()[1]
        family = socket.AF_INET
        refused = (family, ("127.0.0.1", 1))
        slow, good = (family, nowhere), (family, ("127.0.0.1", port))
        for listed in ([good], [refused, good], [slow, good], [slow, refused, good], [refused, slow, good]):

            async def addresses(*_: object, listed: Any = listed) -> Any:
                return list(listed)

            monkeypatch.setattr(sockets, "_addresses", addresses)
            monkeypatch.setattr(sockets, "STAGGER", 0.01)
            connected = await sockets.connect("eks.test", port, clocks.monotonic() + 5)
            assert connected.getpeername()[1] == port
            connected.close()


@asynchronous
async def test_connecting_fails_with_the_last_reason_or_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionRefusedError):
        await sockets.connect("127.0.0.1", 1, math.inf)
    with pytest.raises(OSError, match=r"not known|No address|resolution"):
        await sockets.connect("no-such-host.invalid", 1, clocks.monotonic() + 10)
    with full_line() as (nowhere, _), pytest.raises(TimedOut):
        await sockets.connect(nowhere[0], nowhere[1], clocks.monotonic() + 0.03)

    async def none(*_: object) -> Any:
        return []

    monkeypatch.setattr(sockets, "_addresses", none)
    with pytest.raises(OSError, match="no address"):
        await sockets.connect("eks.test", 1, math.inf)


@asynchronous
async def test_a_name_that_takes_too_long_to_look_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> Any:
        await anyio.sleep(30)

    monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)
    began = time.monotonic()
    with pytest.raises(TimedOut):
        await sockets.connect("eks.test", 1, clocks.monotonic() + 0.03)
    with anyio.move_on_after(0.03):
        await sockets.connect("eks.test", 1, clocks.monotonic() + 30)
    assert time.monotonic() - began < 10


@asynchronous
async def test_the_families_of_addresses_are_tried_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> Any:
        return [(family, 1, 6, "", (number,)) for number, family in enumerate((10, 10, 10, 2, 2))]

    monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)
    found = await sockets._addresses("eks.test", 1, math.inf)
    assert found == [(10, (0,)), (2, (3,)), (10, (1,)), (2, (4,)), (10, (2,))]


@asynchronous
async def test_an_address_that_can_not_even_be_tried_is_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wrong(*_: object) -> Any:
        return [(socket.AF_INET, ("::1", 1))]

    monkeypatch.setattr(sockets, "_addresses", wrong)
    with pytest.raises(OSError):  # noqa: PT011 - the system says why
        await sockets.connect("eks.test", 1, math.inf)


@asynchronous
async def test_an_address_that_is_not_connected_yet_is_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    is_connected, looks = sockets._is_connected, 0

    def not_at_first(begun: socket.socket) -> bool:
        nonlocal looks
        looks += 1
        return looks > 1 and is_connected(begun)

    monkeypatch.setattr(sockets, "_is_connected", not_at_first)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (await sockets.connect("127.0.0.1", listener.getsockname()[1], clocks.monotonic() + 5)).close()
    assert looks == 2
