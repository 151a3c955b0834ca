"""A journal is closed in time, though what it has asked never answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from cds_eks.fleet.journal.worker import Worker


class Held:
    """Does its work when it is let go."""

    def __init__(self) -> None:
        self.is_at_work, self.may_go_on, self.is_closed = threading.Event(), threading.Event(), threading.Event()

    def handle(self, pieces: Sequence[Any]) -> list[Any]:
        self.is_at_work.set()
        assert self.may_go_on.wait(30)
        return list(pieces)

    def close(self) -> None:
        self.is_closed.set()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_thread_that_never_gets_on_is_left_when_its_journal_is_closed(
    backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    handler = Held()

    async def body() -> None:
        worker = Worker("the journal of a test", lambda: handler, patience=0.02)
        await worker.start()
        worker.put("anything")
        with anyio.fail_after(30):
            await worker.aclose()

    with caplog.at_level(logging.WARNING, logger="cds_eks.fleet"):
        anyio.run(body, backend=backend)
    assert "does not answer" in caplog.text
    assert "the journal of a test" in caplog.text
    assert not handler.is_closed.is_set()
    handler.may_go_on.set()
    assert handler.is_closed.wait(30)  # it ends when it is answered, though the event loop is gone


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_thread_that_gets_on_is_waited_for(backend: str, caplog: pytest.LogCaptureFixture) -> None:
    handler = Held()

    async def body() -> None:
        worker = Worker("the journal of a test", lambda: handler, patience=30.0)
        await worker.start()
        pieces = [worker.put(number) for number in range(3)]
        async with anyio.create_task_group() as group:
            group.start_soon(worker.aclose)
            await anyio.wait_all_tasks_blocked()
            assert not handler.is_closed.is_set()
            handler.may_go_on.set()
        assert handler.is_closed.is_set()
        assert [piece.result for piece in pieces] == [0, 1, 2]

    anyio.run(body, backend=backend)
    assert "does not answer" not in caplog.text
