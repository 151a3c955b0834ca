"""Iterators left half-way, clients that are dropped, and what must not be done with them."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cds_eks import EksClient
from cds_eks.errors import AmbiguousCreate, ConfigurationError, EksError, TransportError
from support.contract_clients import SETTINGS, sync_client
from support.contract_server import HANG, Seen, Server, envelope
from support.eventually import EVENT_TIMEOUT, until
from sync.processes import loop_threads


def nodes(seen: Seen) -> dict[str, Any]:
    page = seen.arguments["PageIndex"]
    return envelope([{"NodeId": f"n-{page}-{index}"} for index in range(3)] if int(page) < 9 else [])


@pytest.mark.parametrize("way", ["closed", "dropped", "kept"])
def test_an_iterator_that_is_left_half_way_leaves_nothing_behind(server: Server, way: str) -> None:
    server.replies["ListNodes"] = nodes
    with sync_client(server) as eks:
        entries: Any = eks.nodes.iterate("c")
        assert [next(entries).node_id for _ in range(4)] == ["n-1-0", "n-1-1", "n-1-2", "n-2-0"]
        if way == "closed":
            entries.close()
            assert next(entries, None) is None
        elif way == "dropped":
            del entries
            gc.collect()
        assert eks.clusters.list().code == "Success"
    assert [seen.action for seen in server.seen] == ["ListNodes", "ListNodes", "ListClusters"]


def test_an_iterator_does_not_outlive_its_client(server: Server) -> None:
    server.replies["ListNodes"] = nodes
    with sync_client(server) as eks:
        entries = eks.nodes.iterate("c")
        next(entries)
    with pytest.raises(ConfigurationError, match="the client is closed"):
        list(entries)


def test_an_iterator_keeps_its_client_alive(server: Server) -> None:
    server.replies["ListNodes"] = nodes
    entries = EksClient(endpoint=server.url, **SETTINGS).nodes.iterate("c")
    gc.collect()
    assert len(list(entries)) == 24
    del entries


def test_threads_may_share_an_iterator_one_after_another(server: Server) -> None:
    server.replies["ListNodes"] = nodes
    with sync_client(server) as eks, ThreadPoolExecutor(2) as pool:
        entries = eks.nodes.iterate("c")
        found = [pool.submit(next, entries).result(EVENT_TIMEOUT) for _ in range(24)]
        assert len({node.node_id for node in found}) == 24


def test_a_client_that_becomes_garbage_ends_its_thread_and_its_connections(server: Server) -> None:
    eks = EksClient(endpoint=server.url, **SETTINGS)
    eks.clusters.list()
    assert len(loop_threads()) == 1
    del eks  # no collection is needed: nothing holds on to it
    until(lambda: not loop_threads())
    until(lambda: not any("process_request" in thread.name for thread in threading.enumerate()))
    gc.collect()  # a `ResourceWarning` would come up here, and fail the test


def test_a_client_that_is_part_of_a_cycle_ends_its_thread_when_it_is_collected(server: Server) -> None:
    class Holder:
        pass

    holder: Any = Holder()
    holder.eks, holder.me = EksClient(endpoint=server.url, **SETTINGS), holder
    holder.eks.clusters.list()
    del holder
    gc.collect()
    until(lambda: not loop_threads())


def test_50_clients_that_are_made_used_and_dropped_leave_no_thread(server: Server) -> None:
    for _ in range(50):
        assert EksClient(endpoint=server.url, **SETTINGS).clusters.list().code == "Success"
    until(lambda: not loop_threads())
    assert len({seen.port for seen in server.seen}) == 50
    assert server.problems == []


def test_a_group_keeps_its_client_alive(server: Server) -> None:
    clusters = EksClient(endpoint=server.url, **SETTINGS).clusters
    gc.collect()
    assert clusters.list().code == "Success"
    assert clusters.list().code == "Success"
    assert len(loop_threads()) == 1
    del clusters
    until(lambda: not loop_threads())


def test_a_client_dropped_in_the_middle_of_a_call_lets_it_end(server: Server) -> None:
    release = threading.Event()

    def slow(seen: Seen) -> dict[str, Any]:
        release.wait(EVENT_TIMEOUT)
        return envelope([])

    server.replies["ListClusters"] = slow
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(EksClient(endpoint=server.url, **SETTINGS).clusters.list)
        server.wait_for(1)
        gc.collect()
        release.set()
        assert call.result(EVENT_TIMEOUT).data == []
    del call
    until(lambda: not loop_threads())


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
@pytest.mark.parametrize("is_used", [True, False])
def test_a_client_is_neither_pickled_nor_copied(server: Server, way: Callable[[object], object], is_used: bool) -> None:
    with sync_client(server) as eks:
        if is_used:
            eks.clusters.list()
        with pytest.raises(TypeError, match=r"EksClient is neither copied nor pickled: .* make a new one"):
            way(eks)


def test_no_error_but_ours_comes_from_a_thread_that_can_not_be_started(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with sync_client(server) as eks:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(TransportError, match="can't start new thread") as caught:
                eks.clusters.list()
        assert isinstance(caught.value, EksError)
        assert caught.value.outcome == "not_sent"
        assert eks.clusters.list().code == "Success"


def test_no_error_but_ours_comes_from_a_loop_that_can_not_be_made(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(24, "Too many open files")

    with sync_client(server) as eks:
        with monkeypatch.context() as patch:
            patch.setattr("asyncio.new_event_loop", refuse)
            with pytest.raises(TransportError, match="Too many open files") as caught:
                eks.clusters.list()
        assert caught.value.outcome == "not_sent"
        assert eks.clusters.list().code == "Success"


def test_a_create_that_the_end_of_the_client_cuts_off_stays_among_the_open_ones(server: Server) -> None:
    server.replies["CreateNetworkInterface"] = HANG
    with ThreadPoolExecutor(1) as pool:
        eks = EksClient(endpoint=server.url, **SETTINGS)
        call = pool.submit(lambda: eks.network_interfaces.create("s-1", netcard_name="card"))
        server.wait_for(1)
        eks.close()
        with pytest.raises(AmbiguousCreate) as caught:
            call.result(EVENT_TIMEOUT)
    [found] = eks.open_creates
    assert (found.outcome, found.name, found.cause) == ("unknown", "card", "TransportError")
    assert eks.dismiss(caught.value)
    assert eks.open_creates == ()
