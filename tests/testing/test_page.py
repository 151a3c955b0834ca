"""The page on testing: its code runs as a user's tests, in both languages."""

from __future__ import annotations

import importlib.util
import re
import shutil

import pytest

from cds_eks.testing import DrivenEmulator
from cds_eks.testing.assertions import LedgerAssertions

from .conftest import ROOT

pytest_plugins = ["pytester"]

PAGES = ["docs/testing.md", "docs/zh/testing.md"]
BLOCK = re.compile(r"^(?:<!-- (\w+) -->\n)?```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OTHERS = ("pytest_httpx", "vcr")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_its_code_runs(page: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = ["-p", "anyio.pytest_plugin", "-p", "cds_eks.testing.plugin"]
    files = {}
    for at, (marker, code) in enumerate(BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))):
        if marker == "others":
            if not all(importlib.util.find_spec(name) for name in OTHERS):
                continue
            plugins += ["-p", "pytest_httpx"]
        files["provisioning" if marker == "provisioning" else f"test_block_{at}"] = code
    pytester.makepyfile(**files)
    for name, to in (("first_cluster.toml", "cluster.toml"), ("fleet.toml", "fleet.toml")):
        shutil.copy(ROOT / "examples" / name, pytester.path / to)
    for name in ("CDS_CLOUD_AK", "CDS_CLOUD_SK", "NODE_PASSWORD"):
        monkeypatch.setenv(name, "Made-up-1st!")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.syspath_prepend(pytester.path)
    result = pytester.runpytest_inprocess(*plugins, "-W", "error", "-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    assert outcomes.keys() == {"passed"}
    assert outcomes["passed"] >= 9


@pytest.mark.parametrize("page", PAGES)
def test_it_has_all_assertions_and_fixtures(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assertions = {name for name in vars(LedgerAssertions) if name.startswith("assert_")}
    assert assertions == set(re.findall(r"^\| `(assert_\w+)\(", text, re.MULTILINE))
    plugin = (ROOT / "_cds_eks_pytest.py").read_text(encoding="utf-8")
    fixtures = re.findall(r"^@pytest\.fixture\ndef (\w+)\(", plugin, re.MULTILINE)
    assert len(fixtures) == 7
    for name in fixtures:
        assert re.search(rf"^\| .*`{name}`", text, re.MULTILINE), name
    for name in re.findall(r"`eks_emulator\.(\w+)", text):
        assert not name or hasattr(DrivenEmulator, name), name


def test_a_test_of_a_function_takes_less_than_ten_lines() -> None:
    blocks = dict(BLOCK.findall((ROOT / PAGES[0]).read_text(encoding="utf-8"))[:2])
    assert len([line for line in blocks[""].splitlines() if line]) < 10
