"""What is asked on a terminal, and what it shows."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator
from cli.command_line import CommandLine
from cli.terminals import ended, spawned


@pytest.mark.parametrize(("answer", "code", "count"), [("y", 0, 1), ("n", 1, 0), ("", 1, 0)])
def test_a_deletion_is_asked_for(cli: CommandLine, emulator: Emulator, answer: str, code: int, count: int) -> None:
    emulator.add_cluster("c-1")
    child = spawned("clusters", "delete", "c-1")
    child.expect_exact("delete cluster cluster_id=c-1? [y/N]: ")
    child.sendline(answer)
    assert ended(child)[1] == code
    assert emulator.ledger.count("DeleteCluster") == count


def test_ctrl_c_at_a_question_is_130(cli: CommandLine, emulator: Emulator) -> None:
    child = spawned("clusters", "delete", "c-1")
    child.expect_exact("[y/N]: ")
    child.sendintr()
    assert ended(child) == ("^C\r\nerror: interrupted\r\n", 130)
    assert emulator.ledger.count() == 0


def test_a_missing_secret_is_asked_for_without_echo(
    cli: CommandLine, emulator: Emulator, request_file: str, tmp_path: Path
) -> None:
    data = tomllib.loads(Path(request_file).read_text(encoding="utf-8"))
    del data["sk"]
    file = tmp_path / "request.json"
    file.write_text(json.dumps(data))
    child = spawned("clusters", "create", "-f", str(file), "--debug")
    child.expect_exact("sk (Secret access key that the cluster's cloud controller manager uses): ")
    child.sendline("planted-secret")
    shown, code = ended(child)
    assert (code, "planted" in shown) == (0, False)
    assert emulator.ledger.count("CreateCluster", "Success") == 1


@pytest.mark.parametrize(("environ", "is_colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colors_are_for_terminals_that_take_them(
    cli: CommandLine, emulator: Emulator, environ: dict[str, str], is_colored: bool
) -> None:
    emulator.add_cluster("c-1", name="\x1b]0;title\x07")
    shown, _ = ended(spawned("clusters", "list", **environ))
    assert ("\x1b[" in shown) == is_colored
    assert "\x1b]" not in shown
    assert "\\x1b]0;title\\x07" in shown
