"""The waits of the blocking client are found by the bases of `Waiters`, in whatever module they stand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from trees import ROOT

from cds_eks.waiting import Waiters
from codegen.waits import waiters

WAITING = ROOT / "cds_eks" / "waiting"

NEW = '''
from cds_eks.waiting.source import Source


class Helper:
    async def unrelated(self) -> None: ...


class NodeWaits(Source):
    async def node_ready(self, node_id: str, *, timeout: float | None = 3600.0) -> list[str]:
        """Wait until a node is ready."""

    async def _hidden(self) -> None: ...
'''


def test_all_waits_are_found() -> None:
    names = [each["name"] for each in waiters()]
    assert sorted(names) == sorted(name for name in dir(Waiters) if not name.startswith("_"))
    assert names[0] == "task"
    assert names[-1] == "each"


@pytest.mark.parametrize("alias", ["NodeWaits", "Nodes"])
def test_a_wait_in_a_new_module_needs_only_to_be_a_base(tmp_path: Path, alias: str) -> None:
    folder = tmp_path / "waiting"
    shutil.copytree(WAITING, folder)
    (folder / "nodes.py").write_text(NEW, encoding="utf-8")
    path = folder / "waiters.py"
    imported = "NodeWaits" if alias == "NodeWaits" else f"NodeWaits as {alias}"
    text = path.read_text(encoding="utf-8").replace("ManyClusterWaits):", f"ManyClusterWaits, {alias}):")
    path.write_text(f"{text}\nfrom cds_eks.waiting.nodes import {imported}\n", encoding="utf-8")
    before, found = waiters(), waiters(folder)
    assert [each for each in found if each not in before] == [
        {
            "name": "node_ready",
            "signature": "node_id: str, *, timeout: float | None=3600.0",
            "returns": "list[str]",
            "doc": "Wait until a node is ready.",
            "passed_on": "node_id, timeout=timeout",
            "callbacks": "",
        }
    ]
    assert [each["name"] for each in found][-2:] == ["node_ready", "each"]
