"""What the pytest plugin costs those who do not use it, in `pytest --collect-only` of an empty project.

python -m benchmarks.testkit [--rounds 30] [--most 5]

It runs in a folder that has pytest and what it needs and nothing else, beside this package as pip installs it: with the
list of all its files and of their bytecode, which pytest reads for each package that has a plugin, even if that is
turned off. Runs take turns, and it is their CPU time that is compared, so that what else the machine does changes it
little; wall time is beside it. What is added is the difference of two runs in a row, the median of all rounds.
Exits with 1 if the plugin adds more than `--most` ms.
"""

from __future__ import annotations

import argparse
import importlib.metadata
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
    return int(added(times["installed"], times["not installed"], 0) > given.most)


def added(runs: list[tuple[float, float]], base: list[tuple[float, float]], column: int) -> float:
    """Return by how much runs took longer than others: the median of the rounds."""
    return statistics.median(run[column] - other[column] for run, other in zip(runs, base, strict=True))


if __name__ == "__main__":
    raise SystemExit(main())
