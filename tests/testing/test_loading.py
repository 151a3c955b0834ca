"""What the plugin costs those who do not use it: pytest loads it everywhere, and it imports next to nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from benchmarks import testkit

from .conftest import ROOT

pytest_plugins = ["pytester"]

PLUGIN = "cds_eks.testing.plugin"

PROGRAM = f"""
import sys
import pytest  # as it is when plugins are loaded
before = set(sys.modules)
import {PLUGIN}
print(*sorted(set(sys.modules) - before))
"""


def test_pytest_finds_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"cds_eks": PLUGIN}
    extra = project["optional-dependencies"]["testing"]
    assert "cds-eks[emulator]" in extra
    assert any(each.startswith("pytest>=") for each in extra)


def test_it_imports_nothing_but_itself() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == [
        "cds_eks", "cds_eks._runtime", "cds_eks._runtime.forks", "cds_eks._runtime.lazy", "cds_eks._runtime.loading",
        "cds_eks._version", "cds_eks.testing", PLUGIN,
    ]  # fmt: skip


def test_the_time_of_its_import_is_that_of_a_few_small_modules() -> None:
    program = f"import pytest, sys\nprint('-' * 9, file=sys.stderr)\nimport {PLUGIN}"
    command = [sys.executable, "-X", "importtime", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    lines = done.stderr.partition("-" * 9)[2].strip().splitlines()
    assert lines[-1].endswith(PLUGIN)
    assert len(lines) == 8  # microseconds vary, the number of modules does not


def test_its_cost_is_measured_beside_the_same_run_without_it() -> None:
    times = testkit.measure(1)
    assert list(times) == ["not installed", "installed, -p no:cds_eks", "installed"]
    assert all(len(each) == 1 and min(each[0]) > 0 for each in times.values())


def test_a_suite_without_its_fixtures_loads_no_more(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest("""
import sys

def pytest_sessionfinish():
    loaded = [name for name in sys.modules if name.startswith(("httpx", "attr", "starlette", "anyio", "respx"))]
    print("loaded:", loaded, sum(name.startswith("cds_eks") for name in sys.modules))
""")
    pytester.makepyfile("def test_it(): ...")
    result = pytester.runpytest_subprocess("-p", PLUGIN, "-s", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    assert "loaded: [] 8" in result.stdout.str()
