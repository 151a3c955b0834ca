"""What the service does after a success response: tasks that fail or never end, reads that lag, pages that move."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks import errors
from cds_eks.emulator import Fault
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from faults.scenarios import Body, Client, Matrix, Run, play

MATRIX = Matrix()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits poll at once; each poll takes the service a step further."""
    monkeypatch.setattr("cds_eks.waiting.intervals.FIRST_INTERVAL", 0.002)
    monkeypatch.setattr("cds_eks.waiting.intervals.LAST_INTERVAL", 0.01)


class Passing:
    """A per-call middleware in whose every read some time of the service passes."""

    def __init__(self, run: Run, seconds: float) -> None:
        self.run = run
        self.seconds = seconds

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        if request.operation.method == "GET":
            self.run.service.clock.advance(self.seconds)
        return await send(request)


async def failing(client: Client, kind: type[Any], *call: Any, **named: Any) -> Any:
    with pytest.raises(kind) as caught:
        await client.do(*call, **named)
    if kind is errors.WaitTimeout:
        client.watch.calls[-1].is_cut_short = True  # it may be that time ran out in the middle of a poll
    return caught.value


async def created(client: Client) -> Any:
    return (await client.do("clusters", "create", client.run.cluster_request())).data


@MATRIX.scenario("task that fails after it was accepted")
async def task_fails(run: Run) -> None:
    for steps in (0, 1, 3):
        run.strike(Fault("task_fails", "CreateCluster", steps=steps, message="no such subnet"))
        async with run.client(per_call=[Passing(run, 20.0)]) as client:
            made = await created(client)
            error = await failing(client, errors.TaskFailed, "wait", "task", made.task_id, timeout=10)
            assert (error.task_id, error.outcome, error.message) == (made.task_id, "accepted", "no such subnet")
            assert error.last.task_status == "error"
            error = await failing(client, errors.TaskFailed, "wait", "cluster_running", made.cluster_id, timeout=10)
            assert error.cluster_id == made.cluster_id
            error = await failing(client, errors.TaskFailed, "wait", "clusters_running", [made.cluster_id], timeout=10)
            assert error.cluster_ids == (made.cluster_id,)


@MATRIX.scenario("event that fails after it was accepted")
async def event_fails(run: Run) -> None:
    run.strike(Fault("task_fails", "CreateNetworkInterface"))
    async with run.client(per_call=[Passing(run, 20.0)]) as client:
        made = (await client.do("network_interfaces", "create", "subnet-1")).data
        error = await failing(client, errors.TaskFailed, "wait", "event", made.event_id, timeout=10)
        assert (error.event_id, error.outcome) == (made.event_id, "accepted")


@MATRIX.scenario("task that never ends")
async def task_never_ends(run: Run) -> None:
    run.strike(Fault("task_never_ends", "CreateCluster"))
    async with run.client(per_call=[Passing(run, 20.0)]) as client:
        made = await created(client)
        error = await failing(client, errors.WaitTimeout, "wait", "task", made.task_id, timeout=0.3)
        assert (error.task_id, error.outcome) == (made.task_id, "accepted")
        error = await failing(client, errors.WaitTimeout, "wait", "cluster_running", made.cluster_id, timeout=0.3)
        assert error.cluster_id == made.cluster_id
        ids = [made.cluster_id, run.service.emulator.add_cluster()]
        error = await failing(client, errors.WaitTimeout, "wait", "clusters_running", ids, timeout=1.0)
        assert error.cluster_ids == (made.cluster_id,)


@MATRIX.scenario("polls that fail in passing")
async def shaky_polls(run: Run) -> None:
    """A wait outlives calls that fail after all their attempts."""
    async with run.client(per_call=[Passing(run, 10.0)]) as client:
        made = await created(client)
        run.strike(
            Fault("status", "TaskStatus", status=503, count=8),
            Fault("reset_before_commit", "TaskStatus", count=4),
            Fault("throttle", "TaskStatus", count=4),
        )
        assert (await client.do("wait", "task", made.task_id, timeout=10)).task_status == "finish"
        assert run.faults.struck["status"] >= 8


@MATRIX.scenario("stale reads after a create")
async def stale(run: Run) -> None:
    """A created cluster is neither listed nor found for a while: a single read says so, the waits go on."""
    for method in ("cluster_running", "clusters_running"):
        run.strike(Fault("stale", seconds=60.0))
        async with run.client() as client:
            made = await created(client)
            told = await client.call("clusters", "get", made.cluster_id)
            assert isinstance(told.error, errors.NotFound)
        async with run.client(per_call=[Passing(run, 20.0)]) as client:
            ids = made.cluster_id if method == "cluster_running" else [made.cluster_id]
            running = await client.do("wait", method, ids, timeout=10)
            cluster = running if method == "cluster_running" else running[made.cluster_id]
            assert (cluster.cluster_id, cluster.cluster_status) == (made.cluster_id, "running")


@MATRIX.scenario("shifting pages")
async def shifting(run: Run) -> None:
    cluster = run.service.emulator.add_cluster(workers=37)
    run.strike(Fault("page_shifts", "ListNodes"))
    async with run.client() as client:
        nodes = [node.node_id for node in await client.iterate(cluster, page_size=10)]
        assert len(nodes) == len(set(nodes)) == 40
        assert {entry.params["PageIndex"] for entry in run.ledger.requests if entry.params.get("ClusterId") == cluster}


@MATRIX.scenario("pages that repeat themselves")
async def repeating(run: Run) -> None:
    cluster = run.service.emulator.add_cluster(workers=37)
    run.strike(Fault("page_repeats", "ListNodes"))
    async with run.client() as client:
        with pytest.raises(errors.UnreadableResponse, match="repeats an earlier one: 10 of 30"):
            await client.iterate(cluster, page_size=10)
        assert len(client.watch.calls) == 2 * 4  # it may have grown at its front: that is looked at three times more


@MATRIX.scenario("faults in the middle of the pages")
async def faulty_pages(run: Run) -> None:
    cluster = run.service.emulator.add_cluster(workers=37)
    run.strike(
        Fault("reset_after_commit", "ListNodes", skip=1, count=1),
        Fault("status", "ListNodes", status=502, body="html", skip=1, count=2),
    )
    async with run.client() as client:
        nodes = [node.node_id for node in await client.iterate(cluster, page_size=10)]
        assert len(nodes) == len(set(nodes)) == 40
        assert sum(told.record.attempts for told in client.watch.calls) == len(client.watch.calls) + 3


@MATRIX.each()
def test_progress(scenario: Body, run: Run, client_kind: str) -> None:
    play(scenario, run)
