"""A call that is sent again waits for the rate limit that it shares; the first attempt does not."""

from __future__ import annotations

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, errors
from cds_eks.emulator import Emulator, Fault
from cds_eks.outcome.pacing import pacing_retries, rate_of_retries

pytestmark = pytest.mark.anyio

POLICY = RetryPolicy(max_attempts=3, base_delay=0.0, throttled_base_delay=0.0)


def client(emulator: Emulator) -> AsyncEksClient:
    return AsyncEksClient(emulator.credentials, backend=httpx.ASGITransport(emulator), retry=POLICY)


async def test_each_attempt_but_the_first_waits_for_the_rate_limit() -> None:
    emulator = Emulator(faults=[Fault("throttle", "ListClusters", count=2)])
    acquired = 0

    async def acquire() -> None:
        nonlocal acquired
        acquired += 1
        assert emulator.ledger.count("ListClusters") == acquired

    async with client(emulator) as eks:
        with pacing_retries(acquire):
            assert (await eks.clusters.list()).attempts == 3
            assert acquired == 2
        assert rate_of_retries.get() is None
        emulator.faults.add(Fault("throttle", "ListClusters", count=1))
        assert (await eks.clusters.list()).attempts == 2
    assert acquired == 2


async def test_a_rate_limit_is_waited_for_until_the_call_s_time_is_up() -> None:
    emulator = Emulator(faults=[Fault("throttle", "ListClusters")])
    async with client(emulator) as eks:
        with pacing_retries(anyio.sleep_forever), pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.list(timeout=0.05)
    assert "it waited in line for its turn to be sent again" in caught.value.message
    assert caught.value.outcome == "refused"
    assert emulator.ledger.count("ListClusters") == 1
