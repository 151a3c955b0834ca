"""The extra `cli`: the installed command."""

from __future__ import annotations

import json
import shutil
import subprocess

import cds_eks


def said(*arguments: str) -> str:
    """Return what the command writes."""
    command = shutil.which("cds-eks")
    assert command is not None
    return subprocess.run([command, *arguments], check=True, capture_output=True, text=True).stdout


assert "clusters" in said("--help")
assert "--cluster-name" in said("clusters", "create", "--help")
assert json.loads(said("--version", "-o", "json"))["version"] == cds_eks.__version__
assert "cluster_name" in said("clusters", "create", "--skeleton", "yaml")
assert "complete" in said("completion", "bash")
