"""Runners that can't reach the service when they begin: at the launch's start that ends it, later they are replaced."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, cast

import pytest

from cds_eks import errors
from cds_eks.fleet.items import State
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.run.reporting import Findings
from cds_eks.fleet.runners.client_settings import ClientSettings
from cds_eks.fleet.runners.crew import Crew
from cds_eks.fleet.runners.pool import RunnerPool
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


def run(pool: Pool, state: State, *, is_away: bool = False) -> None:
    clock = virtual_time.LoopClock()
    journal = MemoryJournal(clock.now)

    async def body() -> None:
        world: Any = type("World", (), {"clock": clock, "journal": journal})
        item = open_cluster(world, "gpu-001", state=state)
        task = RunnerTask(
            plan=plan_of(1, 1), journal="", client=ClientSettings(), settings=Settings(), began=clock.now()
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
