"""What a terminal sees of a run: bars, whatever the fleet's size."""

from __future__ import annotations

import re

import pytest

from cds_eks.cli import heartbeat
from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine
from cli.fleet.conftest import QUICK
from cli.terminals import ended, spawned

BARS = ("clusters created", "clusters ready", "node pools created", "node pools ready")


def test_a_terminal_has_bars_and_notable_lines_above_them(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    shown, code = ended(spawned("provision", plan, *QUICK))
    assert code == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    for bar in BARS:
        assert re.search(rf"{bar} +.*(3/3|6/6)", text), bar
    assert len({line.split("  ")[0] for line in text.splitlines() if "━" in line}) <= 10
    assert "it was created after all (recovered)" in text
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")  # the cursor is back


@pytest.mark.parametrize(("words", "environ"), [(["-q"], {}), (["-o", "json"], {}), ([], {"TERM": "dumb"})])
def test_no_bars_where_nobody_wants_them(
    cli: CommandLine, plan: str, words: list[str], environ: dict[str, str]
) -> None:
    shown, code = ended(spawned("provision", plan, *QUICK, *words, **environ))
    assert code == 0
    assert "\x1b" not in shown
    assert "━" not in shown


def test_without_colors_there_is_no_escape_and_so_no_bar(cli: CommandLine, plan: str) -> None:
    shown, code = ended(spawned("provision", plan, *QUICK, "--no-color"))
    assert code == 0
    assert "9 of 9 ready" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(("words", "is_told"), [([], True), (["-q"], False), (["-o", "json"], False)])
def test_a_pipe_has_a_line_now_and_then(
    cli: CommandLine, plan: str, monkeypatch: pytest.MonkeyPatch, words: list[str], *, is_told: bool
) -> None:
    monkeypatch.setattr(heartbeat, "PAUSE", 0.005)
    run = cli.done("provision", plan, *QUICK, *words)
    line = r"^after [0-9.]+s: clusters: \d created, \d ready of 3; node pools: \d created, \d ready of 6$"
    assert bool(re.search(line, run.err, re.MULTILINE)) is is_told
    assert is_told or run.err == ""
