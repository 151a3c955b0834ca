"""The gate of full branch coverage names packages, and forgets none."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_CORE = {"testing", "cli", "emulator", "fleet", "models", "resources", "sync"}  # the gate says why


def test_the_gate_names_every_package_of_the_core() -> None:
    with (ROOT / "tools" / "core-coverage.toml").open("rb") as file:
        gate = tomllib.load(file)["tool"]["coverage"]["report"]
    packages = {path.parent.name for path in (ROOT / "cds_eks").glob("*/__init__.py")}
    assert packages >= NOT_CORE
    assert sorted(gate["include"]) == sorted(["cds_eks/*.py", *(f"cds_eks/{name}/*" for name in packages - NOT_CORE)])
    assert gate["omit"] == []
    assert gate["fail_under"] == 100
