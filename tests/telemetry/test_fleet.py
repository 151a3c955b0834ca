"""A fleet's run is one trace: a span for the run, one an item, one for the lists that serve all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import anyio
import pytest
from fleet.run.world import World, in_world, plan_of
from fleet.runners.crowd import LIMITS, SETTLE, Service, sendable_plan, serving
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from cds_eks import fleet, otel
from cds_eks.emulator import Fault
from cds_eks.fleet import destroy
from cds_eks.fleet.journal.base import JournalGone
from telemetry import span_files
from telemetry.recording import Recorded, attributes_of, below, id_of, parent_of, trace_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def kinds(spans: list[ReadableSpan]) -> Counter[str]:
    return Counter(span.name for span in spans)


def states(span: ReadableSpan) -> list[str]:
    return [str((event.attributes or {})["cds.fleet.state"]) for event in span.events]


@BACKENDS
def test_a_run_is_one_trace(backend: str, recorded: Recorded) -> None:
    async def body(world: World) -> None:
        async with world.client(telemetry=recorded.telemetry()) as eks:
            with recorded.tracer.start_as_current_span("outer"):
                report = await world.provision(eks, plan_of(3, 2)).report()
        assert report.ok
        world.assert_once(plan_of(3, 2), report)

    in_world(body, backend)
    assert len({trace_of(span) for span in recorded.spans}) == 1
    outer, run = recorded.one("outer"), recorded.one("fleet run")
    assert parent_of(run) == id_of(outer)
    assert run.status.status_code is StatusCode.UNSET
    found = attributes_of(run)
    assert found.pop("cds.fleet.runner")
    assert found == {"cds.fleet.goal": "ready", "cds.fleet.items": 9, "cds.fleet.open": 0}
    beneath = kinds(below(recorded.spans, run))
    assert (beneath["fleet cluster"], beneath["fleet poll"]) == (3, 1)
    for cluster in recorded.named("fleet cluster"):
        name = attributes_of(cluster)["cds.fleet.item"]
        inside = below(recorded.spans, cluster)
        assert kinds(inside)["EKS/CreateCluster"] == 1
        pools = [span for span in inside if span.name == "fleet node_pool"]
        assert [attributes_of(pool)["cds.fleet.item"] for pool in pools] == [f"{name}/pool-0", f"{name}/pool-1"]
        assert kinds(below(recorded.spans, pools[1]))["EKS/CreateNodePool"] == 1
        assert states(cluster) == ["sending", "accepted", "ready"]
        (create,) = [span for span in inside if span.name == "EKS/CreateCluster"]
        assert attributes_of(cluster)["cds.cluster_id"] == attributes_of(create)["cds.cluster_id"]
        assert attributes_of(cluster)["cds.fleet.state"] == "ready"
    polls = recorded.one("fleet poll")
    assert set(kinds(below(recorded.spans, polls))) == {"EKS/ListClusters"}


@BACKENDS
def test_what_fails_is_an_error_of_its_item_alone(backend: str, recorded: Recorded) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("status", "CreateCluster", code="QuotaExceeded", status=400, count=1))
        async with world.client(telemetry=recorded.telemetry()) as eks:
            await world.provision(eks, plan_of(2, 1)).report()

    in_world(body, backend)
    found = {attributes_of(span)["cds.fleet.state"]: span for span in recorded.named("fleet cluster")}
    (bad,) = [span for state, span in found.items() if state in ("failed", "refused")]
    assert bad.status.status_code is StatusCode.ERROR
    assert (bad.events[-1].attributes or {})["cds.error"] == "QuotaExceeded"
    assert recorded.one("fleet run").status.status_code is StatusCode.UNSET


@BACKENDS
def test_an_unknown_create_is_told_with_what_became_of_it(backend: str, recorded: Recorded) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
        async with world.client(telemetry=recorded.telemetry()) as eks:
            report = await world.provision(eks, plan_of(1, 1)).report()
        assert report.ok

    in_world(body, backend)
    cluster = recorded.one("fleet cluster")
    assert states(cluster) == ["sending", "unknown", "accepted", "ready"]
    assert cluster.status.status_code is StatusCode.UNSET
    assert attributes_of(recorded.one("EKS/CreateCluster"))["cds.outcome"] == "unknown"


@BACKENDS
def test_a_run_that_fails_is_an_error(backend: str, recorded: Recorded) -> None:
    async def body(world: World) -> None:
        async def gone(*args: Any, **options: Any) -> Any:
            raise JournalGone("hidden-words")

        async with world.client(telemetry=recorded.telemetry()) as eks:
            run = world.provision(eks, plan_of(1, 1))
            world.journal.add = gone  # type: ignore[method-assign]
            with pytest.raises(JournalGone):
                await run.report()

    in_world(body, backend)
    run = recorded.one("fleet run")
    assert run.status.status_code is StatusCode.ERROR
    assert attributes_of(run)["cds.error"] == "JournalGone"
    assert "hidden-words" not in "".join(recorded.texts())


@BACKENDS
def test_a_teardown_is_a_trace_too(backend: str, recorded: Recorded) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        async with world.client(telemetry=recorded.telemetry()) as eks:
            assert (await world.provision(eks, plan).report()).ok
            recorded.clear()
            assert (await destroy(eks, plan, journal=world.journal).report()).ok

    in_world(body, backend)
    run = recorded.one("fleet run")
    assert attributes_of(run)["cds.fleet.goal"] == "deleted"
    assert kinds(below(recorded.spans, run))["fleet cluster"] == 2
    for cluster in recorded.named("fleet cluster"):
        assert kinds(below(recorded.spans, cluster))["EKS/DeleteCluster"] == 1
        assert states(cluster)[-1] == "deleted"


def test_no_span_of_a_run_holds_a_secret(recorded: Recorded) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(
            Fault("status", "CreateCluster", code="NotEnoughBalance", message="for Secret-12345", status=400, count=1)
        )
        async with world.client(telemetry=recorded.telemetry()) as eks:
            await world.provision(eks, plan_of(3, 1)).report()

    in_world(body, "asyncio")
    assert any(event.name == "fleet stopped creating" for event in recorded.one("fleet run").events)
    for text in recorded.texts():
        assert "Secret-12345" not in text
        assert "cluster-sk" not in text


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_a_trace_of_many_clusters_can_be_read(count: int, recorded: Recorded) -> None:
    """Below the run lie its clusters and hardly anything else, and below each cluster what was done about it."""

    async def body(world: World) -> None:
        async with world.client(telemetry=recorded.telemetry()) as eks:
            assert (await world.provision(eks, plan_of(count, 1)).report()).ok

    in_world(body, "asyncio")
    beneath = kinds(below(recorded.spans, recorded.one("fleet run")))
    assert beneath.pop("fleet cluster") == count
    assert sum(beneath.values()) <= 4
    children: Counter[int] = Counter(parent for span in recorded.spans if (parent := parent_of(span)) is not None)
    assert max(children[id_of(span)] for span in recorded.named("fleet cluster")) <= 6
    per_cluster = (len(recorded.spans) - 2 * children[id_of(recorded.one("fleet poll"))]) / count
    assert per_cluster <= 12


def test_a_run_without_telemetry_is_as_it_was(recorded: Recorded) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_of(1, 1))
            assert type(run._spans).__name__ == "NoSpans"
            assert (await run.report()).ok

    in_world(body, "asyncio")
    assert recorded.spans == ()


def test_a_run_that_is_dropped_is_as_ever() -> None:
    recorded = Recorded(sampler=ALWAYS_OFF)

    async def body(world: World) -> None:
        async with world.client(telemetry=recorded.telemetry()) as eks:
            report = await world.provision(eks, plan_of(2, 1)).report()
        world.assert_once(plan_of(2, 1), report)

    in_world(body, "asyncio")
    assert recorded.spans == ()


# --- many runners --------------------------------------------------------------------------------------------------


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with serving(monkeypatch) as found:
        yield found


def launch(service: Service, recorded: Recorded, journal: Path, executor: Any, *, count: int = 4) -> Any:
    """Launch a plan inside of a span; return its report."""

    async def body() -> Any:
        with recorded.tracer.start_as_current_span("outer"):
            return await fleet.launch(
                sendable_plan(count, 1), journal=journal, executor=executor, runners=2, client=service.client(),
                settle=SETTLE, limits=LIMITS,
            )  # fmt: skip

    return anyio.run(body)


@pytest.mark.slow
def test_runners_in_threads_go_on_with_the_trace_of_their_launch(
    service: Service, recorded: Recorded, tmp_path: Path
) -> None:
    otel.instrument(tracer_provider=recorded.tracer_provider)
    with ThreadPoolExecutor(2) as threads:
        report = launch(service, recorded, tmp_path / "fleet.db", threads)
    assert report.ok
    assert len({trace_of(span) for span in recorded.spans}) == 1
    launched = recorded.one("fleet launch")
    assert parent_of(launched) == id_of(recorded.one("outer"))
    assert attributes_of(launched) == {"cds.fleet.runners": 2}
    assert {parent_of(run) for run in recorded.named("fleet run")} == {id_of(launched)}
    assert len(recorded.named("fleet cluster")) >= 4


def check_processes(found: dict[int, list[dict[str, Any]]], recorded: Recorded) -> None:
    """Check that the spans of other processes are parts of the launch's trace."""
    launched = recorded.one("fleet launch")
    trace_id, span_id = span_files.text_of_id(trace_of(launched), 32), span_files.text_of_id(id_of(launched), 16)
    assert os.getpid() not in found
    spans = [span for each in found.values() for span in each]
    assert {span["context"]["trace_id"] for span in spans} == {trace_id}
    runs = [span for span in spans if span["name"] == "fleet run"]
    assert runs
    assert {run["parent_id"] for run in runs} == {span_id}
    known = {span["context"]["span_id"] for span in spans}
    assert all(span["parent_id"] in known for span in spans if span["name"] != "fleet run")
    creates = [span for span in spans if span["name"] == "EKS/CreateCluster"]
    assert len({span["attributes"]["cds.cluster_id"] for span in creates}) == 4


@pytest.mark.slow
def test_runners_in_processes_go_on_with_the_trace_of_their_launch(
    service: Service, recorded: Recorded, tmp_path: Path
) -> None:
    otel.instrument(tracer_provider=recorded.tracer_provider)
    spans = tmp_path / "spans"
    spans.mkdir()
    make = partial(
        ProcessPoolExecutor,
        2,
        mp_context=get_context("spawn"),
        initializer=span_files.set_up,
        initargs=(str(spans),),
    )
    assert launch(service, recorded, tmp_path / "fleet.db", make).ok
    check_processes(span_files.read(spans), recorded)


@pytest.mark.slow
def test_runners_on_dask_go_on_with_the_trace_of_their_launch(
    service: Service, recorded: Recorded, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    otel.instrument(tracer_provider=recorded.tracer_provider)
    spans = tmp_path / "spans"
    spans.mkdir()
    quiet = {"silence_logs": 50, "dashboard_address": None, "host": "127.0.0.1"}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **quiet) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(span_files.set_up, str(spans))
        assert launch(service, recorded, tmp_path / "fleet.db", client.get_executor(pure=False)).ok
    check_processes(span_files.read(spans), recorded)
