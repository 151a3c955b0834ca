"""The fair semaphore: permits, and the tasks that wait for them, on asyncio and trio."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel
import pytest

from cds_eks._runtime.semaphore import FairSemaphore

pytestmark = pytest.mark.anyio


async def settled() -> None:
    await anyio.wait_all_tasks_blocked()


class Queue:
    """A semaphore, and which of the tasks that waited for it got a permit or timed out."""

    def __init__(self, semaphore: FairSemaphore) -> None:
        self.semaphore = semaphore
        self.acquired: list[str] = []
        self.timed_out: list[str] = []

    async def wait(self, name: str, *, is_read: bool = True, seconds: float | None = None) -> None:
        is_acquired = await self.semaphore.acquire(is_read=is_read, seconds=seconds)
        (self.acquired if is_acquired else self.timed_out).append(name)


def exhausted(permits: int = 1) -> Queue:
    semaphore = FairSemaphore(permits)
    for _ in range(permits):
        assert semaphore.try_acquire()
    assert not semaphore.try_acquire()
    return Queue(semaphore)


async def test_a_free_permit_is_acquired_at_once() -> None:
    semaphore = FairSemaphore(1)
    assert await semaphore.acquire(is_read=True, seconds=0.0)
    assert not semaphore.try_acquire()
    semaphore.release()
    assert semaphore.try_acquire()
    assert FairSemaphore(None).try_acquire()


async def test_waiting_tasks_acquire_first_in_first_out() -> None:
    queue = exhausted()
    async with anyio.create_task_group() as group:
        for name in "abc":
            group.start_soon(queue.wait, name)
            await settled()
        for count in range(1, 4):
            queue.semaphore.release()
            await settled()
            assert queue.acquired == list("abc"[:count])
    assert queue.semaphore.available == 0


async def test_waiting_reads_and_writes_alternate() -> None:
    queue = exhausted()
    async with anyio.create_task_group() as group:
        for name in ("r1", "r2", "r3", "w1", "w2"):
            group.start_soon(lambda name=name: queue.wait(name, is_read=name.startswith("r")))  # type: ignore[misc]
            await settled()
        for _ in range(5):
            queue.semaphore.release()
            await settled()
    assert queue.acquired == ["r1", "w1", "r2", "w2", "r3"]


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.01])
async def test_a_timed_out_acquire_takes_no_permit(seconds: float) -> None:
    queue = exhausted()
    await queue.wait("a", seconds=seconds)
    assert (queue.acquired, queue.timed_out) == ([], ["a"])
    queue.semaphore.release()
    assert queue.semaphore.available == 1


async def test_a_permit_released_in_time_is_acquired() -> None:
    queue = exhausted()
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: queue.wait("a", seconds=60.0))
        await settled()
        queue.semaphore.release()
    assert (queue.acquired, queue.timed_out) == (["a"], [])


async def test_a_cancelled_acquire_takes_no_permit() -> None:
    queue = exhausted()
    async with anyio.create_task_group() as group:
        group.start_soon(queue.wait, "a")
        await settled()
        async with anyio.create_task_group() as cancelled:
            cancelled.start_soon(queue.wait, "b")
            await settled()
            cancelled.cancel_scope.cancel()
        group.start_soon(queue.wait, "c")
        await settled()
        for _ in range(2):
            queue.semaphore.release()
            await settled()
    assert queue.acquired == ["a", "c"]
    assert queue.semaphore.available == 0


async def test_a_permit_released_at_the_moment_of_a_cancellation_goes_to_the_next() -> None:
    queue = exhausted()
    async with anyio.create_task_group() as group:
        async with anyio.create_task_group() as cancelled:
            cancelled.start_soon(queue.wait, "a")
            await settled()
            group.start_soon(queue.wait, "b")
            await settled()
            queue.semaphore.release()  # to a, which has not gone on yet
            cancelled.cancel_scope.cancel()
        if "a" in queue.acquired:  # a wait that is over is not cancelled by trio
            queue.semaphore.release()
    assert queue.acquired[-1] == "b"
    assert queue.semaphore.available == 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_release_at_the_moment_of_a_timeout_passes_over_the_timed_out_task() -> None:
    queue = exhausted()
    tasks = [asyncio.create_task(queue.wait(name, seconds=60.0)) for name in "ab"]
    await settled()
    queue.semaphore._reads[next(iter(queue.semaphore._reads))] = 0.0
    queue.semaphore._expire(asyncio.get_running_loop())
    queue.semaphore.release()  # a has not gone on yet, and still waits
    await asyncio.gather(*tasks)
    assert (queue.acquired, queue.timed_out) == (["b"], ["a"])
    assert queue.semaphore.available == 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_permit_released_just_before_the_timeout_is_acquired() -> None:
    queue = exhausted()
    task = asyncio.create_task(queue.wait("a", seconds=60.0))
    await settled()
    queue.semaphore._reads[next(iter(queue.semaphore._reads))] = 0.0
    queue.semaphore.release()
    queue.semaphore._expire(asyncio.get_running_loop())
    await task
    assert (queue.acquired, queue.timed_out) == (["a"], [])


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_is_cancelled_with_its_permit_releases_it() -> None:
    queue = exhausted()
    first = asyncio.create_task(queue.wait("a"))
    second = asyncio.create_task(queue.wait("b"))
    await settled()
    queue.semaphore.release()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await second
    assert queue.acquired == ["b"]
    third = asyncio.create_task(queue.wait("c", seconds=60.0))
    await settled()
    third.cancel()
    queue.semaphore.release()  # the task is cancelled, and still waits
    with pytest.raises(asyncio.CancelledError):
        await third
    assert queue.semaphore.available == 1


@pytest.mark.parametrize("anyio_backend", ["asyncio", ("asyncio", {"use_uvloop": True})])
async def test_one_timer_serves_all_timeouts() -> None:
    queue = exhausted()
    times = {"a": 0.15, "b": 0.05, "c": 60.0, "d": 0.1, "e": None, "f": 0.1, "g": 0.02}
    began = asyncio.get_running_loop().time()
    async with anyio.create_task_group() as group:
        for name, seconds in times.items():
            group.start_soon(
                lambda name=name, seconds=seconds: queue.wait(name, is_read=name < "d", seconds=seconds)  # type: ignore[misc]
            )
            await anyio.lowlevel.checkpoint()
        while len(queue.timed_out) < 5:  # noqa: ASYNC110
            await anyio.sleep(0.005)
        assert asyncio.get_running_loop().time() - began >= 0.14  # uvloop counts whole milliseconds
        assert queue.semaphore._timer is not None
        for _ in range(2):
            queue.semaphore.release()
            await settled()
        assert queue.semaphore._timer is None, "nobody waits"
    assert sorted(queue.timed_out) == ["a", "b", "d", "f", "g"]
    assert queue.acquired == ["c", "e"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_was_given_a_permit_does_not_time_out() -> None:
    queue = exhausted()
    task = asyncio.create_task(queue.wait("a", seconds=60.0))
    await settled()
    waiting = next(iter(queue.semaphore._reads))
    waiting.set_result(True)  # and still waits
    queue.semaphore._reads[waiting] = 0.0
    queue.semaphore._expire(asyncio.get_running_loop())
    await task
    assert queue.acquired == ["a"]


def test_tasks_left_by_a_closed_loop_are_silent_and_hold_no_permit() -> None:
    """They are closed by the garbage collector: the first hands its permit on to one whose loop is closed as well."""
    semaphore = FairSemaphore(1)

    async def stay() -> None:
        assert semaphore.try_acquire()
        try:
            await asyncio.Event().wait()
        finally:
            semaphore.release()

    async def wait() -> None:
        if await semaphore.acquire(is_read=True):
            semaphore.release()

    loop = asyncio.new_event_loop()
    coroutines = [stay(), wait(), wait()]
    tasks = [loop.create_task(coroutine) for coroutine in coroutines]
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    for coroutine, task in zip(coroutines, tasks, strict=True):
        task._log_destroy_pending = False  # type: ignore[attr-defined] # asyncio's own complaint
        coroutine.close()
    assert semaphore.available == 1
