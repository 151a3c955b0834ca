"""`plan check`: all faults at once, without any network."""

from __future__ import annotations

from pathlib import Path

from cli.command_line import CommandLine, process
from cli.fleet.conftest import SECRETS, plan_text

BAD = """version = 1
[defaults.cluster]
vpc_id = "vpc-1"
surprise = 1

[[clusters]]
name = "a-name-that-is-much-longer-than-26"
  [[clusters.node_pools]]
  name = "workers"
"""


def test_a_good_plan_is_counted(offline: CommandLine, plan: str) -> None:
    for words in (["plan", "check"], ["fleet", "plan", "check"]):
        run = offline.done(*words, plan, "-o", "json")
        assert run.err == ""
        assert run.json["valid"] is True
        assert (run.json["clusters"], run.json["node_pools"], run.json["nodes"]) == (3, 6, 9)


def test_each_fault_has_its_file_and_line_on_stderr(offline: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(BAD)
    run = offline("plan", "check", str(file))
    assert (run.code, run.out) == (2, "")
    first, *rest = run.err.splitlines()
    assert first == f"error: {len(rest)} faults"
    assert len(rest) > 2
    assert all(line.startswith(f"  {file}") for line in rest)
    assert any(line.startswith(f"  {file}:4: defaults.cluster.surprise: ") for line in rest)


def test_faults_are_one_object_for_a_program(offline: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(BAD)
    told = offline("plan", "check", str(file), "-o", "json")
    assert (told.code, told.out) == (2, "")
    assert (told.failure["class"], told.failure["exit_code"]) == ("InvalidRequestError", 2)
    assert {"field": "defaults.cluster.surprise", "file": str(file), "line": 4}.items() <= next(
        each for each in told.failure["faults"] if each["line"] == 4
    ).items()
    for command in ("provision", "status", "destroy"):  # nothing is sent: there is neither a key nor a service
        again = offline(command, str(file), "-o", "json", "--yes", "--journal", str(tmp_path / "fleet.db"))
        assert again.code == 2, command


def test_a_plan_from_stdin_keeps_its_lines(offline: CommandLine) -> None:
    assert offline.done("plan", "check", "-", "-o", "json", stdin=plan_text(2)).json["clusters"] == 2
    told = offline("plan", "check", "-", "-o", "json", stdin=BAD)
    assert {each["line"] for each in told.failure["faults"]} >= {4, 7}
    assert {each["file"] for each in told.failure["faults"]} == {"stdin"}


def test_what_is_no_plan_is_wrong_usage(offline: CommandLine, tmp_path: Path) -> None:
    missing = offline("plan", "check", str(tmp_path / "none.toml"))
    assert (missing.code, missing.out) == (2, "")
    assert "can't be read: No such file" in missing.err
    other = tmp_path / "plan.txt"
    other.write_text("x")
    assert offline("plan", "check", str(other)).code == 2


def test_a_secret_that_is_not_there_is_a_fault(offline: CommandLine, plan: str) -> None:
    told = offline("plan", "check", plan, "-o", "json", env={"CDS_CLOUD_SK": None})  # type: ignore[dict-item]
    assert told.code == 2
    assert "env:CDS_CLOUD_SK" in told.failure["faults"][0]["message"]


def test_no_secret_is_shown(plan: str) -> None:
    shown = process("plan", "check", plan, "-o", "json", "--debug")
    assert shown.returncode == 0
    assert not [secret for secret in SECRETS.values() if secret in shown.stdout + shown.stderr]
