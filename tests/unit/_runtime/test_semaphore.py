"""Places, and the lines in which one waits for them: on asyncio and trio."""

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
    """Who waits in a line, and who has come to a place."""

    def __init__(self, line: FairSemaphore) -> None:
        self.line = line
        self.came: list[str] = []
        self.missed: list[str] = []

    async def wait(self, name: str, *, is_read: bool = True, seconds: float | None = None) -> None:
        came = await self.line.acquire(is_read=is_read, seconds=seconds)
        (self.came if came else self.missed).append(name)


def full(places: int = 1) -> Queue:
    line = FairSemaphore(places)
    for _ in range(places):
        assert line.try_acquire()
    assert not line.try_acquire()
    return Queue(line)


async def test_a_free_place_is_taken_at_once() -> None:
    line = FairSemaphore(1)
    assert await line.acquire(is_read=True, seconds=0.0)
    assert not line.try_acquire()
    line.release()
    assert line.try_acquire()
    assert FairSemaphore(None).try_acquire()


async def test_who_came_first_is_first() -> None:
    queue = full()
    async with anyio.create_task_group() as group:
        for name in "abc":
            group.start_soon(queue.wait, name)
            await settled()
        for count in range(1, 4):
            queue.line.release()
            await settled()
            assert queue.came == list("abc"[:count])
    assert queue.line.available == 0


async def test_reads_and_writes_take_turns() -> None:
    queue = full()
    async with anyio.create_task_group() as group:
        for name in ("r1", "r2", "r3", "w1", "w2"):
            group.start_soon(lambda name=name: queue.wait(name, is_read=name.startswith("r")))  # type: ignore[misc]
            await settled()
        for _ in range(5):
            queue.line.release()
            await settled()
    assert queue.came == ["r1", "w1", "r2", "w2", "r3"]


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.01])
async def test_who_waits_too_long_gets_no_place_and_takes_none_along(seconds: float) -> None:
    queue = full()
    await queue.wait("a", seconds=seconds)
    assert (queue.came, queue.missed) == ([], ["a"])
    queue.line.release()
    assert queue.line.available == 1


async def test_a_place_that_comes_in_time_is_taken() -> None:
    queue = full()
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: queue.wait("a", seconds=60.0))
        await settled()
        queue.line.release()
    assert (queue.came, queue.missed) == (["a"], [])


async def test_who_is_cancelled_in_line_takes_none_along() -> None:
    queue = full()
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
            queue.line.release()
            await settled()
    assert queue.came == ["a", "c"]
    assert queue.line.available == 0


async def test_a_place_that_comes_in_the_moment_of_a_cancellation_goes_to_the_next() -> None:
    queue = full()
    async with anyio.create_task_group() as group:
        async with anyio.create_task_group() as cancelled:
            cancelled.start_soon(queue.wait, "a")
            await settled()
            group.start_soon(queue.wait, "b")
            await settled()
            queue.line.release()  # to a, which has not gone on yet
            cancelled.cancel_scope.cancel()
        if "a" in queue.came:  # a wait that is over is not cancelled by trio
            queue.line.release()
    assert queue.came[-1] == "b"
    assert queue.line.available == 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_whose_time_is_up_in_the_moment_in_which_a_place_comes_is_passed_over() -> None:
    queue = full()
    tasks = [asyncio.create_task(queue.wait(name, seconds=60.0)) for name in "ab"]
    await settled()
    queue.line._reads[next(iter(queue.line._reads))] = 0.0
    queue.line._expire(asyncio.get_running_loop())
    queue.line.release()  # a has not gone on yet, and is still in line
    await asyncio.gather(*tasks)
    assert (queue.came, queue.missed) == (["b"], ["a"])
    assert queue.line.available == 0


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_place_that_comes_in_the_moment_in_which_the_time_is_up_is_taken() -> None:
    queue = full()
    task = asyncio.create_task(queue.wait("a", seconds=60.0))
    await settled()
    queue.line._reads[next(iter(queue.line._reads))] = 0.0
    queue.line.release()
    queue.line._expire(asyncio.get_running_loop())
    await task
    assert (queue.came, queue.missed) == (["a"], [])


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_is_cancelled_with_its_place_hands_it_on() -> None:
    queue = full()
    first = asyncio.create_task(queue.wait("a"))
    second = asyncio.create_task(queue.wait("b"))
    await settled()
    queue.line.release()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await second
    assert queue.came == ["b"]
    third = asyncio.create_task(queue.wait("c", seconds=60.0))
    await settled()
    third.cancel()
    queue.line.release()  # the task is cancelled, and still in line
    with pytest.raises(asyncio.CancelledError):
        await third
    assert queue.line.available == 1


@pytest.mark.parametrize("anyio_backend", ["asyncio", ("asyncio", {"use_uvloop": True})])
async def test_each_is_told_in_its_own_time_by_one_timer() -> None:
    queue = full()
    times = {"a": 0.15, "b": 0.05, "c": 60.0, "d": 0.1, "e": None, "f": 0.1, "g": 0.02}
    began = asyncio.get_running_loop().time()
    async with anyio.create_task_group() as group:
        for name, seconds in times.items():
            group.start_soon(
                lambda name=name, seconds=seconds: queue.wait(name, is_read=name < "d", seconds=seconds)  # type: ignore[misc]
            )
            await anyio.lowlevel.checkpoint()
        while len(queue.missed) < 5:  # noqa: ASYNC110
            await anyio.sleep(0.005)
        assert asyncio.get_running_loop().time() - began >= 0.14  # uvloop counts whole milliseconds
        assert queue.line._timer is not None
        for _ in range(2):
            queue.line.release()
            await settled()
        assert queue.line._timer is None, "nobody is in line"
    assert sorted(queue.missed) == ["a", "b", "d", "f", "g"]
    assert queue.came == ["c", "e"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_whose_turn_has_come_is_not_told_that_the_time_is_up() -> None:
    queue = full()
    task = asyncio.create_task(queue.wait("a", seconds=60.0))
    await settled()
    turn = next(iter(queue.line._reads))
    turn.set_result(True)  # and is still in line
    queue.line._reads[turn] = 0.0
    queue.line._expire(asyncio.get_running_loop())
    await task
    assert queue.came == ["a"]


def test_calls_that_a_closed_loop_leaves_behind_say_nothing_and_keep_no_place() -> None:
    """They are closed by the garbage collector: the first hands its place on to one whose loop is closed as well."""
    line = FairSemaphore(1)

    async def stay() -> None:
        assert line.try_acquire()
        try:
            await asyncio.Event().wait()
        finally:
            line.release()

    async def stand() -> None:
        if await line.acquire(is_read=True):
            line.release()

    loop = asyncio.new_event_loop()
    coroutines = [stay(), stand(), stand()]
    tasks = [loop.create_task(coroutine) for coroutine in coroutines]
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    for coroutine, task in zip(coroutines, tasks, strict=True):
        task._log_destroy_pending = False  # type: ignore[attr-defined] # asyncio's own complaint
        coroutine.close()
    assert line.available == 1
