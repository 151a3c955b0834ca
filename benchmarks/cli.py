"""What `cds-eks` costs: `python -m benchmarks.cli`.

Whole processes, each beside the one that it is compared with, in turn: CPU, wall time and the most memory. An emulator
has the other core. A bar is a ratio to what is measured beside it, so that the machine changes it little.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from benchmarks.speed.machine import CLIENT_CORE, SERVER_CORE, pin

ROOT = Path(__file__).parents[1]
CLUSTERS = 20
FEW, MANY = 1_000, 100_000

CDS_EKS = [sys.executable, "-c", "import sys; from cds_eks.cli.main import main; sys.exit(main())"]
"""What the installed command runs."""

SCRIPT = """
from cds_eks import EksClient
with EksClient() as eks:
    print(*(f"{each.cluster_id} {each.cluster_name}" for each in eks.clusters.list().data), sep="\\n")
"""

PROGRAMS: dict[str, list[str]] = {
    "pass": [sys.executable, "-c", "pass"],
    "rich": [sys.executable, "-c", "import rich.console, rich.table, rich.progress"],
    "script": [
        sys.executable,
        "-c",
        SCRIPT,
    ],
    "help": [*CDS_EKS, "--help"],
    "group help": [*CDS_EKS, "clusters", "--help"],
    "completion": CDS_EKS,
    "list": [*CDS_EKS, "clusters", "list"],
    "list json": [*CDS_EKS, "clusters", "list", "-o", "json"],
    "table": [*CDS_EKS, "nodes", "list", "few", "--page-all", "--page-size", "1000"],
    "jsonl few": [*CDS_EKS, "nodes", "list", "few", "--page-all", "--page-size", "1000", "-o", "jsonl"],
    "jsonl many": [*CDS_EKS, "nodes", "list", "many", "--page-all", "--page-size", "1000", "-o", "jsonl"],
}

VARIABLES: Mapping[str, Mapping[str, str]] = {
    "completion": {"_CDS_EKS_COMPLETE": "bash_complete", "COMP_WORDS": "cds-eks clusters ", "COMP_CWORD": "2"}
}

LINES = {"script": CLUSTERS, "list": CLUSTERS + 1, "table": FEW + 1, "jsonl few": FEW, "jsonl many": MANY}
"""How many lines each must write, so that nothing is measured that has not worked."""

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "start": ("pass", "rich", "help", "group help", "completion"),
    "list": ("script", "list", "list json"),
    "nodes": ("table", "jsonl few"),
    "memory": ("jsonl few", "jsonl many"),
}


@attrs.frozen
class Cost:
    """What a process has cost.

    Attributes:
        cpu: Milliseconds of CPU.
        wall: Milliseconds of time.
        peak: The most memory, in MiB.
        lines: How many lines it has written.
    """

    cpu: float
    wall: float
    peak: float
    lines: int


@attrs.frozen
class Bar:
    """What a figure may be at most.

    Attributes:
        name: What it is.
        most: The bar.
        value: Makes it of the median of each program's figures, and of medians of ratios.
    """

    name: str
    most: float
    value: Callable[[Callable[[str, str, str], float]], float]


def _bytes_per_node(of: Callable[[str, str, str], float]) -> float:
    """Return what each node adds to the peak: its hash, so that none is shown twice. Nodes themselves are kilobytes."""
    return (of("jsonl many", "", "peak") - of("jsonl few", "", "peak")) * 2**20 / (of("jsonl many", "", "lines") - FEW)


BARS: Mapping[str, Sequence[Bar]] = {
    "start": (
        Bar("--help: CPU, of that of importing rich", 1.0, lambda of: of("help", "rich", "cpu")),
        Bar("completion: CPU, of that of importing rich", 1.0, lambda of: of("completion", "rich", "cpu")),
    ),
    "list": (
        Bar("clusters list: CPU, of that of a script", 1.3, lambda of: of("list", "script", "cpu")),
        Bar("clusters list: time, of that of a script", 1.3, lambda of: of("list", "script", "wall")),
    ),
    "nodes": (Bar(f"a table of {FEW:,} nodes: seconds of CPU", 1.0, lambda of: of("table", "", "cpu") / 1000),),
    "memory": (
        Bar("jsonl: bytes of memory for each further node", 200, _bytes_per_node),
    ),
}  # fmt: skip


def cost_of(name: str, environ: Mapping[str, str], lines: int | None) -> Cost:
    """Run a program, and return what it has cost."""
    began = time.perf_counter()
    with subprocess.Popen(
        PROGRAMS[name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**environ, **VARIABLES.get(name, {})},
        preexec_fn=lambda: pin(CLIENT_CORE),
    ) as process:
        assert process.stdout is not None
        written = 0
        while chunk := process.stdout.read1(1 << 20):  # type: ignore[attr-defined]
            written += chunk.count(b"\n")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode or (lines is not None and written != lines):
        raise SystemExit(f"{name!r} did not work: exit code {process.returncode}, {written} lines")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost((usage.ru_utime + usage.ru_stime) * 1e3, wall * 1e3, usage.ru_maxrss * unit / 2**20, written)


def measured(
    names: Sequence[str], rounds: int, environ: Mapping[str, str], lines: Mapping[str, int]
) -> dict[str, list[Cost]]:
    """Run programs in turn, after one run that only warms up."""
    for name in names:
        cost_of(name, environ, lines.get(name))
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else names[::-1]:
            costs[name].append(cost_of(name, environ, lines.get(name)))
    return costs


def ratio_in(costs: Mapping[str, list[Cost]]) -> Callable[[str, str, str], float]:
    """Return what gives a figure's median, or with another program's name the median of its ratios to that."""

    def of(name: str, other: str, figure: str) -> float:
        mine = [getattr(cost, figure) for cost in costs[name]]
        if not other:
            return float(statistics.median(mine))
        theirs = [getattr(cost, figure) for cost in costs[other]]
        return float(statistics.median(a / b for a, b in zip(mine, theirs, strict=True)))

    return of


@contextlib.contextmanager
def emulator(few: int, many: int) -> Iterator[dict[str, str]]:
    """Run an emulator in a process of its own, and give the variables by which it is found."""
    command = [sys.executable, "-m", "benchmarks.cli", "--serve", str(few), str(many)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _serve(few: int, many: int) -> None:
    """Serve clusters with many nodes until standard input ends."""
    from cds_eks.emulator import Emulator

    pin(SERVER_CORE)
    service = Emulator()
    for number in range(CLUSTERS - 2):
        service.add_cluster(f"c-{number}", name=f"gpu-{number:03d}")
    for cluster, count in (("few", few), ("many", many)):
        service.add_cluster(cluster, name=f"with-{cluster}", masters=3, workers=count - 3)
    key = service.credentials
    with service.serve() as url:
        found = {"CDS_EKS_ENDPOINT": url, "CDS_SECRET_ID": key.access_key_id, "CDS_SECRET_KEY": key.secret_access_key}
        print(json.dumps(found), flush=True)
        sys.stdin.read()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        The exit code: 1 if a bar is missed.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cli", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="SECTION", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=11, help="how often each (default: %(default)s)")
    parser.add_argument("--nodes", type=int, default=MANY, help="of the large cluster (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--serve", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        _serve(*options.serve)
        return 0
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "COMP_"))}
    told: dict[str, dict[str, float]] = {}
    missed = 0
    print(f"{'':12}{'CPU ms':>9}{'time ms':>9}{'peak MiB':>10}")
    with emulator(FEW, options.nodes if "memory" in options.only else FEW) as found:
        for section in options.only:
            rounds = options.rounds if section != "memory" else min(options.rounds, 3)
            lines = {**LINES, "jsonl many": options.nodes}
            costs = measured(SECTIONS[section], rounds, {**environ, **found}, lines)
            of = ratio_in(costs)
            for name in costs:
                told[name] = {figure: round(of(name, "", figure), 1) for figure in ("cpu", "wall", "peak")}
                print(f"{name:12}{told[name]['cpu']:9.1f}{told[name]['wall']:9.1f}{told[name]['peak']:10.1f}")
            for bar in BARS[section]:
                value = bar.value(of)
                missed += value > bar.most
                told[bar.name] = {"value": round(value, 3), "most": bar.most}
                print(f"  {'MISSED' if value > bar.most else 'ok':7}{value:.2f} of {bar.most:g}  {bar.name}")
    if options.json:
        options.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
