"""What the pytest plugin costs those who do not use it, in `pytest --collect-only` of an empty project.

python -m benchmarks.testkit [--rounds 30] [--most 5]

It runs in a folder that has pytest and what it needs and nothing else, beside this package as pip installs it: with the
list of all its files and of their bytecode, which pytest reads for each package that has a plugin, even if that is
turned off. Runs take turns, and it is their CPU time that is compared, so that what else the machine does changes it
little; wall time is beside it. What is added is the difference of two runs in a row, the median of all rounds. Below it
stands what pytest spends on each step of the plugin, which a busy machine blurs less. Exits with 1 if the plugin adds
more than `--most` ms by both.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
PLUGIN = "_cds_eks_pytest"

STEPS = """
import importlib.metadata, json, sys, time
import pytest
from _pytest.config import PytestPluginManager
from _pytest.fixtures import FixtureManager

spent = {}

def timed(step, call, concerns):
    def timing(*given, **named):
        if not concerns(*given, **named):
            return call(*given, **named)
        began = time.thread_time()
        try:
            return call(*given, **named)
        finally:
            spent[step] = spent.get(step, 0.0) + (time.thread_time() - began) * 1000
    return timing

def is_plugin(_self, *given, **named):
    return any(getattr(each, "__name__", "") == PLUGIN for each in (*given, *named.values()))

files = importlib.metadata.Distribution.files
importlib.metadata.Distribution.files = property(
    timed("the list of its files is read", files.fget, lambda self: self.metadata["Name"] == "cds-eks")
)
EntryPoint = importlib.metadata.EntryPoint
EntryPoint.load = timed("it is imported", EntryPoint.load, lambda self: self.value == PLUGIN)
PytestPluginManager.register = timed("its hooks are registered", PytestPluginManager.register, is_plugin)
FixtureManager.parsefactories = timed("its fixtures are found", FixtureManager.parsefactories, is_plugin)
outcome = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"])
assert outcome == 5, outcome  # no tests were collected
print("\\n" + json.dumps(spent))
"""


@contextmanager
def environments() -> Iterator[dict[str, Path]]:
    """Give two folders to import from: one with pytest alone, and one with this package beside it."""
    with tempfile.TemporaryDirectory() as name:
        folders = {kind: Path(name, kind) for kind in ("without", "with", "project")}
        for folder in folders.values():
            folder.mkdir()
        for each in NEEDED:
            for top in {Path(str(file)).parts[0] for file in importlib.metadata.files(each) or ()} - {".."}:
                for kind in ("without", "with"):
                    target = Path(str(importlib.metadata.distribution(each).locate_file(top)))
                    if target.exists() and top != "__pycache__":
                        (folders[kind] / top).symlink_to(target)
        for each in ("cds_eks", f"{PLUGIN}.py"):
            (folders["with"] / each).symlink_to(ROOT / each)
        described = folders["with"] / "cds_eks-0.0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text("Metadata-Version: 2.1\nName: cds-eks\nVersion: 0.0\n")
        (described / "entry_points.txt").write_text(f"[pytest11]\ncds_eks = {PLUGIN}\n")
        (described / "RECORD").write_text("".join(_record()))
        yield folders


def _record() -> Iterator[str]:
    """Yield the lines of the list of files that pip writes."""
    for path in sorted([ROOT / f"{PLUGIN}.py", *(ROOT / "cds_eks").rglob("*.py")]):
        name = path.relative_to(ROOT)
        yield f"{name.as_posix()},sha256={'x' * 43},{path.stat().st_size}\n"
        bytecode = name.parent / "__pycache__" / f"{name.stem}.{sys.implementation.cache_tag}.pyc"
        yield f"{bytecode.as_posix()},,\n"


def took(folders: dict[str, Path], kind: str, *arguments: str) -> tuple[float, float]:
    """Return the milliseconds of one run, of the CPU and on the wall."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folders[kind])}
    command = [sys.executable, "-S", "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folders["project"], env=environment)
    ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 5:  # no tests were collected
        raise RuntimeError(done.stdout + done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu * 1000, (ended - began) * 1000


def measure(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return the milliseconds of each run, by what was run."""
    runs = {
        "not installed": ("without",),
        "installed, -p no:cds_eks": ("with", "-p", "no:cds_eks"),
        "installed": ("with",),
    }
    with environments() as folders:
        loaded = subprocess.run(
            [sys.executable, "-S", "-m", "pytest", "--markers"], capture_output=True, text=True, check=True,
            cwd=folders["project"], env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folders["with"])},
        )  # fmt: skip
        if "eks_faults" not in loaded.stdout:
            raise RuntimeError("the plugin is not loaded")
        for run in runs.values():
            took(folders, *run)  # compiles what is not compiled yet
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                times[name].append(took(folders, *run))
    return times


def steps(rounds: int) -> dict[str, float]:
    """Return the milliseconds of CPU time that pytest spends on each step of the plugin: the medians of all rounds."""
    with environments() as folders:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folders["with"])}
        runs: list[dict[str, float]] = []
        for _ in range(rounds + 1):  # the first one compiles what is not compiled yet
            done = subprocess.run(
                [sys.executable, "-S", "-c", f"PLUGIN = {PLUGIN!r}\n{STEPS}"],
                capture_output=True, text=True, check=True, cwd=folders["project"], env=environment,
            )  # fmt: skip
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    return {step: statistics.median(run[step] for run in runs[1:]) for step in runs[0]}


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.testkit")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--most", type=float, default=5.0, help="milliseconds that the plugin may add")
    given = parser.parse_args()
    times = measure(given.rounds)
    print(f"pytest --collect-only of an empty project, {given.rounds} rounds, ms: median (least)")
    for name, runs in times.items():
        cells = [f"{name:26}"]
        for column, unit in enumerate(("CPU", "wall")):
            figures = [run[column] for run in runs]
            more = added(runs, times["not installed"], column)
            cells.append(f"{unit} {statistics.median(figures):6.1f} ({min(figures):6.1f})  added {more:+5.1f}")
        print("   ".join(cells))
    spent = steps(given.rounds)
    print("what pytest spends on it, ms of CPU: " + ", ".join(f"{step} {took:.2f}" for step, took in spent.items()))
    print(f"in all {sum(spent.values()):.2f}")
    return int(min(added(times["installed"], times["not installed"], 0), sum(spent.values())) > given.most)


def added(runs: list[tuple[float, float]], base: list[tuple[float, float]], column: int) -> float:
    """Return by how much runs took longer than others: the median of the rounds."""
    return statistics.median(run[column] - other[column] for run, other in zip(runs, base, strict=True))


if __name__ == "__main__":
    raise SystemExit(main())
