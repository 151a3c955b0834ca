"""Frozen time, as tests have it: calls are answered, pauses pass, and what is signed has the time of the test."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import anyio.lowlevel
import freezegun
import pytest
import time_machine

from cds_eks import AsyncEksClient, EksClient, RetryPolicy, Timeouts, errors
from cds_eks._runtime import clocks
from cds_eks.emulator import Emulator, Fault
from support.eventually import WAIT_TIMEOUT

MOMENT = datetime(2021, 1, 1, tzinfo=UTC)
FREEZERS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "freezegun": lambda: freezegun.freeze_time(MOMENT),
    "freezegun, with asyncio left alone": lambda: freezegun.freeze_time(MOMENT, real_asyncio=True),
    "freezegun, ticking": lambda: freezegun.freeze_time(MOMENT, tick=True),
    "time-machine": lambda: time_machine.travel(MOMENT, tick=False),
    "time-machine, ticking": lambda: time_machine.travel(MOMENT, tick=True),
}
QUICK = RetryPolicy(base_delay=0.01)


@pytest.mark.parametrize("name", FREEZERS)
def test_a_blocking_client_calls_pauses_waits_and_gives_up_in_frozen_time(name: str) -> None:
    """Its event loop goes by a clock of its own, as does the emulator's."""
    emulator = Emulator(faults=[Fault("status", status=503, count=1)])
    cluster = emulator.add_cluster()
    with emulator.serve() as url, FREEZERS[name]():
        with EksClient(emulator.credentials, endpoint=url, retry=QUICK, timeouts=Timeouts(total=WAIT_TIMEOUT)) as eks:
            assert eks.clusters.get(cluster).attempts == 2
            with pytest.raises(errors.WaitTimeout):
                eks.wait.cluster_deleted(cluster, timeout=0.1)
        emulator.faults.add(Fault("hang_before_commit"))
        with (
            EksClient(emulator.credentials, endpoint=url, timeouts=Timeouts(total=0.2)) as eks,
            pytest.raises(errors.DeadlineExceeded),
        ):
            eks.clusters.list()


def test_a_blocking_client_goes_on_when_time_is_frozen_and_set_free_in_the_middle() -> None:
    emulator = Emulator()
    with emulator.serve() as url, EksClient(emulator.credentials, endpoint=url, retry=QUICK) as eks:
        for freezer in FREEZERS.values():
            assert eks.clusters.list().attempts == 1
            with freezer():
                assert eks.clusters.list().attempts == 1
            emulator.faults.add(Fault("status", status=503, count=1))
            assert eks.clusters.list().attempts == 2


@pytest.mark.anyio
@pytest.mark.parametrize("name", FREEZERS)
async def test_an_async_client_is_answered_in_frozen_time(name: str) -> None:
    """No deadline has passed by that. Pauses are the event loop's own, which freezegun stops if it is told to."""
    emulator = Emulator()
    with emulator.serve() as url, FREEZERS[name]():
        async with AsyncEksClient(emulator.credentials, endpoint=url) as eks:
            for _ in range(3):
                assert (await eks.clusters.list()).attempts == 1
            await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("name", FREEZERS)
def test_what_is_signed_has_the_time_of_the_test_and_the_service_s_own_is_learnt(name: str) -> None:
    offset = time.time() - clocks.monotonic()
    emulators = Emulator(), Emulator(wall_clock=lambda: clocks.monotonic() + offset)
    for emulator, attempts in zip(emulators, (1, 2), strict=True):
        with emulator.serve() as url, FREEZERS[name](), EksClient(emulator.credentials, endpoint=url) as eks:
            assert [eks.clusters.list().attempts for _ in range(2)] == [attempts, 1]


IMPORTED_WHILE_FROZEN = """
import datetime, sys
moment = datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC)
if sys.argv[1] == "freezegun":
    import freezegun
    frozen = freezegun.freeze_time(moment)
else:
    import time_machine
    frozen = time_machine.travel(moment, tick=False)
with frozen:
    import asyncio
    from cds_eks import AsyncEksClient, EksClient, RetryPolicy
    from cds_eks.emulator import Emulator, Fault
    emulator = Emulator()
    serving = emulator.serve()
    url = serving.__enter__()
    blocking = EksClient(emulator.credentials, endpoint=url, retry=RetryPolicy(base_delay=0.01))
    def use():
        emulator.faults.add(Fault("status", status=503, count=1))
        assert blocking.clusters.list().attempts == 2
        async def use():
            async with AsyncEksClient(emulator.credentials, endpoint=url) as eks:
                assert (await eks.clusters.list()).attempts == 1
        asyncio.run(use())
    use()
use()
blocking.close()
serving.__exit__()
print("done")
"""


@pytest.mark.slow
@pytest.mark.parametrize("freezer", ["freezegun", "time-machine"])
def test_a_package_that_is_imported_in_frozen_time_keeps_nothing_of_it(freezer: str) -> None:
    command = [sys.executable, "-c", IMPORTED_WHILE_FROZEN, freezer]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False)
    assert (ended.stderr, ended.stdout) == ("", "done\n")
