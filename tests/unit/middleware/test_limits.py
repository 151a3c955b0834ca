"""Limits: how many attempts are under way at once, and how many begin in a second."""

from __future__ import annotations

import random
import time

import anyio
import anyio.lowlevel
import attrs
import pytest

from cds_eks.config import AdaptiveRate, Limits
from cds_eks.errors import ConfigurationError
from cds_eks.middleware import LimitRate
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.resources.clusters import DELETE_CLUSTER, GET_CLUSTER
from cds_eks.wire import CallRecord, RawResponse, Request

pytestmark = pytest.mark.anyio

ANSWER = RawResponse(status=200, headers={}, content=b"")
GOOD = RawResponse(status=200, headers={}, content=b'{"Code": "Success"}')
THROTTLED = RawResponse(status=429, headers={}, content=b"")
REQUEST = Request(operation=GET_CLUSTER, url="http://x/eks/v1", params={})


def numbered(number: int) -> Request:
    return attrs.evolve(REQUEST, params={"number": str(number)})


class Gate:
    """A send that holds each request until it is let through."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.go = anyio.Event()

    async def send(self, request: Request) -> RawResponse:
        self.begun.append(int(request.params["number"]))
        await self.go.wait()
        return ANSWER


class FakeTime:
    """A clock that moves by sleeping only."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.now += seconds


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


def throttled_by(service_rate: float, time: FakeTime) -> Send:
    """A service that takes so many requests in each second, and throttles the others."""
    taken: list[float] = []

    async def send(request: Request) -> RawResponse:
        taken[:] = [moment for moment in taken if moment > time.now - 1]
        if len(taken) >= service_rate:
            return THROTTLED
        taken.append(time.now)
        return GOOD

    return send


async def test_the_adaptive_limit_comes_down_to_what_the_service_takes_and_probes_upwards() -> None:
    time, rate = FakeTime(), AdaptiveRate()
    limits = LimitRate(None, 50, rate, clock=time, sleep=time.sleep)
    send = throttled_by(10, time)
    answers = [await limits(REQUEST, send) for _ in range(2000)]
    late = answers[-1000:]
    assert sum(answer is THROTTLED for answer in late) < 150
    assert rate.limit is not None
    assert 2 < rate.limit < 20
    before = rate.limit
    for _ in range(2000):
        await limits(REQUEST, throttled_by(10_000, time))
    assert rate.limit > before


async def test_without_throttling_the_adaptive_limit_does_nothing() -> None:
    time, rate = FakeTime(), AdaptiveRate()
    limits = LimitRate(None, None, rate, clock=time, sleep=time.sleep)
    for _ in range(100):
        await limits(REQUEST, throttled_by(10_000, time))
    assert (rate.limit, time.now) == (None, 1000.0)


def test_one_burst_of_throttling_halves_the_adaptive_limit_once_and_never_below_the_lowest() -> None:
    rate = AdaptiveRate(lowest=2)
    for _ in range(20):
        assert rate.take(100.0) == 0
    for _ in range(20):
        rate.learn(100.0, is_throttled=True)
    assert rate.limit == 10
    for second in range(1, 10):
        rate.learn(100.0 + second, is_throttled=True)
    assert rate.limit == 2


def test_after_a_throttling_the_adaptive_limit_goes_back_to_where_it_was_then_slowly_and_then_ever_faster() -> None:
    rate = AdaptiveRate()
    for number in range(50):
        assert rate.take(100 + number / 50) == 0
    rate.learn(101.0, is_throttled=True)
    limits: list[float] = []
    for tick in range(2400):
        now = 101.0 + tick / 200  # more often than is let through
        rate.take(now)
        rate.learn(now, is_throttled=False)
        assert rate.limit is not None
        limits.append(rate.limit)
    assert limits == sorted(limits)
    seconds = [limits[200 * second] for second in range(12)]
    assert seconds[0] == pytest.approx(24.5)
    assert seconds[1] < 45 < seconds[2]  # of the 49 that were sent in the second before
    assert seconds[4] == pytest.approx(49, abs=0.1)
    assert seconds[6] < 60
    assert seconds[11] > 80


async def test_a_throttling_that_comes_too_early_is_made_up_for_within_seconds() -> None:
    time, rate = FakeTime(), AdaptiveRate()
    limits = LimitRate(None, None, rate, clock=time, sleep=time.sleep)
    answers = iter([THROTTLED])

    async def send(request: Request) -> RawResponse:
        return next(answers, GOOD)

    for _ in range(100):  # while the old growth, a tenth of the first limit each second, took a minute for twenty
        await limits(REQUEST, send)
    assert time.now - 1000 < 12
    assert rate.limit is not None
    assert rate.limit > 20


def test_the_adaptive_limit_grows_to_no_more_than_twice_of_what_was_sent() -> None:
    rate = AdaptiveRate()
    rate.take(100.0)
    rate.learn(100.0, is_throttled=True)
    rate.learn(10_000.0, is_throttled=False)  # after a night in which nothing was sent
    assert rate.limit == 2.0


async def test_clients_that_share_an_adaptive_limit_share_its_rate() -> None:
    time, rate = FakeTime(), AdaptiveRate()
    rate.take(time.now)
    rate.learn(time.now, is_throttled=True)
    assert rate.limit == 0.5
    begun: list[float] = []

    async def send(request: Request) -> RawResponse:
        begun.append(time.now - 1000)
        return THROTTLED

    for _ in range(3):
        await LimitRate(None, None, rate, clock=time, sleep=time.sleep)(REQUEST, send)
    assert begun == [0, 2, 4]


@pytest.mark.parametrize("lowest", [0, -1, float("inf"), float("nan"), True, "1"])
def test_the_lowest_adaptive_limit_is_a_number_above_0(lowest: float) -> None:
    with pytest.raises(ConfigurationError, match="lowest must be a number above 0"):
        AdaptiveRate(lowest=lowest)


def test_a_limit_that_adapts_is_an_adaptive_rate() -> None:
    rate = AdaptiveRate()
    assert Limits(adaptive=rate).adaptive is rate
    with pytest.raises(ConfigurationError, match="adaptive must be an AdaptiveRate, not bool"):
        Limits(adaptive=True)  # type: ignore[arg-type]


async def test_a_call_that_can_not_begin_before_its_deadline_is_given_up() -> None:
    limit, gate = LimitRate(requests_per_second=0.001), Gate()
    gate.go.set()
    late = attrs.evolve(numbered(2), record=CallRecord())
    late.record.deadline = time.monotonic() + 0.02
    assert await limit(numbered(1), gate.send) is ANSWER
    with pytest.raises(OutOfTime):
        await limit(late, gate.send)
    assert gate.begun == [1]
