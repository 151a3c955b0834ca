"""A service that can't be reached: at the start that is an error, later it is waited for, and told of."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, Credentials, errors
from cds_eks.emulator import Fault
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.events import Event, RunStarted, ServiceAway, ServiceBack
from cds_eks.fleet.run.outage import Outage
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from fleet.run import virtual_time
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
REFUSED = "no connection was made to 127.0.0.1:9 (Connection refused)"


def away_while(is_away: Callable[[], bool]) -> Any:
    """Return a middleware that lets no request get out of the machine while the service is away."""

    async def refuse(request: Request, send: Send) -> RawResponse:
        if is_away():
            await anyio.sleep(1.0)
            raise errors.ConnectFailed(REFUSED, action=request.operation.name)
        return await send(request)

    return refuse


@BACKENDS
@pytest.mark.parametrize("job", ["provision", "destroy"])
def test_a_run_that_can_not_reach_the_service_at_its_start_says_so_and_has_done_nothing(backend: str, job: str) -> None:
    plan = plan_of(3, 2)

    async def body(world: World) -> None:
        if job == "destroy":
            async with world.client() as eks:
                await world.provision(eks, plan).report()
        open_cluster(world, "gpu-009")
        sent, before = len(world.emulator.ledger.requests), dict(world.journal.rows)
        async with world.client(per_attempt=[away_while(lambda: True)]) as eks:
            settings: Any = {"journal": world.journal, "limits": LIMITS}
            run = destroy(eks, plan, **settings) if job == "destroy" else world.provision(eks, plan)
            seen: list[Event] = []
            with pytest.raises(errors.ConnectFailed, match="Connection refused") as caught:
                seen.extend([event async for event in run])
            with pytest.raises(errors.ConnectFailed):
                await run.report()
        assert caught.value.outcome == "not_sent"
        assert [type(event) for event in seen] in ([], [RunStarted])
        assert len(world.emulator.ledger.requests) == sent
        assert {id_: world.journal.rows[id_].state for id_ in before} == {id_: row.state for id_, row in before.items()}
        assert {row.state for id_, row in world.journal.rows.items() if id_ not in before} <= {"planned"}
        assert all(row.owner is None for row in world.journal.rows.values())

    in_world(body, backend)


@BACKENDS
def test_with_nothing_to_do_nobody_is_asked(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client(per_attempt=[away_while(lambda: True)]) as eks:
            report = await destroy(eks, plan_of(1, 1), journal=world.journal).report()
        assert report.items == ()

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("job", ["provision", "destroy"])
def test_a_service_that_goes_away_is_waited_for_and_told_of(
    backend: str, job: str, caplog: pytest.LogCaptureFixture
) -> None:
    plan = plan_of(3, 2)

    async def body(world: World) -> None:
        begins, ends = (0.5, 200.0)
        started = 0.0

        def is_away() -> bool:
            return begins <= anyio.current_time() - started < ends

        if job == "destroy":
            async with world.client() as eks:
                await world.provision(eks, plan).report()
        else:
            world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=1.0))
        async with world.client(per_attempt=[away_while(is_away)]) as eks:
            settings: Any = {"journal": world.journal, "limits": LIMITS}
            run = destroy(eks, plan, **settings) if job == "destroy" else world.provision(eks, plan)
            started = anyio.current_time()
            events = [event async for event in run]
            report = await run.report()
        assert report.ok
        told = [event for event in events if isinstance(event, (ServiceAway, ServiceBack))]
        *waits, back = told
        assert [type(event) for event in waits] == [ServiceAway] * len(waits)
        assert len(waits) in (3, 4)
        assert isinstance(back, ServiceBack)
        away = waits[0]
        assert isinstance(away, ServiceAway)
        assert away.error == f"ConnectFailed: {REFUSED}"
        assert away.endpoint == eks.endpoint
        assert 10.0 <= away.seconds < 30.0
        assert back.seconds > 150.0
        assert world.made("cluster") == {cluster.name: 1 for cluster in plan.clusters}

    with caplog.at_level(logging.WARNING, "cds_eks.fleet"):
        in_world(body, backend)
    lines = [record.getMessage() for record in caplog.records if record.name == "cds_eks.fleet"]
    assert [line for line in lines if line.startswith("service does not answer")]
    assert all(REFUSED in line for line in lines if "does not answer" in line)
    assert [line for line in lines if line.startswith("service answers again")]


@BACKENDS
def test_a_wrong_secret_ends_the_run_and_the_report_says_where_to_look(backend: str) -> None:
    async def body(world: World) -> None:
        wrong = Credentials(world.emulator.credentials.access_key_id, "another-secret")
        async with AsyncEksClient(wrong, backend=httpx.ASGITransport(world.emulator)) as eks:
            report = await world.provision(eks, plan_of(2, 1)).report()
        assert not report.ok
        assert report.counts == {"cluster": {"planned": 2}, "node_pool": {"planned": 2}}
        assert report.stopped is not None
        assert "[SignatureDoesNotMatch]; see CDS_SECRET_KEY" in report.stopped
        assert "No more creates were made: the clusters can't be listed: AuthenticationError" in str(report)
        assert {each.action for each in world.emulator.ledger.requests} == {"ListClusters"}
        assert all(row.owner is None for row in world.journal.rows.values())

    in_world(body, backend)


def told_of(*steps: tuple[float, BaseException | None, float]) -> list[tuple[str, float]]:
    """Return what is told of requests: after so many seconds each ends so, having taken so long."""
    told: list[Event] = []

    async def body() -> None:
        outage = Outage("http://there", told.append)
        began = anyio.current_time()
        for at, error, took in steps:
            await anyio.sleep(began + at - anyio.current_time())
            outage.note(error, began + at - took)

    virtual_time.run(body, "asyncio")
    return [(type(event).__name__, round(getattr(event, "seconds"), 1)) for event in told]  # noqa: B009


LOST, REFUSAL = errors.ConnectionLost("lost"), errors.PermissionDenied("no")


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([(1, LOST, 1), (9, LOST, 1)], []),
        ([(15, LOST, 15)], [("ServiceAway", 15.0)]),
        ([(1, LOST, 1), (10, LOST, 1), (69, LOST, 1), (70, LOST, 1)], [("ServiceAway", 10.0), ("ServiceAway", 70.0)]),
        ([(1, LOST, 1), (5, None, 1), (12, LOST, 1)], []),
        ([(1, LOST, 1), (5, REFUSAL, 1), (12, LOST, 1)], []),  # it has answered
        ([(1, LOST, 1), (11, LOST, 1), (12, None, 1)], [("ServiceAway", 11.0), ("ServiceBack", 12.0)]),
        ([(5, LOST, 1), (16, None, 16), (17, LOST, 1)], [("ServiceAway", 13.0)]),  # an answer from before it went away
        ([(1, LOST, 1), (20, ValueError(), 1)], []),
    ],
)
def test_it_is_told_after_some_time_and_then_now_and_again(
    steps: list[tuple[float, BaseException | None, float]], told: list[tuple[str, float]]
) -> None:
    assert told_of(*steps) == told
