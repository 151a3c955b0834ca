"""Limits: how many attempts are under way at once, and how many begin in a second."""

from __future__ import annotations

import random

import anyio
import anyio.lowlevel
import attrs
import pytest

from cds_eks.middleware import LimitRate
from cds_eks.resources.clusters import DELETE_CLUSTER
from cds_eks.wire import RawResponse, Request
from unit.middleware.limited_calls import ANSWER, REQUEST, FakeTime, Gate, numbered

pytestmark = pytest.mark.anyio


async def test_without_limits_all_are_let_through_at_once() -> None:
    gate, limits = Gate(), LimitRate()
    async with anyio.create_task_group() as group:
        for number in range(500):
            group.start_soon(limits, numbered(number), gate.send)
        await anyio.wait_all_tasks_blocked()
        assert len(gate.begun) == 500
        gate.go.set()


async def test_no_more_than_the_limit_are_under_way() -> None:
    limits = LimitRate(3)
    running: set[int] = set()
    seen: list[int] = []

    async def send(request: Request) -> RawResponse:
        number = int(request.params["number"])
        running.add(number)
        seen.append(len(running))
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        running.remove(number)
        return ANSWER

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(limits, numbered(number), send)
    assert len(seen) == 50
    assert max(seen) == 3


async def test_waiting_calls_get_permits_first_in_first_out() -> None:
    gate, limits = Gate(), LimitRate(1)
    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(limits, numbered(number), gate.send)
            await anyio.wait_all_tasks_blocked()
        assert gate.begun == [0]
        gate.go.set()
    assert gate.begun == list(range(20))


async def test_a_permit_is_released_when_a_call_fails() -> None:
    limits = LimitRate(1)

    async def failing(request: Request) -> RawResponse:
        raise ValueError

    for _ in range(3):
        with pytest.raises(ValueError):  # noqa: PT011 - it has no words
            await limits(REQUEST, failing)


async def test_cancelling_calls_at_any_point_loses_no_permit() -> None:
    rng = random.Random(7)
    limits = LimitRate(4)
    for _ in range(20):
        gate = Gate()
        async with anyio.create_task_group() as group:
            scopes: list[anyio.CancelScope] = []

            async def call(number: int, scopes: list[anyio.CancelScope] = scopes, gate: Gate = gate) -> None:
                with anyio.CancelScope() as scope:
                    scopes.append(scope)
                    await limits(numbered(number), gate.send)

            for number in range(100):
                group.start_soon(call, number)
            for _ in range(rng.randrange(3)):
                await anyio.lowlevel.checkpoint()
            for scope in rng.sample(scopes, k=len(scopes) // 2):
                scope.cancel()
            gate.go.set()
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
    last = Gate()
    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(limits, numbered(number), last.send)
        await anyio.wait_all_tasks_blocked()
        assert len(last.begun) == 4
        last.go.set()
    assert len(last.begun) == 5


async def test_attempts_begin_at_the_rate_that_is_set() -> None:
    time = FakeTime()
    limits = LimitRate(None, 10, clock=time, sleep=time.sleep)
    begun: list[tuple[int, float]] = []

    async def send(request: Request) -> RawResponse:
        begun.append((int(request.params["number"]), round(time.now - 1000, 6)))
        return ANSWER

    async with anyio.create_task_group() as group:
        for number in range(25):
            group.start_soon(limits, numbered(number), send)
            await anyio.lowlevel.checkpoint()
    assert sorted(number for number, _ in begun) == list(range(25))
    assert [when for _, when in begun] == [round(number * 0.1, 6) for number in range(25)]


async def test_the_rate_limit_keeps_waiting_calls_in_order() -> None:
    time = FakeTime()
    go = anyio.Event()
    begun: list[int] = []

    async def sleep(seconds: float) -> None:
        await go.wait()
        await time.sleep(seconds)

    async def send(request: Request) -> RawResponse:
        begun.append(int(request.params["number"]))
        return ANSWER

    limits = LimitRate(None, 10, clock=time, sleep=sleep)
    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(limits, numbered(number), send)
            await anyio.wait_all_tasks_blocked()
        assert begun == [0]
        go.set()
    assert begun == list(range(20))


async def test_idle_time_allows_no_burst() -> None:
    time = FakeTime()
    limits = LimitRate(None, 2, clock=time, sleep=time.sleep)
    begun: list[float] = []

    async def send(request: Request) -> RawResponse:
        begun.append(time.now - 1000)
        return ANSWER

    await limits(REQUEST, send)
    time.now += 60
    for _ in range(3):
        await limits(REQUEST, send)
    assert begun == [0, 60, 60.5, 61]


async def test_a_cancelled_waiting_call_uses_up_no_permit() -> None:
    time = FakeTime()
    asleep = anyio.Event()
    is_waiting = [True]

    async def sleep(seconds: float) -> None:
        asleep.set()
        if is_waiting[0]:
            await anyio.sleep_forever()
        await time.sleep(seconds)

    async def send(request: Request) -> RawResponse:
        return ANSWER

    limits = LimitRate(None, 1, clock=time, sleep=sleep)
    await limits(REQUEST, send)
    async with anyio.create_task_group() as group:
        for number in range(1000):
            group.start_soon(limits, numbered(number), send)
        await asleep.wait()
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    is_waiting[0] = False
    await limits(REQUEST, send)
    assert time.now == 1001  # the next turn, not the thousandth


async def test_both_limits_hold_together() -> None:
    time = FakeTime()
    gate = Gate()
    limits = LimitRate(2, 10, clock=time, sleep=time.sleep)
    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(limits, numbered(number), gate.send)
        await anyio.wait_all_tasks_blocked()
        assert len(gate.begun) == 2
        assert time.now == pytest.approx(1000.1)
        gate.go.set()
    assert len(gate.begun) == 4
    assert time.now == pytest.approx(1000.3)


async def test_a_write_waits_for_one_read_at_the_most_however_many_there_are() -> None:
    limits = LimitRate(1)
    begun: list[str] = []
    turn = anyio.Semaphore(0)

    async def send(request: Request) -> RawResponse:
        begun.append(request.operation.name)
        await turn.acquire()
        return ANSWER

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(limits, numbered(number), send)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(limits, attrs.evolve(REQUEST, operation=DELETE_CLUSTER), send)
        await anyio.wait_all_tasks_blocked()
        for number in range(1, 51):
            turn.release()
            while len(begun) <= number:
                await anyio.lowlevel.checkpoint()
        turn.release()
    assert begun.index("DeleteCluster") == 2  # after the read under way, and the one that waited first
    assert len(begun) == 51
