"""The clock that jumps: waits overlap, take no real time, and end in their order, on several threads too."""

from __future__ import annotations

import threading
import time

import anyio
import pytest

from cds_eks._runtime import passing_time
from cds_eks.testing import JumpingClock
from cds_eks.testing import clock as module
from support.eventually import WAIT_TIMEOUT


@pytest.mark.anyio
async def test_waits_that_last_at_the_same_time_overlap_and_end_in_their_order(anyio_backend: str) -> None:
    clock, began = JumpingClock(), time.monotonic()
    ended: list[tuple[float, float]] = []

    async def wait(seconds: float) -> None:
        await clock.sleep(seconds)
        ended.append((seconds, clock.ahead()))

    async with anyio.create_task_group() as group:
        for seconds in (600, 60, 3600, 60, 0):
            group.start_soon(wait, seconds)
    assert ended == [(0, 0), (60, 60), (60, 60), (600, 600), (3600, 3600)]
    assert time.monotonic() - began < 30


def test_waits_of_several_threads_overlap() -> None:
    clock = JumpingClock(start=1000)
    barrier = threading.Barrier(5)

    def wait() -> None:
        barrier.wait()
        anyio.run(clock.sleep, 60.0)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    barrier.wait()
    for thread in threads:
        thread.join()
    assert 60 <= clock.ahead() < 4 * 60 + 1
    assert clock.now() == 1000 + clock.ahead()


@pytest.mark.anyio
async def test_a_wait_does_not_jump_over_what_is_under_way(anyio_backend: str) -> None:
    is_busy = True
    clock = JumpingClock(is_busy=lambda: is_busy)
    looked: list[float] = []
    with anyio.fail_after(WAIT_TIMEOUT):
        async with anyio.create_task_group() as group:
            group.start_soon(clock.sleep, 60)
            for _ in range(module.YIELDS + 2):
                await anyio.lowlevel.checkpoint()
                looked.append(clock.ahead())
            is_busy = False
    assert looked == [0.0] * (module.YIELDS + 2)
    assert clock.ahead() == 60


@pytest.mark.anyio
async def test_a_wait_goes_on_though_the_one_before_it_is_blocked(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INSIST_AFTER", 0.0)
    clock = JumpingClock()
    async with anyio.create_task_group() as group:
        group.start_soon(clock.sleep, 5)
        while not clock._ends:
            await anyio.lowlevel.checkpoint()
        thread = threading.Thread(target=lambda: anyio.run(clock.sleep, 60.0))
        thread.start()
        thread.join()  # this loop, and so the wait of 5 s, stands still meanwhile
        assert clock.ahead() == 60
    assert clock.ahead() == 60


@pytest.mark.anyio
async def test_a_wait_that_is_cancelled_holds_up_none(anyio_backend: str) -> None:
    clock = JumpingClock(is_busy=lambda: True)
    async with anyio.create_task_group() as group:
        group.start_soon(clock.sleep, 5)
        await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert clock._ends == []
    assert clock.ahead() == 0


@pytest.mark.anyio
async def test_clocks_that_drive_the_time_at_once_jump_together(anyio_backend: str) -> None:
    one, other, alone = JumpingClock(), JumpingClock(), JumpingClock()
    with passing_time.driven_by(one):
        await passing_time.sleep(10)
        with passing_time.driven_by(other):
            before = passing_time.now()
            await passing_time.sleep(60)
            assert 60 <= passing_time.now() - before < 70
        await passing_time.sleep(5)
    assert (one.ahead(), other.ahead(), alone.ahead()) == (75, 60, 0)


@pytest.mark.anyio
async def test_a_wait_for_one_jumps_over_no_other_s(anyio_backend: str) -> None:
    is_busy = True
    one, other = JumpingClock(is_busy=lambda: is_busy), JumpingClock()
    ended: list[int] = []

    async def wait(clock: JumpingClock, seconds: int) -> None:
        await clock.sleep(seconds)
        ended.append(seconds)

    with passing_time.driven_by(one), passing_time.driven_by(other), anyio.fail_after(WAIT_TIMEOUT):
        async with anyio.create_task_group() as group:
            group.start_soon(wait, other, 60)
            group.start_soon(wait, one, 20)
            for _ in range(module.YIELDS + 2):
                await anyio.lowlevel.checkpoint()
            assert (one.ahead(), other.ahead()) == (0, 0)
            is_busy = False
    assert ended == [20, 60]
    assert (one.ahead(), other.ahead()) == (60, 60)


@pytest.mark.anyio
async def test_waits_for_what_never_happens_end(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = JumpingClock()
    for _ in range(2):
        await clock.sleep(module.MOST)
        clock.begin_anew()  # something has happened
    await clock.sleep(module.MOST)
    await clock.sleep(1)
    with pytest.raises(AssertionError, match=r"has waited for 7 days in a row, .* what it waits for does not happen"):
        await clock.sleep(1)
    assert clock._ends == []
