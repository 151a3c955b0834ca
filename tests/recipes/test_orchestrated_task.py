"""A task that an orchestrator tries again as a whole: new processes that share a run's id, and a journal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orchestrated_task
import pytest
from orchestrated_task import GiveUp, TryAgain, clean_up, create, plan_for, poke

from cds_eks.emulator import Emulator, Fault, ManualClock, parse_fault
from cds_eks.testing import DrivenEmulator
from support.eventually import until
from support.postgres_server import MISSING, PostgresServer, find_programs
from tools.recipe_pages import PAGES, ROOT

from .conftest import RECIPES

RUN = "scheduled__2026-11-28T00:00:00+00:00"
WAIT_TIMEOUT = 60.0


@pytest.fixture
def emulator(
    eks_endpoint: str, eks_emulator: DrivenEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> DrivenEmulator:
    monkeypatch.setenv("CDS_FLEET_JOURNAL", str(tmp_path / "fleet.db"))
    return eks_emulator


def name_of(run: str) -> str:
    return plan_for(run).clusters[0].name


def test_a_name_follows_from_the_run_alone() -> None:
    assert name_of(RUN) == name_of(RUN) != name_of(RUN + "0")


def test_every_try_gets_the_same_cluster(emulator: DrivenEmulator) -> None:
    first, again = create(RUN), create(RUN)
    assert first == again == emulator.cluster_id(name_of(RUN))
    assert poke(first)
    emulator.assert_created_once(name_of(RUN))


def test_a_lost_response_is_looked_for(emulator: DrivenEmulator) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    assert create(RUN) == emulator.cluster_id(name_of(RUN))
    emulator.assert_created_once(name_of(RUN))
    emulator.assert_faults_struck()


@pytest.mark.parametrize("fault", ["CreateCluster:throttle", "CreateCluster:status=400:code=QuotaExceeded"])
def test_a_try_that_was_refused_fails_and_the_next_one_succeeds(fault: str, emulator: DrivenEmulator) -> None:
    emulator.faults.add(parse_fault(fault))
    with pytest.raises(TryAgain, match="refused"):
        create(RUN)
    emulator.faults.clear()
    assert create(RUN) == emulator.cluster_id(name_of(RUN))
    emulator.assert_created_once(name_of(RUN))


def test_what_the_service_can_not_build_is_not_tried_again(emulator: DrivenEmulator) -> None:
    emulator.faults.add(Fault("task_fails", "CreateCluster"))
    with pytest.raises(GiveUp, match=name_of(RUN)):
        create(RUN)
    with pytest.raises(GiveUp):
        poke(emulator.cluster_id(name_of(RUN)))
    clean_up(RUN)
    emulator.assert_deleted(name_of(RUN))


def test_what_is_cleaned_up_is_gone_and_may_be_cleaned_up_again(emulator: DrivenEmulator) -> None:
    create(RUN)
    create("another run")
    clean_up(RUN)
    clean_up(RUN)
    emulator.assert_deleted(name_of(RUN))
    emulator.assert_created_once(name_of("another run"))


def test_a_clean_up_by_a_journal_that_knows_nothing_says_so(
    emulator: DrivenEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    clean_up(RUN)
    assert "the journal knows none of these clusters" in capsys.readouterr().err


def test_a_clean_up_that_is_refused_is_tried_again(emulator: DrivenEmulator) -> None:
    create(RUN)
    emulator.faults.add(Fault("status", "DeleteCluster", status=403, code="AccessDenied"))
    with pytest.raises(TryAgain):
        clean_up(RUN)


def test_without_a_step_it_says_how_to_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["orchestrated_task.py"])
    with pytest.raises(SystemExit, match="create RUN_ID"):
        orchestrated_task.main()


class Tries:
    """Tries as an orchestrator starts them: one process each."""

    def __init__(self, journal: str, emulator: Emulator, url: str) -> None:
        self._settings = {
            **os.environ, "CDS_FLEET_JOURNAL": journal, "CDS_EKS_ENDPOINT": url,
            "CDS_SECRET_ID": emulator.credentials.access_key_id,
            "CDS_SECRET_KEY": emulator.credentials.secret_access_key,
        }  # fmt: skip

    def begin(self, *step: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", str(RECIPES / "orchestrated_task.py"), *step]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self._settings)

    def run(self, *step: str) -> tuple[int, str, str]:
        process = self.begin(*step)
        told, complaints = process.communicate(timeout=WAIT_TIMEOUT)
        return process.returncode, told.strip(), complaints


@pytest.fixture
def service() -> Emulator:
    """A service where time passes only if a test says so."""
    return Emulator(clock=ManualClock())


@pytest.fixture
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """What tries share: a file, or a database if they run on many machines."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield str(tmp_path / "fleet.db")
        return
    if find_programs() is None:
        pytest.skip(MISSING)
    server = PostgresServer()
    try:
        yield server.new_database()
    finally:
        server.close()


