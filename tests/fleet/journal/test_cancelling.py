"""Callers that are cancelled, loops that end, processes that fork."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import attrs
import pytest

from cds_eks.fleet.items import STATES
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.journal.grouped import GroupWriter, QueryReader
from cds_eks.fleet.journal.opening import open_journal
from cds_eks.fleet.journal.operations import Operation
from cds_eks.fleet.journal.sqlite import SqliteFile, SqliteReads
from cds_eks.fleet.journal.threaded import ThreadedJournal
from cds_eks.fleet.journal.worker import Worker
from support.eventually import WAIT_TIMEOUT
from support.memory_journal import ManualClock

from .items import LEASE, cluster, to

pytestmark = pytest.mark.anyio


@attrs.define
class Gate:
    """Stops the thread that writes before each commit, or after it."""

    has_come: threading.Event = attrs.field(factory=threading.Event)
    may_go: threading.Event = attrs.field(factory=threading.Event)
    is_shut: bool = False

    def __call__(self) -> None:
        if self.is_shut:
            self.has_come.set()
            assert self.may_go.wait(WAIT_TIMEOUT)

    async def wait_until_it_has_come(self) -> None:
        assert await anyio.to_thread.run_sync(self.has_come.wait, 20)

    def open(self) -> None:
        self.is_shut = False
        self.may_go.set()


@asynccontextmanager
async def gated(path: Path, before: Gate, after: Gate) -> AsyncIterator[ThreadedJournal]:
    def writer() -> GroupWriter:
        file = SqliteFile(path, timeout=1, clock=ManualClock())

        def commit(operations: Sequence[Operation[Any]]) -> list[Any]:
            before()
            results = file.commit(operations)
            after()
            return results

        return GroupWriter(commit, file.close)

    def reader() -> QueryReader:
        file = SqliteReads(path, timeout=1, clock=ManualClock())
        return QueryReader(file.answer, file.close)

    journal = ThreadedJournal("test", writer, reader)
    await journal.start()
    async with journal:
        yield journal


@pytest.fixture(params=["before", "after"])
def gates(request: pytest.FixtureRequest) -> tuple[Gate, Gate, Gate]:
    """The gate before commits, the one after them, and the one of these two that the test shuts."""
    before, after = Gate(), Gate()
    return before, after, before if request.param == "before" else after


async def test_a_caller_that_is_cancelled_leaves_a_whole_journal(
    tmp_path: Path, gates: tuple[Gate, Gate, Gate]
) -> None:
    before, after, gate = gates
    async with gated(tmp_path / "fleet.db", before, after) as journal:
        await journal.add([cluster(1), cluster(2)])
        one, two = await journal.claim("a", limit=2, lease=LEASE, states=STATES)
        gate.is_shut = True
        async with anyio.create_task_group() as group:
            group.start_soon(journal.write, to(one, "sending"), to(two, "sending"))
            await gate.wait_until_it_has_come()
            group.cancel_scope.cancel()
        gate.open()
        await journal.renew("a", lease=LEASE)  # it is done after what was given before
        assert [(item.state, item.epoch) for item in await journal.items()] == [("sending", 1)] * 2
        assert [entry.state for entry in await journal.audit()] == ["planned"] * 2 + ["sending"] * 2


async def test_what_a_cancelled_caller_claimed_is_released(tmp_path: Path, gates: tuple[Gate, Gate, Gate]) -> None:
    before, after, gate = gates
    async with gated(tmp_path / "fleet.db", before, after) as journal:
        await journal.add([cluster(1), cluster(2)])
        (first,) = await journal.claim("a", limit=1, lease=LEASE, states=STATES)
        gate.is_shut = True

        async def claim() -> None:
            await journal.claim("a", limit=1, lease=LEASE, states=STATES)

        async with anyio.create_task_group() as group:
            group.start_soon(claim)
            await gate.wait_until_it_has_come()
            group.cancel_scope.cancel()
        gate.open()
        await journal.stop(None)  # when it is done, the claim is; then it is released
        beat = await journal.renew("a", lease=LEASE)
        assert beat.lost == frozenset()
        assert [item.owner for item in await journal.items()] == [first.owner, None]


async def test_a_caller_that_is_cancelled_already_writes_nothing(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "fleet.db") as journal:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await journal.add([cluster(1)])
        assert scope.cancelled_caught
        assert await journal.items() == []


async def test_what_was_given_is_written_though_all_are_cancelled(tmp_path: Path) -> None:
    before = Gate()
    with anyio.CancelScope() as scope:
        async with gated(tmp_path / "fleet.db", before, Gate()) as journal, anyio.create_task_group() as group:
            before.is_shut = True
            for n in range(10):
                group.start_soon(journal.add, [cluster(n)])
            await before.wait_until_it_has_come()
            scope.cancel()
            before.open()
    async with open_journal(tmp_path / "fleet.db") as journal:
        assert len(await journal.items()) == 10


async def test_cancelled_while_it_opens(tmp_path: Path) -> None:
    gate, closed = Gate(is_shut=True), threading.Event()

    def writer() -> GroupWriter:
        gate()
        file = SqliteFile(tmp_path / "fleet.db", timeout=1, clock=ManualClock())

        def close() -> None:
            file.close()
            closed.set()

        return GroupWriter(file.commit, close)

    journal = ThreadedJournal("test", writer, lambda: QueryReader(lambda query: None, lambda: None))
    async with anyio.create_task_group() as group:
        group.start_soon(journal.start)
        await gate.wait_until_it_has_come()
        group.cancel_scope.cancel()
    gate.open()
    assert await anyio.to_thread.run_sync(closed.wait, 20)


@pytest.mark.parametrize("seed", range(10))
async def test_cancelled_at_any_moment(seed: int, tmp_path: Path) -> None:
    """Each item's audit is a way that it may go, each claim is released or known, whenever a caller is cut off."""
    known: set[str] = set()

    async with open_journal(tmp_path / "fleet.db") as journal:
        await journal.add([cluster(n) for n in range(40)])

        async def work() -> None:
            claimed = await journal.claim("a", limit=3, lease=600, states=["planned"])
            known.update(item.id for item in claimed)  # before the first write: a caller may be cut off in any
            for after in claimed:
                for state in ("sending", "accepted", "ready"):
                    (after,) = await journal.write(to(after, state, ids={"cluster_id": f"c-{after.position}"}))

        for checkpoints in range(30):
            async with anyio.create_task_group() as group:
                for _ in range(2):
                    group.start_soon(work)
                for _ in range(checkpoints + seed):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
        await journal.stop(None)
        beat = await journal.renew("a", lease=600)
        owned = {item.id for item in await journal.items() if item.owner == "a"}
        assert owned <= known
        assert beat.lost == frozenset()
        for item in await journal.items():
            way = [entry.state for entry in await journal.audit(item.id)]
            assert way == ["planned", "sending", "accepted", "ready"][: len(way)]
            assert way[-1] == item.state


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_forked_process_is_told(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "fleet.db") as journal:
        pid = os.getpid()
        os_getpid, os.getpid = os.getpid, lambda: pid + 1
        try:
            with pytest.raises(JournalError, match="open it there"):
                await journal.add([cluster(1)])
            await journal.aclose()  # leaves what is the parent's alone
        finally:
            os.getpid = os_getpid
        await journal.add([cluster(1)])


async def test_nobody_waits_for_ever_for_a_handler_that_breaks() -> None:
    class Broken:
        def handle(self, pieces: Sequence[Any]) -> list[Any]:
            raise SystemExit("broken")

        def close(self) -> None:
            pass

    worker = Worker("test", Broken)
    await worker.start()
    with pytest.raises(SystemExit, match="broken"):
        await worker.do("something")
    await worker.aclose()


def test_a_loop_that_ends_without_closing_leaves_a_journal_that_can_be_opened(
    tmp_path: Path, anyio_backend: str
) -> None:
    async def leave() -> None:
        manager = open_journal(tmp_path / "fleet.db")
        kept.append(manager)
        journal = await manager.__aenter__()
        await journal.add([cluster(1)])

    async def read() -> int:
        async with open_journal(tmp_path / "fleet.db") as journal:
            await journal.add([cluster(2)])
            return len(await journal.items())

    kept: list[Any] = []
    run: Callable[..., Any] = anyio.run
    with pytest.raises(RuntimeError, match="on purpose"):
        run(_then_fail, leave, backend=anyio_backend)
    assert run(read, backend=anyio_backend) == 2


async def _then_fail(work: Callable[[], Any]) -> None:
    await work()
    raise RuntimeError("on purpose")
