"""The emulator on a socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from cds_eks.emulator import Emulator
from cds_eks.emulator.http import server

from .caller import common_parameters, signed_query


def get(
    client: httpx.Client, emulator: Emulator, action: str, params: Mapping[str, str] | None = None
) -> dict[str, Any]:
    credentials = emulator.credentials
    query = signed_query(credentials, "GET", {**common_parameters(credentials, action), **(params or {})})
    response = client.get(f"/eks/v1?{query}")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def emulator_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "cds-eks-emulator"]


def test_a_with_block(emulator: Emulator) -> None:
    emulator.add_cluster("c")
    with emulator.serve() as url:
        assert url.startswith("http://127.0.0.1:")
        assert not url.endswith("/")
        assert len(emulator_threads()) == 1
        with httpx.Client(base_url=url, trust_env=False) as client:
            for _ in range(3):
                assert get(client, emulator, "GetCluster", {"ClusterId": "c"})["Data"]["ClusterId"] == "c"
            response = client.get("/_emulator/ledger")
            assert len(response.json()["requests"]) == 3
            assert response.headers.get_list("date") == [response.headers["date"]]
            assert "server" not in response.headers
    assert emulator_threads() == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


@pytest.mark.anyio
async def test_an_async_with_block_leaves_the_loop_free(emulator: Emulator, anyio_backend: str) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.lowlevel.checkpoint()
            ticks += 1

    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        async with emulator.serve() as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
            assert ticks >= 5
            assert (await client.get("/_emulator/ledger")).status_code == 200
            served = ticks
        assert ticks >= served + 5
        group.cancel_scope.cancel()
    assert emulator_threads() == []


@pytest.mark.anyio
async def test_a_cancelled_block_still_stops_the_server(emulator: Emulator, anyio_backend: str) -> None:
    with anyio.CancelScope() as scope:
        async with emulator.serve():
            scope.cancel()
            await anyio.sleep(10)
    assert emulator_threads() == []


@pytest.mark.anyio
async def test_a_block_that_is_cancelled_before_it_begins(emulator: Emulator, anyio_backend: str) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with emulator.serve():
            raise AssertionError("not reached")  # pragma: no cover
    assert scope.cancelled_caught
    assert emulator_threads() == []


def test_a_taken_port_is_an_error_at_once(emulator: Emulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        serving = emulator.serve(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            serving.__enter__()
    assert emulator_threads() == []


def test_it_serves_again_but_each_block_once(emulator: Emulator) -> None:
    serving = emulator.serve()
    with serving as url:
        port = int(url.rsplit(":", 1)[1])
    with pytest.raises(RuntimeError, match="serve"):
        serving.__enter__()
    with emulator.serve(port=port) as again:
        assert again == url
        assert httpx.get(f"{again}/_emulator/ledger", trust_env=False).status_code == 200


def test_a_server_that_does_not_start(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.Serving, "_run", lambda self, listening: None)
    with pytest.raises(RuntimeError, match="did not start"):
        emulator.serve().__enter__()


def test_a_block_that_was_never_entered_can_be_left(emulator: Emulator) -> None:
    emulator.serve().__exit__()


def test_it_stops_in_time_with_an_idle_connection(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_eks.emulator.http.server.SHUTDOWN_POLLS", 20_000)  # 40 s, for what does not end by itself
    with httpx.Client(trust_env=False) as client:
        with emulator.serve() as url:
            client.get(f"{url}/_emulator/ledger")
            began = time.monotonic()
        assert time.monotonic() - began < 8  # it gives up waiting after 10


def test_it_stops_at_once() -> None:
    """Many tests start one each: there is no pause that they would all wait for."""
    took = []
    for _ in range(5):
        with Emulator().serve():
            began = time.monotonic()
        took.append(time.monotonic() - began)
    assert min(took) < 0.05


def test_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:  # pragma: no cover - where there is no IPv6
        pytest.skip("no IPv6 here")
    with Emulator().serve("::1") as url:
        assert url.startswith("http://[::1]:")
        assert httpx.get(f"{url}/_emulator/ledger", trust_env=False).status_code == 200


def test_it_stops_in_time_with_a_request_half_sent(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with emulator.serve() as url:
        host, port = url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)), timeout=10)
        connection.sendall(b"POST /eks/v1 HTTP/1.1\r\nHost: e\r\nContent-Length: 10\r\n\r\n{")
        time.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    with connection:
        assert connection.recv(1000) == b""
    assert emulator.ledger.requests == []


def test_many_threads(emulator: Emulator) -> None:
    emulator.add_cluster("c")
    with emulator.serve() as url, httpx.Client(base_url=url, trust_env=False) as client:

        def work(_: int) -> str:
            emulator.add_task()
            assert emulator.ledger.requests is not None
            request_id: str = get(client, emulator, "GetCluster", {"ClusterId": "c"})["RequestId"]
            return request_id

        with ThreadPoolExecutor(8) as pool:
            request_ids = list(pool.map(work, range(100)))
    assert len(set(request_ids)) == 100
    assert [each.index for each in emulator.ledger.requests] == list(range(100))


def test_speed() -> None:
    emulator = Emulator(speed=3000)
    with emulator.serve() as url, httpx.Client(base_url=url, trust_env=False) as client:
        emulator.add_cluster("c")
        credentials = emulator.credentials
        query = signed_query(credentials, "POST", common_parameters(credentials, "DeleteCluster"))
        client.post(f"/eks/v1?{query}", json={"ClusterId": "c"}).raise_for_status()
        began = time.monotonic()
        while get(client, emulator, "ListClusters")["Data"] and time.monotonic() - began < 20:
            time.sleep(0.005)
        assert time.monotonic() - began < 15
