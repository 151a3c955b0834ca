"""What the chosen revision of the API can't carry is refused by each command that takes a file, with nothing sent."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cds_eks.emulator import Emulator
from cli.command_line import CommandLine
from cli.conftest import REQUEST
from cli.fleet.conftest import QUICK, plan_text

NEW = ("--api-revision", "2025-10-11")
ANNOTATIONS = '  node_config = { annotations = { team = "a" } }'


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The file of a plan that only the older revision carries."""
    file = tmp_path / "old.toml"
    file.write_text(plan_text().replace('  name = "workers"', f'  name = "workers"\n{ANNOTATIONS}'))
    return str(file)


def field_of(failure: dict[str, Any]) -> tuple[str, str]:
    (fault,) = failure["faults"]
    return fault["field"], fault["file"]


FIELD = "clusters[0].node_pools[0].node_config.annotations"


@pytest.mark.parametrize("words", [("plan", "check"), ("fleet", "plan", "check"), ("validate", "-f")])
def test_a_check_looks_at_the_revision(
    offline: CommandLine, old: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offline.done(*words, old, "-o", "json").json["valid"] is True
    told = offline(*words, old, *NEW, "-o", "json")
    assert (told.code, told.out) == (2, "")
    assert field_of(told.failure) == (FIELD, old)
    assert "2025-10-11" in offline(*words, old, *NEW).err
    monkeypatch.setenv("CDS_EKS_API_REVISION", "2025-10-11")
    assert offline(*words, old).code == 2
    assert offline(*words, old, "--api-revision", "2025-09-08").code == 0


@pytest.mark.parametrize("command", ["provision", "plan save", "plan diff", "import"])
def test_nothing_is_sent_of_a_plan_that_the_revision_can_not_carry(
    cli: CommandLine, emulator: Emulator, old: str, command: str, tmp_path: Path
) -> None:
    words = ["fleet", *command.split(), old, *([str(tmp_path / "saved.json")] if command == "plan save" else [])]
    told = cli(*words, *NEW, "-o", "json")
    assert told.code == 2, told.err
    assert field_of(told.failure) == (FIELD, old)
    assert emulator.ledger.requests == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.toml"]


def test_a_saved_plan_is_not_applied_in_a_revision_that_can_not_carry_it(
    cli: CommandLine, emulator: Emulator, old: str, tmp_path: Path
) -> None:
    saved = str(tmp_path / "saved.json")
    cli.done("fleet", "plan", "save", old, saved)
    before = len(emulator.ledger.requests)
    told = cli("fleet", "apply", saved, *NEW, *QUICK, "-o", "json")
    assert told.code == 2, told.err
    assert field_of(told.failure)[0] == FIELD
    assert len(emulator.ledger.requests) == before


def test_a_request_is_validated_for_the_revision(offline: CommandLine, tmp_path: Path) -> None:
    text = Path(REQUEST).read_text(encoding="utf-8")
    assert "annotations" not in tomllib.loads(text)["node_pool_config"]["node_config"]
    file = tmp_path / "request.toml"
    file.write_text(
        text.replace("[node_pool_config.node_config]", '[node_pool_config.node_config]\nannotations = { a = "b" }')
    )
    assert offline("validate", "-f", str(file), "-o", "json").code == 0
    told = offline("validate", "-f", str(file), *NEW, "-o", "json")
    assert told.code == 2
    (fault,) = told.failure["faults"]
    line = file.read_text().splitlines().index('annotations = { a = "b" }') + 1
    assert (fault["field"], fault["line"]) == ("node_pool_config.node_config.annotations", line)
