"""What a failed call leaves behind: nothing that waits for the garbage collector, which may come late or never."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest

from cds_eks import EksClient, RetryPolicy, Timeouts, errors
from cds_eks.emulator import Emulator, Fault
from support.eventually import until
from sync.processes import loop_threads

NOBODY = "http://127.0.0.1:1"
FAILURES: dict[str, tuple[Fault | None, type[errors.EksError], Callable[[EksClient], Any]]] = {
    "refused by the service": (None, errors.NotFound, lambda eks: eks.clusters.get("c-none")),
    "the second page is refused": (None, errors.NotFound, lambda eks: list(eks.nodes.iterate("c-none"))),
    "refused before it is sent": (None, errors.InvalidRequestError, lambda eks: eks.clusters.get("")),
    "tried again in vain": (Fault("status", status=503), errors.ServerFault, lambda eks: eks.clusters.list()),
    "lost": (Fault("reset_before_commit"), errors.ConnectionLost, lambda eks: eks.clusters.list()),
    "cut off": (Fault("truncate"), errors.TransportError, lambda eks: eks.clusters.list()),
    "out of time": (Fault("hang_before_commit"), errors.DeadlineExceeded, lambda eks: eks.clusters.list()),
    "a create whose fate is unknown": (
        Fault("reset_after_commit"),
        errors.AmbiguousCreate,
        lambda eks: eks.call("CreateNetworkInterface", method="POST", body={"SubnetId": "s"}),
    ),
}


@pytest.fixture
def _without_collector() -> Iterator[None]:
    for backend in ("httpx", "native"):  # what is imported only now leaves cycles of its own
        EksClient(Emulator().credentials, endpoint=NOBODY, backend=backend).close()
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_without_collector")
@pytest.mark.parametrize("backend", ["httpx", "native"])
@pytest.mark.parametrize("name", FAILURES)
def test_a_client_goes_with_its_thread_when_it_is_dropped_after_a_failure(
    name: str, backend: Literal["httpx", "native"]
) -> None:
    fault, expected, call = FAILURES[name]
    emulator = Emulator(faults=[] if fault is None else [fault])
    with emulator.serve() as url:
        eks = EksClient(
            emulator.credentials,
            endpoint=url,
            backend=backend,
            retry=RetryPolicy(max_attempts=2, base_delay=0.001),
            timeouts=Timeouts(total=0.3 if name == "out of time" else None),
        )
        with contextlib.suppress(expected):
            call(eks)
        watched = weakref.ref(eks), weakref.ref(eks._portal)
        del eks
        assert [each() for each in watched] == [None, None]
        until(lambda: not loop_threads())


@pytest.mark.usefixtures("_without_collector")
@pytest.mark.parametrize("backend", ["httpx", "native"])
def test_a_failure_to_connect_holds_nothing_either(backend: Literal["httpx", "native"]) -> None:
    eks = EksClient(Emulator().credentials, endpoint=NOBODY, backend=backend, retry=RetryPolicy.none())
    try:
        eks.clusters.list()
    except errors.ConnectFailed as error:
        failed = weakref.ref(error)
    watched = weakref.ref(eks._portal)
    assert failed() is None
    del eks
    assert watched() is None
    until(lambda: not loop_threads())
