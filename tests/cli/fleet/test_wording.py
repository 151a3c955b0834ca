"""The SDK's words of fleets, as the command line tells them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_eks.cli.fleet.wording import in_options
from cli.command_line import CommandLine, Run
from cli.conftest import ROOT
from cli.fleet.conftest import QUICK

FLEET = ROOT / "cds_eks" / "fleet"
PYTHON = re.compile(r"\b[a-z_]+=(?:['\"A-Z]|\s|$)|\bfleet\.[a-z]+\b|\b[a-z_]+\((?:None|\.\.\.|\))")
OF_PYTHON_ALONE = (
    "run/arguments.py",
    "run/event_stream.py:another task",
    "run/fleet_run.py:a fleet's run",
    "run/orphans.py",
)
"""Where wrong arguments are told of, which the command line never gives; what it says itself before; and warnings."""


def texts(file: Path) -> Iterator[str]:
    """Yield the words of a module, f-strings with `…` for what is put in."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    inner = {id(each) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for each in node.values}
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner | documented:
            yield node.value


def words() -> list[str]:
    """Return the sentences that the command line may tell."""
    found = []
    for folder in ("ensure", "journal", "report", "run"):
        for file in sorted((FLEET / folder).glob("*.py")):
            where = file.relative_to(FLEET).as_posix()
            for text in texts(file):
                is_python = any(f"{where}:{text}".startswith(each) for each in OF_PYTHON_ALONE)
                if " " in text and not is_python and not re.match(r"\s*[A-Z]{3,} |.*\b(SELECT|FROM|CAST)\b", text):
                    found.append(text)
    return found


def test_no_name_of_a_call_is_left_in_what_is_told() -> None:
    told = words()
    assert sum(PYTHON.search(text) is not None for text in told) >= 7  # else nothing is looked at
    assert [text for text in map(in_options, told) if PYTHON.search(text)] == []


@pytest.mark.parametrize(
    ("python", "shell"),
    [
        ("cluster a was adopted: see include_adopted=", "cluster a was adopted: see --include-adopted"),
        ("by name, with adopt='matching'", "by name, with --adopt matching"),
        ("only= and exclude= leave no cluster", "--only and --exclude leave no cluster"),
        (
            "  By hand: eks.clusters.list(keyword='gpu 2', vpc_id='vpc-1')",
            "  By hand: cds-eks clusters list --keyword 'gpu 2' --vpc-id vpc-1",
        ),
        ("eks.node_pools.list('c-1', filter='w')", "cds-eks node-pools list c-1 --filter w"),
        (
            'eks.node_pools.list(<id of gpu-1>, filter="it\'s")',
            "cds-eks node-pools list <id of gpu-1> --filter 'it'\"'\"'s'",
        ),
        ("nothing to be said otherwise", "nothing to be said otherwise"),
    ],
)
def test_a_call_becomes_a_command(python: str, shell: str) -> None:
    assert in_options(python) == shell
    assert in_options(shell) == shell


@pytest.mark.parametrize("form", ["table", "json", "jsonl"])
def test_what_is_there_already_is_told_with_the_options_for_it(
    cli: CommandLine, plan: str, provisioned: Run, tmp_path: Path, form: str
) -> None:
    page = tmp_path / "page.html"
    other = ["--journal", str(tmp_path / "other.db"), "-o", form, "--html", str(page)]
    run = cli("provision", plan, *QUICK, *other)
    assert run.code == 1
    everything = run.out + run.err + page.read_text()
    assert "adopt=" not in everything
    assert "--adopt matching" in run.out
    assert "cds-eks import" in run.err
    assert "run the same command again:" not in run.err
