"""One module reads the clocks, so that frozen time reaches what it should and nothing else."""

from __future__ import annotations

import ast
import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import freezegun
import pytest
import uvloop

import cds_eks
from cds_eks._runtime import clocks
from cds_eks._runtime.loops import new_loop

ROOT = Path(cds_eks.__file__).parent
CLOCKS = {"monotonic", "monotonic_ns", "time", "time_ns", "perf_counter", "perf_counter_ns", "clock_gettime"}
MOMENTS = {"now", "utcnow", "today"}


def looked_up(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            if (node.value.id == "time" and node.attr in CLOCKS) or (
                node.value.id in ("datetime", "date") and node.attr in MOMENTS
            ):
                yield name
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (alias.name for alias in node.names if alias.name in CLOCKS)


def test_no_module_but_one_looks_at_a_clock() -> None:
    found = {
        str(path.relative_to(ROOT)): [*looked_up(path.read_text(encoding="utf-8"))]
        for path in ROOT.rglob("*.py")
        if path != ROOT / "_runtime" / "clocks.py"
    }
    assert {name: each for name, each in found.items() if each} == {}
    assert [*looked_up("import time\ntime.monotonic()\nfrom time import time\ndatetime.now()")] == [
        "time",
        "time.monotonic",
        "datetime.now",
    ]


def test_frozen_time_stops_the_wall_clock_alone() -> None:
    with freezegun.freeze_time("2021-01-01"):
        assert clocks.wall() == 1_609_459_200
        before = clocks.monotonic(), clocks.since_boot()
        time.sleep(0.002)
        assert clocks.monotonic() > before[0]
        assert clocks.since_boot() > before[1]


@pytest.mark.filterwarnings("ignore:.*[Pp]olicy:DeprecationWarning")  # from Python 3.14 on; programs still have them
@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_a_loop_of_ours_is_of_the_program_s_kind_and_goes_by_a_clock_that_does_not_stop(kind: str) -> None:
    policy = uvloop.EventLoopPolicy if kind == "uvloop" else asyncio.DefaultEventLoopPolicy
    asyncio.set_event_loop_policy(policy())
    try:
        loop = new_loop()
    finally:
        asyncio.set_event_loop_policy(None)
    try:
        assert isinstance(loop, uvloop.Loop) is (kind == "uvloop")
        with freezegun.freeze_time("2021-01-01"):
            assert abs(loop.time() - clocks.monotonic()) < 5
    finally:
        loop.close()
