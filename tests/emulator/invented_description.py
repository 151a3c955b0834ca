"""The description of the service with invented operations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from codegen.description import Api
from codegen.loading import read

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
API = "cds_eks.emulator.protocol.api"


def description() -> dict[str, Any]:
    """Return the description with the invented operations, by way of JSON, which parts what YAML shares."""
    data = json.loads(json.dumps(yaml.safe_load((ROOT / "codegen" / "api.yaml").read_text(encoding="utf-8"))))
    invented = yaml.safe_load((HERE / "invented.yaml").read_text(encoding="utf-8"))
    for part in ("groups", "operations", "shapes"):
        there = data[part].keys() & invented[part].keys()
        assert not there, f"the description has {there} now: invent other names in {HERE.name}/invented.yaml"
        data[part] |= invented[part]
    found: dict[str, Any] = data
    return found


def described(data: dict[str, Any], folder: Path) -> Api:
    path = folder / "api.yaml"
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    api, faults, is_whole = read(path)
    assert (faults, is_whole) == ([], True)
    return api
