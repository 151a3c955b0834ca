"""The JSON Schemas of the files that people write, asked of the package that stands there: it makes them itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["SCHEMAS", "render"]

SCHEMAS = {
    "docs/fleet.schema.json": "cds_eks.fleet.plan.json_schema:plan_schema",
    "docs/emulator.schema.json": "cds_eks.emulator.setup.json_schema:world_schema",
}
"""Each file, and the function that returns its schema."""

_ASK = """
import json
from {module} import {function} as schema
print(json.dumps(schema(), indent=2, ensure_ascii=False))
"""


def render(root: Path) -> dict[Path, str]:
    """Return the files that are there: as the package on the disk has them, in a process without an older one."""
    return {root / page: _asked(root, function) for page, function in SCHEMAS.items() if (root / page).exists()}


def _asked(root: Path, function: str) -> str:
    module, _, name = function.partition(":")
    ask = _ASK.format(module=module, function=name)
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", ask], capture_output=True, encoding="utf-8", cwd=root, check=False
    )
    if run.returncode:
        raise SystemExit(run.stderr)
    return run.stdout
