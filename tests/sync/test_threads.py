"""One client, many threads; running loops around it; its own thread."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from cds_eks import Credentials, EksClient, Limits
from cds_eks.errors import ConfigurationError, NotFound, TransportError
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from support.contract_clients import sync_client
from support.contract_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Seen, Server, envelope
from support.eventually import EVENT_TIMEOUT, WAIT_TIMEOUT
from sync.processes import loop_threads


def echo(seen: Seen) -> dict[str, Any]:
    return envelope([{"ClusterId": seen.arguments["Keyword"]}])


def test_16_threads_share_one_client_and_each_gets_its_own_answers(server: Server) -> None:
    server.replies["ListClusters"] = echo
    start = threading.Barrier(16)

    def work(thread: int) -> None:
        start.wait(EVENT_TIMEOUT)
        for call in range(20):
            keyword = f"{thread}-{call}"
            assert eks.clusters.list(keyword=keyword).data[0].cluster_id == keyword

    with sync_client(server) as eks, ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(work, thread) for thread in range(16)]:
            done.result(WAIT_TIMEOUT)
        assert len(loop_threads()) == 1
    assert server.problems == []
    assert len(server.seen) == 320


def test_threads_that_make_the_first_call_at_once_start_one_loop(server: Server) -> None:
    for _ in range(10):
        start = threading.Barrier(8)
        with sync_client(server) as eks, ThreadPoolExecutor(8) as pool:

            def work(start: threading.Barrier, eks: EksClient) -> set[threading.Thread]:
                start.wait(EVENT_TIMEOUT)
                eks.clusters.list()
                return loop_threads()

            found = [pool.submit(work, start, eks) for _ in range(8)]
            assert len(set().union(*(one.result(EVENT_TIMEOUT) for one in found))) == 1


def test_no_thread_is_started_before_the_first_call(server: Server) -> None:
    with sync_client(server) as eks:
        assert loop_threads() == set()
        nodes = eks.nodes.iterate("c")
        assert loop_threads() == set()
        assert next(nodes, None) is None
        (thread,) = loop_threads()
        assert thread.daemon


@pytest.mark.anyio
async def test_it_works_inside_of_a_running_loop_from_making_to_closing(server: Server) -> None:
    """As in Jupyter. With limits, because what limits must belong to the client's loop and not to the caller's."""
    server.replies["ListClusters"] = echo
    server.replies["TaskStatus"] = envelope({"TaskId": "t", "TaskStatus": "finish"})
    limits = Limits(max_connections=1, max_in_flight=1, requests_per_second=1000.0)
    with sync_client(server, limits=limits) as eks:
        assert eks.clusters.list(keyword="a").data[0].cluster_id == "a"
        with ThreadPoolExecutor(4) as pool:
            assert len(list(pool.map(lambda index: eks.clusters.list(keyword=f"{index}"), range(8)))) == 8
        assert eks.wait.task("t", on_change=lambda task: None).task_status == "finish"
        assert list(eks.nodes.iterate("c")) == []
        await anyio.lowlevel.checkpoint()
    assert server.problems == []


def test_the_context_variables_of_the_caller_are_seen_by_its_middlewares(server: Server) -> None:
    who = contextvars.ContextVar("who", default="nobody")
    seen: list[str] = []

    async def look(request: Request, send: Send) -> RawResponse:
        seen.append(who.get())
        who.set("changed")
        return await send(request)

    with sync_client(server, per_call=[look]) as eks:
        for name in ("ann", "bob"):
            who.set(name)
            eks.clusters.list()
    assert seen == ["ann", "bob"]
    assert who.get() == "bob"


# --- the client's own thread


CALLS: dict[str, Callable[[EksClient], object]] = {
    "call": lambda eks: eks.clusters.list(),
    "wait": lambda eks: eks.wait.task("t"),
    "wait, reporting": lambda eks: eks.wait.task("t", on_change=print),
    "iterate": lambda eks: list(eks.nodes.iterate("c")),
    "any action": lambda eks: eks.call("Anything"),
    "close": lambda eks: eks.close(),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_blocking_call_on_the_client_s_own_thread_is_refused_and_the_outer_call_survives(
    server: Server, name: str
) -> None:
    caught: list[BaseException] = []

    async def call_back(request: Request, send: Send) -> RawResponse:
        try:
            CALLS[name](eks)
        except RuntimeError as error:
            caught.append(error)
        return await send(request)

    with sync_client(server, per_call=[call_back]) as eks:
        assert eks.clusters.list().code == "Success"
        assert eks.clusters.list().code == "Success"
    assert [type(error) for error in caught] == [RuntimeError] * 2
    assert "own event-loop thread" in str(caught[0])
    assert [seen.action for seen in server.seen] == ["ListClusters"] * 2


def test_an_iterator_is_refused_on_the_client_s_own_thread_also_when_it_was_begun_elsewhere(server: Server) -> None:
    server.replies["ListNodes"] = lambda seen: envelope([{"NodeId": f"n-{seen.arguments['PageIndex']}"}])
    caught: list[BaseException] = []

    async def step(request: Request, send: Send) -> RawResponse:
        if request.operation.name == "ListClusters":
            try:
                next(nodes)
            except RuntimeError as error:
                caught.append(error)
        return await send(request)

    with sync_client(server, per_call=[step]) as eks:
        nodes = eks.nodes.iterate("c")
        next(nodes)
        eks.clusters.list()
    assert "own event-loop thread" in str(caught[0])


def test_a_client_may_call_another_one_on_its_thread(server: Server) -> None:
    with sync_client(server) as other:

        async def ask(request: Request, send: Send) -> RawResponse:
            other.tasks.get_status("t")
            return await send(request)

        server.replies["TaskStatus"] = envelope({"TaskId": "t"})
        with sync_client(server, per_call=[ask]) as eks:
            eks.clusters.list()
    assert [seen.action for seen in server.seen] == ["TaskStatus", "ListClusters"]


# --- what comes out of a call


def test_an_error_comes_out_as_it_is_and_the_client_goes_on(server: Server) -> None:
    with sync_client(server) as eks:
        server.replies["GetCluster"] = {"Code": "ResourceNotFound", "Msg": "no", "RequestId": "r"}
        with pytest.raises(NotFound, match="no"):
            eks.clusters.get("c")
        assert eks.clusters.list().code == "Success"


class Odd(BaseException):
    """Not an `Exception`."""


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), Odd("odd"), ZeroDivisionError(), TimeoutError()])
def test_whatever_a_middleware_raises_comes_out_and_the_client_goes_on(server: Server, error: BaseException) -> None:
    async def complain(request: Request, send: Send) -> RawResponse:
        if request.operation.name == "GetCluster":
            raise error
        return await send(request)

    with sync_client(server, per_call=[complain]) as eks:
        eks.clusters.list()
        with pytest.raises(type(error)) as caught:
            eks.clusters.get("c")
        assert caught.value is error
        assert eks.clusters.list().code == "Success"
        assert len(loop_threads()) == 1


def test_a_middleware_that_cancels_itself_ends_its_own_call_only(server: Server) -> None:
    async def give_up(request: Request, send: Send) -> RawResponse:
        if request.operation.name == "GetCluster":
            raise asyncio.CancelledError
        return await send(request)

    with sync_client(server, per_call=[give_up]) as eks:
        with pytest.raises(TransportError) as caught:
            eks.clusters.get("c")
        assert caught.value.outcome == "unknown"
        assert eks.clusters.list().code == "Success"


# --- settings


def test_wrong_settings_are_refused_when_the_client_is_made() -> None:
    wrong: list[dict[str, Any]] = [
        {"endpoint": "ftp://x"},
        {"timeouts": 5},
        {"backend": "curl"},
        {"api_revision": "2020-01-01"},
        {"per_call": [7]},
        {"credentials": "me"},
    ]
    for settings in wrong:
        with pytest.raises(ConfigurationError):
            EksClient(**{"credentials": Credentials("a", "b")} | settings)
    assert loop_threads() == set()


def test_the_environment_counts_as_it_was_when_the_client_was_made(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_SECRET_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("CDS_SECRET_KEY", SECRET_ACCESS_KEY)
    monkeypatch.setenv("CDS_EKS_ENDPOINT", server.url)
    with EksClient() as eks:
        for name in ("CDS_SECRET_ID", "CDS_SECRET_KEY", "CDS_EKS_ENDPOINT"):
            monkeypatch.delenv(name)
        assert eks.clusters.list().code == "Success"
    assert server.problems == []
    for name in ("CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="no credentials"):
        EksClient()


def test_repr_shows_the_class_and_nothing_secret() -> None:
    class Mine(EksClient):
        pass

    settings: dict[str, Any] = {"credentials": Credentials("an-id", "a-key"), "endpoint": "http://127.0.0.1:1"}
    assert repr(EksClient(**settings)) == "EksClient(endpoint='http://127.0.0.1:1', api_revision='2025-09-08')"
    assert repr(Mine(**settings)) == "Mine(endpoint='http://127.0.0.1:1', api_revision='2025-09-08')"
