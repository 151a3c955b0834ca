"""A journal that is gone for good, or closed, ends a run in bounded time, and nothing that the run knows is lost."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, fleet
from cds_eks.emulator import Emulator, Fault
from cds_eks.fleet.items import Change
from cds_eks.fleet.journal.base import JournalClosed, JournalGone
from cds_eks.fleet.journal.users import end_users
from cds_eks.fleet.run.events import ItemChanged, RunEnded, StoppedCreating
from cds_eks.fleet.run.limits import FleetLimits
from fleet.run.world import World, in_world, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
QUICK = FleetLimits(poll_interval=0.02, pool_fallback=0.2, create_timeout=0.5, lease=1.0, grace=0.3, creates=4)


def gone(error: JournalGone) -> Callable[[], Coroutine[Any, Any, None]]:
    async def begin() -> None:
        await anyio.lowlevel.checkpoint()
        raise error

    return begin


@BACKENDS
@pytest.mark.parametrize("kind", [JournalGone, JournalClosed])
def test_outcomes_of_what_was_under_way_are_in_the_error_its_report_and_the_log(
    backend: str, kind: type[JournalGone], caplog: pytest.LogCaptureFixture
) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=10.0))
        intents = 0

        def count(change: Change) -> None:
            nonlocal intents
            intents += change.state == "sending"
            if intents == 3:
                world.journal._begin = gone(kind("it is gone"))  # type: ignore[method-assign]

        world.journal.after_write = count
        async with world.client() as eks:
            run = world.provision(eks, plan_of(8, 1), limits=FleetLimits(creates=3, lease=30.0))
            began = anyio.current_time()
            with pytest.raises(kind) as caught:
                await run.report()
            assert anyio.current_time() - began <= 10.0 + FleetLimits().grace
            events = [event for event in run._events._unread if not isinstance(event, ItemChanged)]
        made = {each.id: each.name for each in world.emulator.ledger.created("cluster")}
        assert len(made) == intents == 3  # what was under way has ended, and nothing new has begun
        error = caught.value
        assert {item.ids["cluster_id"]: item.name for item in error.unwritten} == made
        assert {item.state for item in error.unwritten} == {"accepted"}
        assert error.outcome == "unknown"
        assert error.report is not None
        assert {item.ids["cluster_id"] for item in error.report.items if item.ids} == set(made)
        assert not error.report.ok
        assert "it is gone" in (error.report.stopped or "")
        logged = [record for record in caplog.records if record.levelno == logging.ERROR]
        for id_, name in made.items():
            assert f"cluster/vpc-1/{name}" in str(error)
            assert id_ in str(error)
            assert any(id_ in record.getMessage() and name in record.getMessage() for record in logged)
        assert [type(event) for event in events if isinstance(event, StoppedCreating | RunEnded)] == [
            StoppedCreating,
            RunEnded,
        ]
        again = pickle.loads(pickle.dumps(error))
        assert (again.unwritten, again.report.counts) == (error.unwritten, error.report.counts)

    in_world(body, backend)


@BACKENDS
def test_what_is_cut_off_is_told_too_when_its_time_is_over(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=1000.0))

        def close(change: Change) -> None:
            if change.state == "sending":
                world.journal._begin = gone(JournalGone("it is gone"))  # type: ignore[method-assign]

        world.journal.after_write = close
        limits = FleetLimits(create_timeout=900.0, grace=7.0)
        async with world.client() as eks:
            run = world.provision(eks, plan_of(1, 1), limits=limits)
            began = anyio.current_time()
            with pytest.raises(JournalGone) as caught:
                await run.report()
            assert anyio.current_time() - began < limits.lease + 2 * limits.grace
        assert [(item.name, item.state) for item in caught.value.unwritten] == [("gpu-001", "sending")]
        assert "gpu-001 (sending)" in str(caught.value)

    in_world(body, backend)


@BACKENDS
def test_a_journal_that_is_gone_before_the_run_begins_ends_it_at_once(backend: str) -> None:
    async def body(world: World) -> None:
        world.journal._begin = gone(JournalClosed("the journal is closed"))  # type: ignore[method-assign]
        async with world.client() as eks:
            run = world.provision(eks, plan_of(2, 1))
            with pytest.raises(JournalClosed, match="nothing that it knows is missing"):
                await run.report()
        assert world.count("CreateCluster") == 0

    in_world(body, backend)


@BACKENDS
def test_who_leaves_a_run_and_closes_its_journal_has_what_was_under_way_written(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=10.0))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(20, 1), limits=FleetLimits(creates=4))
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.state == "sending":
                    break
            await end_users(world.journal)
            assert run.is_over
            made = {each.id for each in world.emulator.ledger.created("cluster")}
            assert {item.ids["cluster_id"] for item in world.journal.rows.values() if item.state == "accepted"} == made
            assert 0 < len(made) <= 8
            assert run.open_items == ()
            assert (await run.report()).stopped == "its journal is closed"
            await end_users(world.journal)

    in_world(body, backend)


@BACKENDS
def test_an_event_loop_that_ends_does_not_wait_for_ever_for_a_run(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=1e9))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(2, 1), limits=FleetLimits(create_timeout=1e8))
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.state == "sending":
                    return

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("how", ["delete", "replace", "close", "leave", "raise"])
def test_a_file_that_is_gone_ends_a_run(backend: str, how: str, tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    emulator = Emulator(seed=1, speed=200)

    def strike() -> None:
        if how == "delete":
            for ending in ("", "-wal", "-shm"):
                Path(f"{path}{ending}").unlink()
        elif how == "replace":
            (tmp_path / "other.db").write_bytes(path.read_bytes())
            (tmp_path / "other.db").replace(path)

    async def body() -> Any:
        backend_ = httpx.ASGITransport(emulator)
        async with AsyncEksClient(emulator.credentials, backend=backend_) as eks, fleet.open_journal(path) as journal:
            run = fleet.provision(eks, plan_of(12, 1), journal=journal, limits=QUICK, settle=0.2)
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.state == "accepted":
                    break
            if how == "raise":
                raise LookupError
            if how == "leave":
                return None
            strike()
            if how == "close":
                await journal.aclose()
            with pytest.raises(JournalGone) as caught:
                await run.report()
            return caught.value

    if how == "raise":
        with pytest.raises(LookupError):
            anyio.run(body, backend=backend)
        return
    error = anyio.run(body, backend=backend)
    made = {each.id for each in emulator.ledger.created("cluster")}
    if error is not None and how != "close":
        assert error.report is not None
        told = {item.ids.get("cluster_id") for item in error.report.items if item.kind == "cluster"}
        assert told - {None} == made


@pytest.mark.slow
@BACKENDS
def test_the_same_plan_goes_on_after_the_journal_was_closed_under_its_run(backend: str, tmp_path: Path) -> None:
    emulator = Emulator(seed=1, speed=200)
    plan = plan_of(12, 1)

    async def body() -> None:
        backend_ = httpx.ASGITransport(emulator)
        async with AsyncEksClient(emulator.credentials, backend=backend_) as eks:
            async with fleet.open_journal(tmp_path / "fleet.db") as journal:
                async for event in fleet.provision(eks, plan, journal=journal, limits=QUICK, settle=0.2):
                    if isinstance(event, ItemChanged) and event.item.state == "accepted":
                        break
            async with fleet.open_journal(tmp_path / "fleet.db") as journal:
                report = await fleet.provision(eks, plan, journal=journal, limits=QUICK, settle=0.2).report()
        assert report.ok

    anyio.run(body, backend=backend)
    assert sorted(each.name for each in emulator.ledger.created("cluster")) == [each.name for each in plan.clusters]


@BACKENDS
@pytest.mark.parametrize("state", ["sending", "ready"])
def test_a_client_that_is_closed_under_a_run_ends_it_and_the_report_says_why(backend: str, state: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_of(6, 2), limits=FleetLimits(creates=2))
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.state == state:
                    await eks.aclose()
            report = await run.report()
        assert not report.ok
        assert "the client is closed" in (report.stopped or "")

    in_world(body, backend)
