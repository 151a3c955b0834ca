"""What the plugin costs those who do not use it: pytest loads it everywhere, and it imports next to nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from benchmarks import testkit

from .conftest import ROOT

pytest_plugins = ["pytester"]

PLUGIN = "_cds_eks_pytest"

PROGRAM = f"""
import sys
import pytest  # as it is when plugins are loaded
before = set(sys.modules)
import {PLUGIN}
print(*sorted(set(sys.modules) - before))
"""


def test_pytest_finds_it() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, build = settings["project"], settings["tool"]["hatch"]["build"]["targets"]
    assert project["entry-points"]["pytest11"] == {"cds_eks": PLUGIN}
    assert f"{PLUGIN}.py" in build["wheel"]["packages"]
    assert f"/{PLUGIN}.py" in build["sdist"]["include"]
    extra = project["optional-dependencies"]["testing"]
    assert "cds-eks[emulator]" in extra
    assert any(each.startswith("pytest>=") for each in extra)


def test_it_imports_nothing_but_itself() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == [PLUGIN]


def test_the_time_of_its_import_is_that_of_one_small_module() -> None:
    program = f"import pytest, sys\nprint('-' * 9, file=sys.stderr)\nimport {PLUGIN}"
    command = [sys.executable, "-X", "importtime", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    lines = done.stderr.partition("-" * 9)[2].strip().splitlines()
    assert lines[-1].endswith(PLUGIN)
    assert len(lines) == 1  # microseconds vary, the number of modules does not
    source = (ROOT / f"{PLUGIN}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 130  # it is parsed in each run where pytest can't write its bytecode


@pytest.mark.slow
def test_its_cost_is_measured_beside_the_same_run_without_it() -> None:
    times = testkit.measure(1)
    assert list(times) == ["not installed", "installed, -p no:cds_eks", "installed"]
    assert all(len(each) == 1 and min(each[0]) > 0 for each in times.values())


def test_each_step_that_pytest_takes_for_it_is_measured() -> None:
    spent = testkit.steps(1)
    assert list(spent) == [
        "the list of its files is read", "it is imported", "its hooks are registered", "its fixtures are found",
    ]  # fmt: skip
    assert all(0 < took < 1000 for took in spent.values())


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
    assert "loaded: [] 0" in result.stdout.str()


@pytest.mark.slow
def test_the_package_is_not_rewritten_for_its_assertions(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = pytester.mkdir("installed")
    for name in ("cds_eks", f"{PLUGIN}.py"):
        (installed / name).symlink_to(ROOT / name)
    described = installed / "cds_eks-0.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: cds-eks\nVersion: 0.0\n")
    (described / "entry_points.txt").write_text(f"[pytest11]\ncds_eks = {PLUGIN}\n")
    (described / "RECORD").write_text(f"cds_eks/__init__.py,,\n{PLUGIN}.py,,\n")
    monkeypatch.setenv("PYTHONPATH", str(installed))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    pytester.makeconftest("import cds_eks.signing")
    pytester.makepyfile("""
import cds_eks, pathlib, sys

def test_it(eks_credentials, pytestconfig):
    assert pathlib.Path(cds_eks.__file__).parent.parent.name == "installed"
    hook = pytestconfig.pluginmanager.rewrite_hook
    assert "_cds_eks_pytest" in hook._must_rewrite  # it knows the distribution
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "cds_eks"]
    assert len(ours) > 5
    assert not any(module.__loader__ is hook for module in ours)
""")
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist").assert_outcomes(passed=1)
