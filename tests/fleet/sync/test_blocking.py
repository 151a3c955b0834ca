"""A fleet from code that blocks."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cds_eks import AsyncEksClient, EksClient, errors, fleet
from cds_eks.emulator import Emulator, Fault
from cds_eks.fleet import sync
from cds_eks.outcome.tracker import WriteOutcomeTracker
from fleet.run.world import plan_of, savable

LIMITS = fleet.FleetLimits(poll_interval=0.02, pool_fallback=0.2, lease=5.0, grace=5.0)


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(speed=2000.0)


@pytest.fixture
def eks(emulator: Emulator) -> Iterator[EksClient]:
    with EksClient(emulator.credentials, backend=httpx.ASGITransport(emulator)) as eks:
        yield eks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fleet.db"


def made(emulator: Emulator) -> Counter[str]:
    return Counter(each.name for each in emulator.ledger.created("cluster"))


def test_a_run_has_a_report(emulator: Emulator, eks: EksClient, path: Path) -> None:
    plan = plan_of(5, 2)
    with sync.open_journal(eks, path) as journal:
        run = sync.provision(eks, plan, journal=journal, limits=LIMITS)
        assert run.is_over  # it has not begun
        report = run.report()
        assert report.ok, report.counts
        assert run.is_over
        assert run.open_items == ()
        assert {item.owner for item in journal.items()} == {None}
        assert {entry.runner for entry in journal.audit()} == {"", run.runner}
    assert made(emulator) == Counter({cluster.name: 1 for cluster in plan.clusters})


def test_a_run_is_iterated_to_its_end(eks: EksClient, path: Path) -> None:
    with sync.open_journal(eks, path) as journal:
        run = sync.provision(eks, plan_of(3, 1), journal=journal, limits=LIMITS)
        events = list(run)
        assert isinstance(events[0], fleet.RunStarted)
        assert isinstance(events[-1], fleet.RunEnded)
        changes = [event for event in events if isinstance(event, fleet.ItemChanged)]
        states = [event.item.state for event in changes if event.item.name == "gpu-001"]
        assert states == ["sending", "accepted", "ready"]
        assert list(run) == []
        assert run.report().ok


def test_the_other_functions(
    emulator: Emulator, eks: EksClient, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = savable(monkeypatch, 2)
    emulator.add_cluster(name="gpu-001", vpc_id="vpc-1")
    with sync.open_journal(eks, path) as journal:
        (orphan,) = sync.orphans(eks, plan, journal=journal)
        assert orphan.name == "gpu-001"
        imported = sync.import_(eks, plan, journal=journal, only=["gpu-001"])
        assert [item.name for item in imported.items if item.origin == "imported"][:1] == ["gpu-001"]
        assert sync.orphans(eks, plan, journal=journal) == []
        told, unknown = [item for item in sync.status(eks, plan, journal=journal).items if item.kind == "cluster"]
        assert unknown.state == "planned"  # the journal does not know it
        assert (told.name, told.cluster_status) == ("gpu-001", "running")
        sync.save(eks, plan, tmp_path / "saved.json", journal=journal)
        applied = sync.apply(eks, tmp_path / "saved.json", journal=journal, only=["gpu-002"], limits=LIMITS)
        assert applied.report().ok
        with pytest.raises(fleet.PlanOutdated):
            sync.apply(eks, tmp_path / "saved.json", journal=journal)
        differing = sync.diff(eks, plan, journal=journal, only=["gpu-002"])
        assert all("there" not in item.differences for item in differing.items)
        assert sync.destroy(eks, plan, journal=journal, only=["gpu-002"], limits=LIMITS).report().ok
    assert {each.name for each in emulator.ledger.created("cluster") if each.deleted_at is not None} == {"gpu-002"}


def test_a_run_is_stopped_from_another_thread(emulator: Emulator, eks: EksClient, path: Path) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=0.2))
    limits = fleet.FleetLimits(creates=2, poll_interval=0.02, grace=5.0)
    with sync.open_journal(eks, path) as journal:
        run = sync.provision(eks, plan_of(20, 1), journal=journal, limits=limits)
        stopper = threading.Thread(target=run.stop, args=("enough",))
        for event in run:
            if isinstance(event, fleet.ItemChanged) and event.item.state == "sending" and not stopper.ident:
                stopper.start()
        stopper.join()
        assert run.report().stopped == "enough"
        states = Counter(item.state for item in journal.items() if item.kind == "cluster")
    assert states.total() == 20
    assert states["planned"] >= 10
    assert states["sending"] == 0


def test_who_leaves_in_mid_run_lets_creates_end_before_the_journal_closes(
    emulator: Emulator, eks: EksClient, path: Path
) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=0.2))
    limits = fleet.FleetLimits(creates=2, poll_interval=0.02, grace=5.0)
    with pytest.raises(RuntimeError, match="on purpose"), sync.open_journal(eks, path) as journal:  # noqa: PT012
        for event in sync.provision(eks, plan_of(20, 1), journal=journal, limits=limits):
            if isinstance(event, fleet.ItemChanged) and event.item.state == "sending":
                raise RuntimeError("on purpose")
    with sync.open_journal(eks, path) as journal:
        states = Counter(item.state for item in journal.items() if item.kind == "cluster")
        assert states["accepted"] == made(emulator).total() > 0
        assert states["sending"] == 0


def test_a_plan_with_faults_is_refused_before_any_request(emulator: Emulator, eks: EksClient, path: Path) -> None:
    with sync.open_journal(eks, path) as journal, pytest.raises(fleet.PlanError):
        sync.provision(eks, plan_of(1, 1, vpc_id=7), journal=journal)
    assert emulator.ledger.requests == []


def test_a_run_that_fails_says_so_where_it_is_waited_for(
    eks: EksClient, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(1, 1)
    with sync.open_journal(eks, path) as journal:
        run, again = (sync.provision(eks, plan, journal=journal, limits=LIMITS) for _ in range(2))
        monkeypatch.setattr(
            type(plan), "check", lambda _plan: [fleet.PlanFault(message="changed", field="", file="", line=None)]
        )
        with pytest.raises(fleet.PlanError):
            run.report()
        with pytest.raises(fleet.PlanError):
            list(again)


def test_a_setting_that_is_none_is_refused_at_once(eks: EksClient, path: Path) -> None:
    adopt: Any = "always"
    with sync.open_journal(eks, path) as journal, pytest.raises(errors.ConfigurationError, match="adopt"):
        sync.provision(eks, plan_of(1, 1), journal=journal, adopt=adopt)


def test_another_kind_of_client_is_refused(emulator: Emulator, path: Path) -> None:
    other: Any = AsyncEksClient(emulator.credentials)
    with (
        pytest.raises(errors.ConfigurationError, match=r"takes an EksClient, not AsyncEksClient: see cds_eks.fleet"),
        sync.open_journal(other, path),
    ):
        pass


def test_a_journal_goes_with_the_client_that_it_was_opened_with(emulator: Emulator, eks: EksClient, path: Path) -> None:
    with (
        EksClient(emulator.credentials) as other,
        sync.open_journal(eks, path) as journal,
        pytest.raises(errors.ConfigurationError, match="opened with another client"),
    ):
        sync.status(other, plan_of(1, 1), journal=journal)


def test_a_journal_that_is_none_is_refused_when_it_is_opened(eks: EksClient) -> None:
    with pytest.raises(errors.ConfigurationError, match="no journal is of the kind"), sync.open_journal(eks, "x://y"):
        pass


@pytest.mark.parametrize("call", [sync.provision, sync.destroy, sync.status, sync.diff, sync.orphans, sync.import_])
def test_what_is_passed_by_mistake_is_refused_in_words(
    call: Callable[..., Any], emulator: Emulator, eks: EksClient, path: Path
) -> None:
    how = r": open it with `with fleet\.sync\.open_journal\(eks, …\) as journal:`"
    for wrong in (path, str(path), sync.open_journal(eks, path), fleet.open_journal(path), None):
        with pytest.raises(errors.ConfigurationError, match=how):
            call(eks, plan_of(1, 1), journal=wrong)
    with sync.open_journal(eks, path) as journal:
        with pytest.raises(errors.ConfigurationError, match=r"plan must be a Plan, not a text"):
            call(eks, "plan.toml", journal=journal)
        with pytest.raises(errors.ConfigurationError, match=r"takes an EksClient"):
            call(AsyncEksClient(emulator.credentials), plan_of(1, 1), journal=journal)
    assert emulator.ledger.requests == []


def test_a_run_that_is_never_carried_out_is_told_of(eks: EksClient, path: Path) -> None:
    with sync.open_journal(eks, path) as journal, pytest.warns(RuntimeWarning, match="made and never carried out"):
        forgotten(eks, journal)


def forgotten(eks: EksClient, journal: sync.FleetJournal) -> None:
    sync.provision(eks, plan_of(1, 1), journal=journal)
    gc.collect()


def test_all_runners_are_asked_to_stop(eks: EksClient, path: Path) -> None:
    with sync.open_journal(eks, path) as journal:
        journal.stop("enough for today")
        limits = fleet.FleetLimits(poll_interval=0.02, lease=0.1, creates=1, cluster_timeout=60.0)
        report = sync.provision(eks, plan_of(200, 1), journal=journal, limits=limits).report()
        assert report.stopped == "enough for today"


def test_a_run_keeps_nothing_of_the_creates_that_have_ended(eks: EksClient, path: Path) -> None:
    limits = fleet.FleetLimits(creates=1, poll_interval=0.02)
    accepted = 0
    with sync.open_journal(eks, path) as journal:
        run = sync.provision(eks, plan_of(20, 1), journal=journal, limits=limits)
        for event in run:
            accepted += isinstance(event, fleet.ItemChanged) and event.item.state == "accepted"
            if accepted == 20:
                break
        assert not run.is_over
        gc.collect()
        assert sum(isinstance(each, WriteOutcomeTracker) for each in gc.get_objects()) < 5
