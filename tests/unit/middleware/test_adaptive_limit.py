"""A rate limit that adapts to the service's throttling, and calls that can't begin in time."""

from __future__ import annotations

import time

import attrs
import pytest

from cds_eks.config import AdaptiveRate, Limits
from cds_eks.errors import ConfigurationError
from cds_eks.middleware import LimitRate
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import CallRecord, RawResponse, Request
from unit.middleware.limited_calls import ANSWER, REQUEST, FakeTime, Gate, numbered

pytestmark = pytest.mark.anyio


GOOD = RawResponse(status=200, headers={}, content=b'{"Code": "Success"}')
THROTTLED = RawResponse(status=429, headers={}, content=b"")


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
