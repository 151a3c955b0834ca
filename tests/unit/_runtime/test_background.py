"""Work that goes on beside whoever waits for it."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from cds_eks._runtime import background
from support.eventually import EVENT_TIMEOUT

pytestmark = pytest.mark.anyio


async def test_it_goes_on_when_the_scope_is_left_that_it_was_begun_in() -> None:
    goes_on, done = anyio.Event(), anyio.Event()

    async def work() -> None:
        await goes_on.wait()
        done.set()

    with anyio.CancelScope() as scope:
        background.start(work)
        scope.cancel()
        await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert not done.is_set()
    goes_on.set()
    with anyio.fail_after(EVENT_TIMEOUT):
        await done.wait()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_ends_with_the_event_loop(backend: str) -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(backend)

    async def main() -> None:
        background.start(work)
        await anyio.wait_all_tasks_blocked()
        assert ended == []

    anyio.run(main, backend=backend)
    assert ended == [backend]
