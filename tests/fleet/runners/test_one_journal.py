"""All runners of a launch use its journal, and no other: where that is not, nothing is made, neither there nor anew."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from cds_eks import errors, fleet
from cds_eks.emulator import Emulator
from cds_eks.fleet.journal.base import JournalGone
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.runners.client_settings import ClientSettings
from cds_eks.fleet.runners.task import RunnerTask, run_task
from fleet.runners.crowd import KEYS, LIMITS, SECRET, identity_of, sendable_plan

PLAN = sendable_plan(2, 1)
QUICK = attrs.evolve(LIMITS, grace=0.5, lease=0.4)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Any:
    emulator = Emulator(speed=300.0)
    with emulator.serve() as url:
        monkeypatch.setenv(KEYS[0], emulator.credentials.access_key_id)
        monkeypatch.setenv(KEYS[1], emulator.credentials.secret_access_key)
        monkeypatch.setenv(SECRET, "Secret-12345")
        yield emulator, ClientSettings(endpoint=url, credentials_env=KEYS)


def delete(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def replace(path: Path) -> None:
    delete(path)
    identity_of(path)


def look(_: Path) -> None:
    pass


@pytest.mark.parametrize("spoil", [delete, replace])
def test_a_runner_that_does_not_find_the_journal_of_the_launch_begins_nothing(
    service: Any, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    emulator, client = service
    path = tmp_path / "fleet.db"
    task = RunnerTask(
        plan=PLAN,
        journal=str(path),
        identity=identity_of(path),
        client=client,
        settings=Settings(limits=QUICK),
        began=0.0,
    )
    spoil(path)
    was_there = path.exists()
    with pytest.raises(JournalGone, match=r"no such file on|another journal than that of the launch"):
        run_task(task)
    assert path.exists() == was_there
    assert emulator.ledger.requests == []


class Elsewhere(Executor):
    """Runs each runner in a thread, after something was done to the journal; with a folder, all but the first there."""

    def __init__(self, path: Path, *acts: Callable[[Path], None], folder: Path | None = None) -> None:
        self.submitted = 0
        self._path = path
        self._acts = acts
        self._folder = folder
        self._pool = ThreadPoolExecutor(4)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        act = self._acts[self.submitted] if self.submitted < len(self._acts) else look
        act(self._path)
        [task] = args
        if self._folder is not None and self.submitted:
            task = attrs.evolve(task, journal=str(self._folder / "fleet.db"))
        self.submitted += 1
        return self._pool.submit(fn, task, **kwargs)


def launched(client: ClientSettings, path: Path, executor: Executor) -> Any:
    async def body() -> Any:
        return await fleet.launch(
            PLAN, journal=path, executor=executor, runners=2, client=client, settle=0.1, limits=QUICK
        )

    return anyio.run(body)


@pytest.mark.parametrize("spoil", [delete, replace])
def test_a_launch_whose_journal_is_gone_ends_and_makes_no_other(
    service: Any, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    emulator, client = service
    path = tmp_path / "fleet.db"
    executor = Elsewhere(path, spoil)
    with pytest.raises(JournalGone) as caught:
        launched(client, path, executor)
    assert executor.submitted == 2
    assert emulator.ledger.created("cluster") == []
    assert path.exists() == (spoil is replace)
    report = caught.value.report
    assert report is not None
    assert not report.ok
    assert {item.state for item in report.items} == {"planned"}
    assert "journal" in (report.stopped or "") or "no such file" in (report.stopped or "")


@pytest.mark.parametrize("is_another_there", [False, True])
def test_a_runner_on_a_file_system_of_its_own_makes_nothing_twice(
    service: Any, tmp_path: Path, *, is_another_there: bool
) -> None:
    emulator, client = service
    (tmp_path / "elsewhere").mkdir()
    if is_another_there:
        identity_of(tmp_path / "elsewhere" / "fleet.db")
    with pytest.raises(JournalGone, match=r"file system"):
        launched(client, tmp_path / "fleet.db", Elsewhere(tmp_path / "fleet.db", folder=tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "fleet.db").exists() == is_another_there
    made = [each.name for each in emulator.ledger.created("cluster")]
    assert len(made) == len(set(made))
    report = launched(client, tmp_path / "fleet.db", Elsewhere(tmp_path / "fleet.db"))
    assert report.ok
    assert sorted(each.name for each in emulator.ledger.created("cluster")) == ["gpu-001", "gpu-002"]


def test_an_executor_that_runs_nothing_ends_the_launch(service: Any, tmp_path: Path) -> None:
    emulator, client = service
    waiting: list[Future[Any]] = []

    class Never(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            waiting.append(Future())
            return waiting[-1]

    async def body() -> None:
        await fleet.launch(
            PLAN, journal=tmp_path / "fleet.db", executor=Never(), client=client, limits=QUICK, start_timeout=0.5
        )

    with pytest.raises(fleet.RunnersLost, match="no runner has begun"):
        anyio.run(body)
    assert [future.cancelled() for future in waiting] == [True]
    assert emulator.ledger.requests == []


@pytest.mark.parametrize("value", [-1, float("nan"), "5"])
def test_a_time_to_start_that_makes_no_sense_is_refused(value: Any, tmp_path: Path) -> None:
    async def body() -> None:
        await fleet.launch(PLAN, journal=tmp_path / "fleet.db", start_timeout=value)

    with pytest.raises(errors.ConfigurationError, match="start_timeout"):
        anyio.run(body)
