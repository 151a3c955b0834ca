"""The JSON Schema of a fleet's plan, which the package makes of its models: asked of the package that stands there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["PAGE", "render"]

PAGE = "docs/fleet.schema.json"

_ASK = """
import json
from cds_eks.fleet.plan.json_schema import plan_schema
print(json.dumps(plan_schema(), indent=2, ensure_ascii=False))
"""


def render(root: Path) -> dict[Path, str]:
    """Return the schema's file, if there is one: as the models on the disk have it, in a process without older ones."""
    path = root / PAGE
    if not path.exists():
        return {}
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", _ASK], capture_output=True, encoding="utf-8", cwd=root, check=False
    )
    if run.returncode:
        raise SystemExit(run.stderr)
    return {path: run.stdout}
