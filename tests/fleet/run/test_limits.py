"""How much is done at once, and that a rate is shared by the runners."""

from __future__ import annotations

from collections import Counter
from typing import Any

import anyio
import pytest

from cds_eks import RetryPolicy, errors
from cds_eks.emulator import Fault
from cds_eks.fleet.run.limits import Budgets, FleetLimits
from cds_eks.pipeline import Send
from cds_eks.wire import Kind, RawResponse, Request
from fleet.run import virtual_time
from fleet.run.world import World, in_world, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@BACKENDS
def test_creates_under_way_are_never_more_than_their_budget(backend: str) -> None:
    async def body(world: World) -> None:
        running = most = 0

        async def count(request: Request, send: Send) -> RawResponse:
            nonlocal running, most
            if request.operation.kind is not Kind.CREATE:
                return await send(request)
            running += 1
            most = max(most, running)
            try:
                return await send(request)
            finally:
                running -= 1

        world.emulator.faults.add(Fault("hang_after_commit", "create", seconds=1.0))
        async with world.client(per_call=[count]) as eks:
            report = await world.provision(eks, plan_of(20, 2), limits=FleetLimits(creates=3)).report()
        assert report.ok
        assert most == 3

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("runners", [1, 2])
def test_no_second_has_more_requests_than_the_rate(backend: str, runners: int) -> None:
    plan = plan_of(20, 2)

    async def body(world: World) -> None:
        limits = FleetLimits(requests_per_second=10.0, lease=3.0, batch=3)

        async def one() -> None:
            async with world.client() as eks:
                await world.provision(eks, plan, limits=limits).report()

        async with anyio.create_task_group() as group:
            for _ in range(runners):
                group.start_soon(one)
        world.assert_once(plan)
        seconds = Counter(int(each.at) for each in world.emulator.ledger.requests)
        assert max(seconds.values()) <= 11

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("runners", [1, 2])
def test_no_second_has_more_than_the_rate_with_faults_that_make_the_client_send_again(
    backend: str, runners: int
) -> None:
    plan, rate = plan_of(8, 2), 10.0

    async def body(world: World) -> None:
        limits = FleetLimits(requests_per_second=rate, lease=3.0, batch=3, create_timeout=600.0)
        for kind in ("throttle", "refuse", "reset_before_commit", "status"):
            world.emulator.faults.add(Fault(kind, "*", probability=0.1))

        async def one() -> None:
            async with world.client(retry=RetryPolicy(max_attempts=6, base_delay=0.1, quota=10_000)) as eks:
                assert (await world.provision(eks, plan, limits=limits).report()).ok

        async with anyio.create_task_group() as group:
            for _ in range(runners):
                group.start_soon(one)
        world.assert_once(plan)
        assert len(world.emulator.faults.struck) == 4
        times = [each.at for each in world.emulator.ledger.requests]
        assert max(sum(at <= each < at + 1.0 for each in times) for at in times) <= 1.1 * rate

    in_world(body, backend)


def test_a_rate_is_divided_by_the_runners_that_are_alive() -> None:
    async def body() -> float:
        budgets = Budgets(FleetLimits(requests_per_second=10.0))
        budgets.rate.share_among(4)
        began = anyio.current_time()
        for _ in range(11):
            async with budgets.poll():
                pass
        return anyio.current_time() - began

    assert virtual_time.run(body, "asyncio") == pytest.approx(4.0)


@pytest.mark.parametrize(
    "wrong", [{"creates": 0}, {"polls": True}, {"poll_interval": 0}, {"lease": -1.0}, {"requests_per_second": 0.0}]
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.ConfigurationError, match=next(iter(wrong))):
        FleetLimits(**wrong)
