"""What is said of versions agrees: Pythons, lower bounds, and the versions for development."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.lowest import LEFT_OUT, expanded, lowest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
INSTALLED = tuple(name for name in EXTRAS if name not in LEFT_OUT)
PYTHON = "Programming Language :: Python :: 3."


def requirements(*extras: str) -> list[Requirement]:
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    return [found for found in map(Requirement, texts) if found.name != PROJECT["name"]]


def pins(text: str) -> dict[str, str]:
    lines = [line.partition(";")[0].strip() for line in text.splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def wanted_by(extra: str) -> set[str]:
    """The packages that an extra brings, those of the extras that it names too."""
    found: set[str] = set()
    for each in map(Requirement, EXTRAS[extra]):
        found |= {canonicalize_name(each.name)} if each.name != PROJECT["name"] else set()
        for other in each.extras if each.name == PROJECT["name"] else ():
            found |= wanted_by(other)
    return found


def test_what_the_main_job_installs_is_light() -> None:
    heavy = {"dask", "distributed", "psycopg", "sqlalchemy"}
    assert wanted_by("all") & heavy == set()
    assert {"jinja2", "pyyaml", "rich", "starlette", "uvicorn"} <= wanted_by("all")
    assert {"psycopg", "sqlalchemy"} <= wanted_by("dev")


def test_the_lowest_versions_are_those_of_pyproject() -> None:
    command = [sys.executable, "tools/lowest.py"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found_lowest = pins(output)
    declared = requirements(*INSTALLED)
    assert {"click", "distributed", "orjson", "pytest", "sqlalchemy"} < set(found_lowest)
    assert {canonicalize_name(each.name) for each in declared} == set(found_lowest)
    bounds: dict[str, list[Version]] = {}
    for each in declared:
        found = [Version(part.version) for part in each.specifier if part.operator == ">="]
        bounds.setdefault(canonicalize_name(each.name), []).extend(found)
    assert {name: max(versions) for name, versions in bounds.items()} == {
        name: Version(version) for name, version in found_lowest.items()
    }


def test_the_lowest_versions_of_one_extra_have_those_of_the_extras_that_it_refers_to() -> None:
    command = [sys.executable, "tools/lowest.py", "testing"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(pins(output)) == {canonicalize_name(each.name) for each in requirements("testing", "emulator")}


def test_the_highest_of_several_lower_bounds_counts() -> None:
    extras = {"one": ["a>=1.10,<3", "b>=2 ; python_version < '3.14'"], "two": ["own[one,two]", "a>=1.9", "c[x]>=0.5"]}
    wanted = expanded(["two"], extras, "own")
    assert list(lowest(wanted)) == ["a==1.10", "b==2 ; python_version < '3.14'", "c==0.5"]
    with pytest.raises(ValueError, match="no lower bound: d<3"):
        list(lowest(["d<3"]))


@pytest.mark.parametrize("each", requirements(*INSTALLED, "types", "release"), ids=str)
def test_the_versions_for_development_hold_all_that_is_declared(each: Requirement) -> None:
    known = pins((ROOT / "tools/dev.txt").read_text(encoding="utf-8"))
    version = known.get(canonicalize_name(each.name))
    assert version is not None, "run `nox -s lock`"
    assert each.specifier.contains(version), "run `nox -s lock`"


@pytest.mark.parametrize("each", requirements("docs"), ids=str)
def test_the_versions_for_the_site_hold_all_that_is_declared(each: Requirement) -> None:
    known = pins((ROOT / "tools/docs.txt").read_text(encoding="utf-8"))
    version = known.get(canonicalize_name(each.name))
    assert version is not None, "run `nox -s lock`"
    assert each.specifier.contains(version), "run `nox -s lock`"


def test_the_pythons_that_are_declared_are_those_that_ci_runs() -> None:
    declared = {text.removeprefix(PYTHON) for text in PROJECT["classifiers"] if text.startswith(PYTHON)}
    assert f"3.{min(declared, key=int)}" == PROJECT["requires-python"].removeprefix(">=")
    script = (ROOT / ".ci/pythons").read_text(encoding="utf-8")
    run = re.search(r"^oldest=3\.(\d+) others=\(([\d. ]+)\)", script, flags=re.MULTILINE)
    assert run is not None
    assert {run[1], *(version.removeprefix("3.") for version in run[2].split())} == declared


def test_no_tool_or_ci_file_names_a_url() -> None:
    for path in [*(ROOT / "tools").rglob("*"), ROOT / "noxfile.py", ROOT / ".ci/run", ROOT / ".ci/pythons"]:
        if path.is_file() and "__pycache__" not in path.parts:
            assert not re.search(r"https?://(?!127\.0\.0\.1)", path.read_text(encoding="utf-8")), path
