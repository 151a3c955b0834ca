"""docs/reliability.md names each scenario, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from faults import test_answers, test_clocks, test_connections, test_processes, test_progress, test_writes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")

SCENARIOS = {
    f"{module.__name__.removeprefix('faults.')}.py::{module.__name__.removeprefix('faults.')}[{name}-*]"
    for module in (test_answers, test_clocks, test_connections, test_progress, test_writes)
    for name in module.MATRIX.scenarios
} | {
    f"test_processes.py::{test}[{name.rpartition('-')[0]}-*]"
    for test, scripts in (("test_processes", test_processes.SCRIPTS), ("test_interrupts", test_processes.INTERRUPTED))
    for name in scripts
}


def test_each_scenario_has_a_row_and_each_row_a_scenario() -> None:
    rows = re.findall(r"^\| (.+?) \| .+? \| `(test_\w+\.py::.+?)` \|$", PAGE, re.MULTILINE)
    named = [test for _, test in rows]
    assert sorted(named) == sorted(SCENARIOS)
    assert all(f"[{scenario}-*]" in test for scenario, test in rows)
    assert len(named) >= 48


def test_each_scenario_is_run_with_the_async_and_the_blocking_client() -> None:
    for module in (test_answers, test_clocks, test_connections, test_progress, test_writes):
        for name, client_kinds in module.MATRIX.client_kinds.items():
            assert "sync" in client_kinds, name
            assert len(client_kinds) >= 2, name
    for scripts in (test_processes.SCRIPTS, test_processes.INTERRUPTED):
        assert {
            name.rpartition("-")[0] + client_kind for name in scripts for client_kind in ("-sync", "-async")
        } == set(scripts)


@pytest.mark.parametrize("test", re.findall(r"\| `(tests/[^`]+)` \|$", PAGE, re.MULTILINE))
def test_the_other_tests_that_it_names_are_there(test: str) -> None:
    path, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") if name else (ROOT / path).exists()
