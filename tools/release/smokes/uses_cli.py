"""The extra `cli`: the installed command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import cds_eks

COMPLETING = {"_CDS_EKS_COMPLETE": "bash_complete", "COMP_WORDS": "cds-eks clusters ", "COMP_CWORD": "2"}


def said(*arguments: str, code: int = 0, variables: dict[str, str] | None = None) -> str:
    """Return what the command writes."""
    command = shutil.which("cds-eks")
    assert command is not None
    environ = {**os.environ, **(variables or {})}
    done = subprocess.run([command, *arguments], check=False, capture_output=True, text=True, env=environ)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


assert "clusters" in said("--help")
assert "--cluster-name" in said("clusters", "create", "--help")
assert json.loads(said("--version", "-o", "json"))["version"] == cds_eks.__version__
assert "cluster_name" in said("clusters", "create", "--skeleton", "yaml")
assert "complete" in said("completion", "bash")
assert "plain,list" in said(variables=COMPLETING)
said("clusters", "get", code=2)
