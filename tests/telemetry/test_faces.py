"""Whoever calls is the parent: on both backends, by both faces, in threads, and in a loop of its own."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import anyio
import pytest
from anyio import from_thread, to_thread

from cds_eks import AsyncEksClient, EksClient, RetryPolicy, errors, models
from cds_eks.emulator import Emulator, Fault
from telemetry.recording import Recorded, attributes_of, id_of, parent_of, trace_of

Name = Literal["httpx", "native"]
BACKENDS = pytest.mark.parametrize("backend", ["httpx", "native"])
CALL = ("EKS/ListClusters", ["GET"])


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Emulator, str]]:
    emulator = Emulator(speed=6000)
    with emulator.serve() as url:
        yield emulator, url


@pytest.fixture
def emulator(served: tuple[Emulator, str]) -> Iterator[Emulator]:
    yield served[0]
    served[0].faults.clear()


@pytest.fixture
def url(served: tuple[Emulator, str]) -> str:
    return served[1]


def skip_native_on_trio(backend: str, anyio_backend: str) -> None:
    if (backend, anyio_backend) == ("native", "trio"):
        pytest.skip("the native backend is for asyncio")


@BACKENDS
@pytest.mark.anyio
async def test_calls_over_real_connections_are_parts_of_their_callers_traces(
    backend: Name, anyio_backend: str, recorded: Recorded, emulator: Emulator, url: str
) -> None:
    skip_native_on_trio(backend, anyio_backend)

    async def work(name: str) -> None:
        with recorded.tracer.start_as_current_span(name):
            await eks.clusters.list()

    async with (
        AsyncEksClient(emulator.credentials, endpoint=url, backend=backend, telemetry=recorded.telemetry()) as eks,
        anyio.create_task_group() as group,
    ):
        for number in range(10):
            group.start_soon(work, f"task {number}")
    assert sorted(recorded.tree()) == [(f"task {number}", [CALL]) for number in range(10)]
    assert len({trace_of(span) for span in recorded.spans}) == 10
    for span in recorded.named("GET"):
        found = attributes_of(span)
        assert found["network.protocol.version"] == "1.1"
        assert f"{found['server.address']}:{found['server.port']}" == url.removeprefix("http://")
        assert found["url.full"] == f"{url}/eks/v1"


@BACKENDS
@pytest.mark.anyio
async def test_lost_answers_have_their_spans_on_both_backends(
    backend: Name,
    anyio_backend: str,
    recorded: Recorded,
    emulator: Emulator,
    url: str,
    create: models.CreateClusterRequest,
) -> None:
    skip_native_on_trio(backend, anyio_backend)
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    emulator.faults.add(Fault("reset_before_commit", "ListClusters", count=1))
    async with AsyncEksClient(
        emulator.credentials,
        endpoint=url,
        backend=backend,
        telemetry=recorded.telemetry(),
        retry=RetryPolicy(base_delay=0),
    ) as eks:
        with pytest.raises(errors.AmbiguousCreate):
            await eks.clusters.create(create)
        await eks.clusters.list()
    assert recorded.tree() == [("EKS/CreateCluster", ["POST"]), ("EKS/ListClusters", ["GET", "GET"])]
    assert attributes_of(recorded.one("EKS/CreateCluster"))["cds.outcome"] == "unknown"
    kinds = [attributes_of(span).get("error.type") for span in recorded.requests]
    assert kinds == ["cds_eks.errors.ConnectionLost"] * 2 + [None]


@BACKENDS
def test_blocking_calls_of_many_threads_are_parts_of_their_threads_traces(
    backend: Name, recorded: Recorded, emulator: Emulator, url: str
) -> None:
    def work(number: int) -> None:
        with recorded.tracer.start_as_current_span(f"thread {number:02d}"):
            eks.clusters.list()
            eks.clusters.list()

    with (
        EksClient(emulator.credentials, endpoint=url, backend=backend, telemetry=recorded.telemetry()) as eks,
        ThreadPoolExecutor(8) as threads,
    ):
        list(threads.map(work, range(16)))
    assert sorted(recorded.tree()) == [(f"thread {number:02d}", [CALL, CALL]) for number in range(16)]


def test_a_thread_that_is_handed_the_context_of_another_goes_on_with_its_trace(
    recorded: Recorded, emulator: Emulator, url: str
) -> None:
    with (
        EksClient(emulator.credentials, endpoint=url, telemetry=recorded.telemetry()) as eks,
        recorded.tracer.start_as_current_span("outer"),
        ThreadPoolExecutor(1) as threads,
    ):
        threads.submit(contextvars.copy_context().run, eks.clusters.list).result()
    assert recorded.tree() == [("outer", [CALL])]


@pytest.mark.anyio
async def test_a_blocking_call_in_a_thread_of_an_async_program_is_a_part_of_its_trace(
    recorded: Recorded, emulator: Emulator, url: str, anyio_backend: str
) -> None:
    with (
        EksClient(emulator.credentials, endpoint=url, telemetry=recorded.telemetry()) as eks,
        recorded.tracer.start_as_current_span("outer"),
    ):
        await to_thread.run_sync(eks.clusters.list)
    assert recorded.tree() == [("outer", [CALL])]


@pytest.mark.anyio
async def test_an_async_call_from_a_thread_is_a_part_of_the_trace_of_that_thread(
    recorded: Recorded, emulator: Emulator, url: str, anyio_backend: str
) -> None:
    async with AsyncEksClient(emulator.credentials, endpoint=url, telemetry=recorded.telemetry()) as eks:

        def work() -> None:
            with recorded.tracer.start_as_current_span("in a thread"):
                from_thread.run(eks.clusters.list)

        with recorded.tracer.start_as_current_span("outer"):
            await to_thread.run_sync(work)
    assert recorded.tree() == [("outer", [("in a thread", [CALL])])]


def test_a_blocking_call_inside_of_a_running_loop_is_a_part_of_its_trace(
    recorded: Recorded, emulator: Emulator, url: str
) -> None:
    async def cell() -> None:
        with recorded.tracer.start_as_current_span("a cell"):
            eks.clusters.list()

    with EksClient(emulator.credentials, endpoint=url, telemetry=recorded.telemetry()) as eks:
        anyio.run(cell)
    assert recorded.tree() == [("a cell", [CALL])]


def test_a_blocking_call_that_fails_ends_its_spans(recorded: Recorded, emulator: Emulator, url: str) -> None:
    with (
        EksClient(emulator.credentials, endpoint=url, telemetry=recorded.telemetry()) as eks,
        recorded.tracer.start_as_current_span("outer") as outer,
        pytest.raises(errors.NotFound),
    ):
        eks.clusters.get("no-such-cluster")
    call = recorded.one("EKS/GetCluster")
    assert parent_of(call) == outer.get_span_context().span_id
    assert parent_of(recorded.one("GET")) == id_of(call)
    assert attributes_of(call)["cds.error"] == "NotFound"
