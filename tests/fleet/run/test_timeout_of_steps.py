"""The timeout of a run holds before it has begun, and when it is told of: nothing waits beyond it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from cds_eks import fleet
from cds_eks.emulator import Fault
from cds_eks.fleet.journal.base import JournalUnavailable
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.ending import OUT_OF_TIME, READING
from cds_eks.fleet.run.events import RunEnded
from fleet.run.test_run_timeout import BACKENDS, GRACE, ended
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of, savable


async def never(*_: Any, **__: Any) -> Any:
    """Do not answer."""
    await anyio.sleep_forever()


@BACKENDS
@pytest.mark.parametrize("job", ["provision", "destroy"])
def test_a_run_whose_time_is_over_before_it_has_begun_tells_of_all_items_as_the_journal_has_them(
    backend: str, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(world: World) -> None:
        open_cluster(world, "gpu-001")
        monkeypatch.setattr(world.journal, "belong_to", never)  # locked by another process
        async with world.client() as eks:
            make: Any = destroy if job == "destroy" else fleet.provision
            run = make(eks, plan_of(2, 1), journal=world.journal, limits=LIMITS, timeout=60.0)
            report, events, took = await ended(run)
        assert took == 60.0
        assert not world.emulator.ledger.requests
        assert (report.ok, report.timed_out) == (False, True)
        expected = {"gpu-001": "sending"} if job == "destroy" else {"gpu-001": "sending", "gpu-002": "planned"}
        assert {item.name: item.state for item in report.items if item.kind == "cluster"} == expected
        assert [item.name for item in report.unknown] == ["gpu-001"]
        assert events == [RunEnded(open=run.open_items, reason=OUT_OF_TIME)]
        assert report.ended_at - report.started_at == pytest.approx(60.0)

    in_world(body, backend)


@BACKENDS
def test_a_report_does_not_wait_for_a_journal_that_never_answers(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", count=2, seconds=500.0))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(2, 1), timeout=10.0)
            began = anyio.current_time()
            with monkeypatch.context() as context:
                context.setattr(world.journal, "audit", never)
                for again in (0.0, READING):
                    with pytest.raises(JournalUnavailable, match="has not answered within"):
                        await run.report()
                    assert anyio.current_time() - began == pytest.approx(10.0 + GRACE + READING + again)
            assert run.timed_out
            assert (await run.report()).timed_out  # it can be read again

    in_world(body, backend)


@BACKENDS
def test_what_a_saved_plan_is_compared_with_is_looked_at_in_the_time_of_its_run(
    backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan, file = savable(monkeypatch, 1), tmp_path / "saved.json"

    async def body(world: World) -> None:
        async with world.client() as eks:
            await fleet.save(eks, plan, file, journal=world.journal)
            world.emulator.faults.add(Fault("hang_before_commit", "ListClusters", count=1, seconds=500.0))
            began = anyio.current_time()
            run = await fleet.apply(eks, file, journal=world.journal, limits=LIMITS, timeout=10.0)
            report = await run.report()
            assert anyio.current_time() - began == pytest.approx(10.0)
            assert (report.ok, report.timed_out, report.stopped) == (False, True, OUT_OF_TIME)
            assert report.counts["cluster"] == {"planned": 1}
            run = await fleet.apply(eks, file, journal=world.journal, limits=LIMITS, timeout=10_000.0)
            await anyio.sleep(20_000.0)  # somebody confirms it: that is not the run's
            report = await run.report()
        assert (report.ok, report.timed_out) == (True, False)
        assert world.count("CreateCluster") == 1

    in_world(body, backend)
