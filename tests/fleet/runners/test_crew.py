"""Runners that are lost, find the journal gone, or never begin: which are replaced, and which end the launch."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Any, cast

import anyio
import pytest

from cds_eks import errors
from cds_eks.fleet.items import Item, State
from cds_eks.fleet.journal.base import JournalGone
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.run.gone import told_of_all
from cds_eks.fleet.run.reporting import Findings
from cds_eks.fleet.runners.client_settings import ClientSettings
from cds_eks.fleet.runners.crew import Crew
from cds_eks.fleet.runners.pool import RunnerPool, RunnersLost
from cds_eks.fleet.runners.task import RunnerSummary, RunnerTask
from fleet.run import virtual_time
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import open_cluster, plan_of

FAILED = errors.ConnectFailed("no connection was made to 127.0.0.1:9 (Connection refused)")
DONE = RunnerSummary(runner="a", host="here", pid=1, findings=Findings())


class Pool:
    """Hands out what runners end with, one after the other."""

    current = None

    def __init__(self, *ends: BaseException | RunnerSummary) -> None:
        self.ends = list(ends)

    def submit(self, task: RunnerTask) -> Future[RunnerSummary]:
        assert task.began
        future: Future[RunnerSummary] = Future()
        end = self.ends.pop(0)
        if isinstance(end, BaseException):
            future.set_exception(end)
        else:
            future.set_result(end)
        return future

    def replace_processes(self) -> bool:
        return False


def run(pool: Pool, state: State, *, is_away: bool = False) -> None:
    clock = virtual_time.LoopClock()
    journal = MemoryJournal(clock.now)

    async def body() -> None:
        world: Any = type("World", (), {"clock": clock, "journal": journal})
        item = open_cluster(world, "gpu-001", state=state)
        task = RunnerTask(
            plan=plan_of(1, 1),
            journal="",
            identity="this one",
            client=ClientSettings(),
            settings=Settings(),
            began=clock.now(),
        )
        journal.is_away = is_away
        await Crew(cast("RunnerPool", pool), task, runners=1, journal=journal, item_ids=[item.id]).run()

    virtual_time.run(body, "asyncio")


def test_before_anything_was_begun_the_launch_ends_with_the_same_error() -> None:
    pool = Pool(FAILED, DONE)
    with pytest.raises(errors.ConnectFailed, match="Connection refused"):
        run(pool, "planned")
    assert len(pool.ends) == 1


@pytest.mark.parametrize("is_away", [False, True])
def test_once_something_was_begun_they_are_replaced_for_as_long_as_it_takes(*, is_away: bool) -> None:
    pool = Pool(*[FAILED] * 30, DONE)
    run(pool, "planned" if is_away else "accepted", is_away=is_away)
    assert pool.ends == []


class Crowd(Pool):
    """Hands out the same as `Pool`, and futures that are never done when nothing is left."""

    def submit(self, task: RunnerTask) -> Future[RunnerSummary]:
        return super().submit(task) if self.ends else Future()


def crew_of(
    pool: Pool, journal: MemoryJournal, *, runners: int = 2, start_timeout: float = 600.0, item_id: str = "a"
) -> Crew:
    task = RunnerTask(
        plan=plan_of(1, 1), journal="", identity="this one", client=ClientSettings(), settings=Settings(), began=1.0
    )
    return Crew(
        cast("RunnerPool", pool),
        task,
        runners=runners,
        journal=journal,
        item_ids=[item_id],
        start_timeout=start_timeout,
    )


def gone(name: str) -> JournalGone:
    error = JournalGone("fleet.db: has been deleted; the run has ended, and knows more than the journal of: …")
    error.unwritten = (Item(id=name, kind="cluster", name=name, vpc_id="v", cluster_name=name, state="accepted"),)
    return error


def test_a_runner_that_finds_the_journal_gone_is_not_replaced_and_what_all_know_is_told() -> None:
    pool, journal = Crowd(gone("a"), gone("b"), DONE), MemoryJournal(virtual_time.LoopClock().now)

    async def body() -> None:
        crew = crew_of(pool, journal)
        with pytest.raises(JournalGone) as caught:
            await crew.run()
        await crew.wait(10.0)
        assert not crew.is_at_work
        told = told_of_all(caught.value, crew.gone)
        assert [item.name for item in told.unwritten] == ["a", "b"]
        assert told.message.startswith("fleet.db: has been deleted; the run has ended, and knows more")
        assert "a (accepted), b (accepted)" in told.message

    virtual_time.run(body, "asyncio")
    assert pool.ends == [DONE]


@pytest.mark.parametrize("ends", [(RuntimeError("it was killed"),), ()], ids=["one is lost", "none is lost"])
def test_no_runner_is_submitted_to_a_journal_that_was_replaced(ends: tuple[RuntimeError, ...]) -> None:
    pool, journal = Crowd(*ends), MemoryJournal(virtual_time.LoopClock().now)

    async def replaced() -> str:
        pool.ends.append(DONE)
        raise JournalGone("fleet.db: has been replaced")

    async def body() -> None:
        journal.identity = replaced  # type: ignore[method-assign]
        with pytest.raises(JournalGone, match="replaced"):
            await crew_of(pool, journal).run()

    virtual_time.run(body, "asyncio")
    assert pool.ends == [DONE]


def test_runners_that_never_begin_are_told_of_and_end_the_launch(caplog: pytest.LogCaptureFixture) -> None:
    pool, journal = Crowd(), MemoryJournal(virtual_time.LoopClock().now)

    async def body() -> None:
        crew, began = crew_of(pool, journal), anyio.current_time()
        with pytest.raises(RunnersLost, match=r"no runner has begun within 6\d\d s \(start_timeout\).* has workers"):
            await crew.run()
        assert 600.0 <= anyio.current_time() - began <= 600.0 + 11.0
        waiting = list(crew._at_work)
        crew.cancel()
        assert len(waiting) == 2
        assert all(future.cancelled() for future in waiting)

    virtual_time.run(body, "asyncio")
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(said) == 6
    assert said[0].startswith("runners none has begun: elapsed=9")
    assert "no worker that is free" in said[0]


class Silent(Pool):
    """Takes two runners of which nothing is seen, and then as `Pool`."""

    def __init__(self, *ends: BaseException | RunnerSummary) -> None:
        super().__init__(*ends)
        self.taken = 0

    def submit(self, task: RunnerTask) -> Future[RunnerSummary]:
        self.taken += 1
        return super().submit(task) if self.taken > 2 else Future()


class Killed(Silent):
    """As `Silent`, in processes that were started here."""

    def replace_processes(self) -> bool:
        return True


@pytest.mark.parametrize(("kind", "has_ended"), [(Silent, False), (Killed, True), (Pool, True)])
def test_runners_that_were_given_up_may_go_on_after_all_others_have_ended(kind: type[Pool], *, has_ended: bool) -> None:
    clock = virtual_time.LoopClock()
    pool, journal = kind(DONE, DONE), MemoryJournal(clock.now)

    async def body() -> None:
        world: Any = type("World", (), {"clock": clock, "journal": journal})
        item = open_cluster(world, "gpu-001", state="accepted")
        await journal.claim("a", limit=1, lease=40.0, states=["accepted"], ids=[item.id])
        crew = crew_of(pool, journal, item_id=item.id)
        await crew.run()
        await crew.wait(60.0)
        assert len(crew.summaries) == 2
        assert not crew.is_at_work
        assert crew.has_ended is has_ended

    virtual_time.run(body, "asyncio")


def test_a_runner_that_shows_itself_has_begun(caplog: pytest.LogCaptureFixture) -> None:
    pool, journal = Crowd(), MemoryJournal(virtual_time.LoopClock().now)

    async def show() -> None:
        for _ in range(30):
            await journal.renew("a", lease=30.0)
            await anyio.sleep(30.0)

    async def body() -> None:
        began = anyio.current_time()
        async with anyio.create_task_group() as group:
            group.start_soon(show)
            with pytest.raises(RunnersLost, match="no runner has begun"):
                await crew_of(pool, journal, start_timeout=200.0).run()
        assert anyio.current_time() - began > 900.0 + 200.0

    virtual_time.run(body, "asyncio")
    assert len([each for each in caplog.records if "none has begun" in each.getMessage()]) == 2
