"""A call that is sent again waits for its turn, where it shares a rate; the first attempt does not."""

from __future__ import annotations

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, errors
from cds_eks.emulator import Emulator, Fault
from cds_eks.outcome.pacing import pacing_retries, retry_turn

pytestmark = pytest.mark.anyio

POLICY = RetryPolicy(max_attempts=3, base_delay=0.0, throttled_base_delay=0.0)


def client(emulator: Emulator) -> AsyncEksClient:
    return AsyncEksClient(emulator.credentials, backend=httpx.ASGITransport(emulator), retry=POLICY)


async def test_each_attempt_but_the_first_waits_for_a_turn() -> None:
    emulator = Emulator(faults=[Fault("throttle", "ListClusters", count=2)])
    turns = 0

    async def turn() -> None:
        nonlocal turns
        turns += 1
        assert emulator.ledger.count("ListClusters") == turns

    async with client(emulator) as eks:
        with pacing_retries(turn):
            assert (await eks.clusters.list()).attempts == 3
            assert turns == 2
        assert retry_turn.get() is None
        emulator.faults.add(Fault("throttle", "ListClusters", count=1))
        assert (await eks.clusters.list()).attempts == 2
    assert turns == 2


async def test_a_turn_that_does_not_come_is_waited_for_until_the_call_s_time_is_up() -> None:
    emulator = Emulator(faults=[Fault("throttle", "ListClusters")])
    async with client(emulator) as eks:
        with pacing_retries(anyio.sleep_forever), pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.list(timeout=0.05)
    assert "it waited in line for its turn to be sent again" in caught.value.message
    assert caught.value.outcome == "refused"
    assert emulator.ledger.count("ListClusters") == 1
