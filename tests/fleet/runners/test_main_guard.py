"""A script that launches without `if __name__ == "__main__":`: one message says what it lacks."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from cds_eks import errors
from cds_eks._runtime.private_names import is_importing_main
from cds_eks.fleet.runners import pool as pool_module
from cds_eks.fleet.runners.pool import NO_GUARD, RunnerPool

ROOT = Path(__file__).parents[3]
SCRIPT = f"""
import os
from cds_eks import fleet

os.environ.update(CDS_SECRET_ID="x", CDS_SECRET_KEY="x")
os.environ.update(CDS_CLOUD_AK="x", CDS_CLOUD_SK="x", NODE_PASSWORD="Secret-12345")
plan = fleet.Plan.load({str(ROOT / "examples" / "fleet.toml")!r})
client = fleet.ClientSettings(endpoint="http://127.0.0.1:9")
fleet.sync.launch(plan, journal="fleet.db", runners=2, client=client)
"""


@pytest.mark.timeout(120)
def test_a_script_without_the_guard_gets_one_message(tmp_path: Path) -> None:
    (tmp_path / "launching.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "launching.py"], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert NO_GUARD in said[-1], said
    assert said[-1].startswith("cds_eks.errors.")
    assert done.stderr.count("Traceback") - done.stderr.count("direct cause") <= 1
    assert 2 <= done.stderr.count(NO_GUARD) <= 4  # from each process that was started, and from the launch
    assert len(said) < 100


class Broken(ProcessPoolExecutor):
    """A pool whose processes end before they begin, or after they have begun; without any process."""

    begins: bool

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if fn is int and self.begins:
            future.set_result(0)
        else:
            future.set_exception(BrokenProcessPool("it broke"))
        return future


@pytest.mark.parametrize("begins", [False, True])
def test_a_pool_is_made_anew_only_if_its_processes_have_ever_begun(
    begins: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broken, "begins", begins, raising=False)
    monkeypatch.setattr(pool_module, "ProcessPoolExecutor", Broken)
    pool, task = RunnerPool(None, runners=2), Any
    pool.submit(task)  # type: ignore[arg-type]  # nothing runs it
    first: Executor | None = pool.current
    pool.discard(first)
    if begins:
        pool.check_that_processes_begin()
        pool.submit(task)  # type: ignore[arg-type]
        assert pool.current is not first
    else:
        with pytest.raises(errors.ConfigurationError, match="below `if __name__"):
            pool.check_that_processes_begin()
    pool.close(wait=True)


def test_this_process_imports_no_script_for_another() -> None:
    assert not is_importing_main()