@pytest.fixture
def tries(service: Emulator, journal: str) -> Iterator[Tries]:
    with service.serve() as url:
        yield Tries(journal, service, url)


def created(service: Emulator) -> int:
    return service.ledger.count(action="CreateCluster", committed=True)


@pytest.mark.parametrize(
    "journal",
    [pytest.param("sqlite", marks=pytest.mark.slow), pytest.param("postgres", marks=pytest.mark.long)],
    indirect=True,
)
def test_two_tries_at_once_create_once_and_whoever_pokes_knows_when_it_runs(service: Emulator, tries: Tries) -> None:
    service.faults.add(Fault("lag", "ListClusters", seconds=60))
    with ThreadPoolExecutor(2) as pool:
        first, again = pool.map(lambda _: tries.run("create", RUN), range(2))
    assert first == again
    code, cluster_id, complaints = first
    assert (code, complaints) == (0, "")
    assert created(service) == 1
    assert tries.run("poke", cluster_id)[0] == 75
    service.clock.advance(3600)
    assert tries.run("poke", cluster_id) == (0, "", "")
    assert tries.run("create", RUN) == first


@pytest.mark.slow
def test_a_service_that_takes_its_time_to_answer_is_waited_for(service: Emulator, tries: Tries) -> None:
    _, cluster_id, _ = tries.run("create", RUN)
    service.clock.advance(3600)
    service.faults.add(Fault("hang_after_commit", "read", seconds=1.2))
    assert tries.run("poke", cluster_id) == (0, "", "")


@pytest.mark.parametrize("folder", PAGES)
def test_the_loop_of_the_page_ends_when_the_cluster_runs_and_when_it_never_will(folder: str) -> None:
    """`poke` says 75 twice, and then that it has failed."""
    (loop,) = re.findall(r"^while .*$", (ROOT / folder / "airflow.md").read_text(encoding="utf-8"), re.MULTILINE)
    for code in (0, 1):
        answers = f"looks=$((looks + 1)); [ $looks = 3 ] && return {code}; return 75"
        stubs = f"id=c-1; looks=0; sleep() {{ :; }}; python() {{ {answers}; }}"
        script = f"set -e\n{stubs}\n{loop}\necho after $looks"
        ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=True)
        assert ended.stdout == "after 3\n"


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_try_that_is_ended_leaves_what_the_next_one_goes_on_with(
    sign: signal.Signals, service: Emulator, tries: Tries
) -> None:
    service.faults.add(Fault("hang_after_commit", "CreateCluster", count=1, seconds=1))
    ended = tries.begin("create", RUN)
    until(lambda: created(service) == 1)
    ended.send_signal(sign)
    ended.communicate(timeout=WAIT_TIMEOUT)
    assert ended.returncode != 0
    code, cluster_id, _ = tries.run("create", RUN)
    assert (code, created(service)) == (0, 1)
    assert cluster_id in {each.id for each in service.ledger.created("cluster")}


@pytest.mark.parametrize("journal", ["sqlite", "postgres"], indirect=True)
@pytest.mark.long
@pytest.mark.timeout(150)
def test_a_run_whose_try_is_killed_in_the_middle_of_the_create_is_cleaned_up(service: Emulator, tries: Tries) -> None:
    service.faults.add(Fault("hang_after_commit", "CreateCluster", count=1, seconds=5))
    killed = tries.begin("create", RUN)
    until(lambda: created(service) == 1)
    killed.kill()
    killed.communicate(timeout=WAIT_TIMEOUT)
    service.clock.advance(3600)
    with ThreadPoolExecutor(1) as pool:
        cleaning = pool.submit(tries.run, "clean-up", RUN)
        until(lambda: service.ledger.count(action="DeleteCluster") == 1, WAIT_TIMEOUT)
        service.clock.advance(3600)
        assert cleaning.result()[0] == 0
    assert created(service) == 1
    assert all(each.deleted_at is not None for each in service.ledger.created("cluster"))
