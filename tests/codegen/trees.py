"""Copies of what the generator reads and writes, so that it can be run on another description."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import codegen

ROOT = Path(codegen.__file__).resolve().parents[1]
INVENTED = Path(__file__).with_name("invented.yaml")


def copied(tree: Path, *more: str) -> Path:
    """A copy of the generator, the package, the documentation, and of more files and folders if they are there."""
    for name in ("codegen", "cds_eks", "docs", "pyproject.toml", "README.md", "README.zh-CN.md", *more):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tree / name)
    return tree


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a tree, with its copy of the package."""
    environ = {**os.environ, "PYTHONPATH": str(tree), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=tree, env=environ, capture_output=True, encoding="utf-8", check=False)


def generate(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator of a tree."""
    return run(tree, "-m", "codegen", *arguments)


def describe(tree: Path, entries: str) -> None:
    """Put further entries into the description of a tree, each at the head of its part."""
    path = tree / "codegen" / "api.yaml"
    text = path.read_text(encoding="utf-8")
    for part in ("groups", "operations", "values", "shapes"):
        _, _, rest = entries.partition(f"\n{part}:\n")
        own = rest.split("\n\n")[0].rstrip()
        assert own, part
        there = {line for line in own.splitlines() if f"\n{line}\n" in text.partition(f"\n{part}:\n")[2]}
        there = {line for line in there if line.startswith("  ") and line[2] != " "}
        assert not there, f"the description has {there} now: invent other names"
        text = text.replace(f"\n{part}:\n", f"\n{part}:\n{own}\n", 1)
    path.write_text(text, encoding="utf-8")
