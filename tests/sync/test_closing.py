"""Closing a client, dropping it, and what must not be done with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest

from cds_eks import EksClient, Limits
from cds_eks.errors import AmbiguousCreate, ConfigurationError, TransportError
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from support.contract_clients import SETTINGS, sync_client
from support.contract_server import HANG, Server, envelope
from support.eventually import EVENT_TIMEOUT, until
from sync.processes import loop_threads

CALLS: dict[str, Callable[[EksClient], object]] = {
    "call": lambda eks: eks.clusters.list(),
    "any action": lambda eks: eks.call("Anything"),
    "wait": lambda eks: eks.wait.task("t"),
    "wait, reporting": lambda eks: eks.wait.task("t", on_change=print),
    "iterate": lambda eks: list(eks.nodes.iterate("c")),
}


def hang_all(server: Server) -> None:
    server.replies |= dict.fromkeys(("ListClusters", "Anything", "TaskStatus", "ListNodes"), HANG)


@pytest.mark.parametrize("is_used", [True, False])
def test_close_ends_the_thread_and_may_be_called_again(server: Server, is_used: bool) -> None:
    with sync_client(server) as eks:
        if is_used:
            eks.clusters.list()
        eks.close()
        assert loop_threads() == set()
        eks.close()
    eks.close()


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("is_used", [True, False])
def test_calls_on_a_closed_client_are_refused(server: Server, name: str, is_used: bool) -> None:
    with sync_client(server) as eks:
        if is_used:
            eks.clusters.list()
    with pytest.raises(ConfigurationError, match="the client is closed") as caught:
        CALLS[name](eks)
    assert caught.value.outcome == "not_sent"
    assert loop_threads() == set()


def test_the_connections_are_closed_with_the_client(server: Server) -> None:
    with sync_client(server) as eks:
        eks.clusters.list()
        assert any(thread.name.startswith("Thread-") for thread in threading.enumerate())
    until(lambda: not any("process_request" in thread.name for thread in threading.enumerate()))


@pytest.mark.parametrize("name", CALLS)
def test_a_call_under_way_fails_promptly_when_another_thread_closes_the_client(
    server: Server, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_eks.sync.event_loop_thread.JOIN_TIMEOUT", 2 * EVENT_TIMEOUT)
    hang_all(server)
    with ThreadPoolExecutor(4) as pool:
        eks = EksClient(endpoint=server.url, **SETTINGS)
        calls = [pool.submit(CALLS[name], eks) for _ in range(4)]
        server.wait_for(4)
        begin = time.monotonic()
        eks.close()
        for call in calls:
            with pytest.raises(TransportError, match="the client was closed while the call was under way") as caught:
                call.result(EVENT_TIMEOUT)
            assert caught.value.outcome == "unknown"
        assert time.monotonic() - begin < EVENT_TIMEOUT / 2
    assert all(seen.is_dropped.wait(EVENT_TIMEOUT) for seen in server.seen)
    assert loop_threads() == set()


def test_creates_that_are_cut_off_by_closing_say_which_of_them_have_left_and_what_to_look_for(server: Server) -> None:
    begun: list[Request] = []

    async def watch(request: Request, send: Send) -> RawResponse:
        begun.append(request)
        return await send(request)

    server.replies["CreateNetworkInterface"] = HANG
    with ThreadPoolExecutor(3) as pool:
        eks = EksClient(endpoint=server.url, limits=Limits(max_connections=1), per_call=[watch], **SETTINGS)
        calls = [pool.submit(eks.network_interfaces.create, f"subnet-{number}") for number in range(3)]
        server.wait_for(1)
        until(lambda: len(begun) == 3)
        eks.close()
        raised = [call.exception(5) for call in calls]
    left = [error for error in raised if isinstance(error, AmbiguousCreate)]
    stayed = [error for error in raised if not isinstance(error, AmbiguousCreate)]
    assert [error.outcome for error in left] == ["unknown"]
    assert isinstance(left[0], TransportError)
    assert left[0].natural_key["subnet_id"].startswith("subnet-")
    assert (left[0].action, left[0].attempts) == ("CreateNetworkInterface", 1)
    for error in stayed:
        assert isinstance(error, TransportError)
        assert (error.outcome, error.action) == ("not_sent", "CreateNetworkInterface")
    assert len(stayed) == 2
    assert len(server.seen) == 1


def test_a_create_that_is_cut_off_after_the_yes_has_the_ids_of_what_was_made(server: Server) -> None:
    has_come = threading.Event()

    async def linger(request: Request, send: Send) -> RawResponse:
        response = await send(request)
        has_come.set()
        await anyio.sleep_forever()
        return response

    server.replies["CreateNetworkInterface"] = envelope({"NetcardId": "n", "EventId": "e"})
    with ThreadPoolExecutor(1) as pool:
        eks = EksClient(endpoint=server.url, per_call=[linger], **SETTINGS)
        call = pool.submit(eks.network_interfaces.create, "subnet-1")
        assert has_come.wait(EVENT_TIMEOUT)
        eks.close()
        with pytest.raises(TransportError) as caught:
            call.result(EVENT_TIMEOUT)
    assert (caught.value.outcome, caught.value.ids) == ("accepted", {"netcard_id": "n", "event_id": "e"})


def test_calls_that_come_while_the_client_is_closed_are_answered_or_refused_and_never_lost(server: Server) -> None:
    """Again and again, since it is a race."""
    for _ in range(15):
        eks = EksClient(endpoint=server.url, **SETTINGS)
        eks.clusters.list()
        ready = threading.Barrier(5)

        def hammer(eks: EksClient, ready: threading.Barrier) -> str:
            ready.wait(EVENT_TIMEOUT)
            for _ in range(10_000):
                try:
                    eks.clusters.list()
                except (TransportError, ConfigurationError) as error:
                    return type(error).__name__
            return "never refused"

        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(hammer, eks, ready) for _ in range(4)]
            ready.wait(EVENT_TIMEOUT)
            eks.close()
            assert {call.result(EVENT_TIMEOUT) for call in calls} <= {"TransportError", "ConfigurationError"}


def test_many_threads_may_close_at_once(server: Server) -> None:
    with sync_client(server) as eks, ThreadPoolExecutor(8) as pool:
        eks.clusters.list()
        for done in [pool.submit(eks.close) for _ in range(8)]:
            done.result(EVENT_TIMEOUT)
        assert loop_threads() == set()


def test_a_middleware_that_cleans_up_slowly_has_its_time(server: Server) -> None:
    fates: list[str] = []

    async def tidy(request: Request, send: Send) -> RawResponse:
        try:
            return await send(request)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)
                fates.append("tidied")

    hang_all(server)
    with ThreadPoolExecutor(1) as pool:
        with sync_client(server, per_call=[tidy]) as eks:
            call = pool.submit(CALLS["call"], eks)
            server.wait_for(1)
        with pytest.raises(TransportError):
            call.result(EVENT_TIMEOUT)
    assert fates == ["tidied"]


class OwnBackend:
    """A backend of the user's."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.closed_on: list[str] = []

    async def send(self, request: Request) -> RawResponse:
        return RawResponse(status=200, headers={}, content=b'{"Code":"Success","Data":[]}')

    async def aclose(self) -> None:
        self.closed_on.append(threading.current_thread().name)
        if self.error is not None:
            raise self.error


def test_a_backend_of_one_s_own_is_closed_once_and_on_the_loop(server: Server) -> None:
    backend = OwnBackend()
    with sync_client(server, backend=backend) as eks:
        assert eks.clusters.list().data == []
        eks.close()
    assert backend.closed_on == ["cds-eks"]


@pytest.mark.parametrize("error", [OSError("it broke"), TimeoutError()])
def test_an_error_of_closing_a_backend_comes_out_of_close_and_the_thread_is_gone(
    server: Server, error: Exception
) -> None:
    eks = EksClient(endpoint=server.url, backend=OwnBackend(error), **SETTINGS)
    eks.clusters.list()
    with pytest.raises(type(error)) as caught:
        eks.close()
    assert caught.value is error
    assert loop_threads() == set()
    eks.close()
