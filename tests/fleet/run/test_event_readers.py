"""Who reads the events of a run: one task at a time, and a second one is told so."""

from __future__ import annotations

import anyio
import pytest

from cds_eks.fleet.run.event_stream import EventStream
from cds_eks.fleet.run.events import RunEnded, StoppedCreating
from fleet.run.world import World, in_world, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@BACKENDS
def test_a_second_reader_is_told_that_there_is_one_and_the_first_gets_all_events(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_of(2, 1))
            read: list[object] = []

            async def read_all() -> None:
                read.extend([event async for event in run])

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read_all)
                await anyio.wait_all_tasks_blocked()
                with pytest.raises(RuntimeError, match="another task reads the events"):
                    await anext(run)
            assert isinstance(read[-1], RunEnded)
            assert (await run.report()).ok

    in_world(body, backend)


@BACKENDS
def test_any_number_of_tasks_may_await_the_report_and_one_reader_follow_another(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_of(2, 1))
            ok: list[bool] = []

            async def report() -> None:
                ok.append((await run.report()).ok)

            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(report)
                first = [await anext(run) for _ in range(3)]
                rest = [event async for event in run]
            assert ok == [True] * 3
            assert len(first) == 3
            assert isinstance(rest[-1], RunEnded)

    in_world(body, backend)


@BACKENDS
def test_a_reader_that_was_cancelled_leaves_the_events_to_the_next(backend: str) -> None:
    async def body(_: World) -> None:
        events = EventStream()
        with anyio.move_on_after(1.0):
            await events.next()
        events.put(StoppedCreating(reason="why"))
        assert await events.next() == StoppedCreating(reason="why")
        events.end()
        assert await events.next_all() == []
        assert await events.next() is None

    in_world(body, backend)
