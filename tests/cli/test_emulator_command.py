"""`cds-eks emulator`: the emulator's own command line."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from cli.command_line import PROCESS, CommandLine, process
from support.eventually import WAIT_TIMEOUT


def test_it_serves_and_prints_what_a_shell_has_to_export() -> None:
    words = ["emulator", "--port", "0", "--speed", "60", "--fault", "ListClusters:throttle:count=1"]
    serving = subprocess.Popen([*PROCESS, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    try:
        lines = [serving.stdout.readline() for _ in range(6)]
        exported = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines if "export" in line)
        assert list(exported) == ["CDS_API_SCHEMA", "CDS_API_HOST", "CDS_SECRET_ID", "CDS_SECRET_KEY"]
        listed = process("clusters", "list", "-o", "json", env={**os.environ, **exported})
        assert (listed.returncode, listed.stdout) == (0, "[]\n")
        serving.send_signal(signal.SIGINT)
        _, err = serving.communicate(timeout=WAIT_TIMEOUT)
    finally:
        serving.kill()
        serving.communicate()
    assert (serving.returncode, err) == (0, "")


def test_its_help_and_faults_are_the_emulators() -> None:
    shown = process("emulator", "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith("usage: cds-eks emulator [-h]")
    assert "reset_after_commit" in shown.stdout
    wrong = process("emulator", "--fault", "nonsense")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--fault 'nonsense'" in wrong.stderr
    assert process("emulator", "--no-such").returncode == 2


@pytest.mark.parametrize("words", [["emulator", "-o", "json"], ["-o", "json", "emulator", "--port", "many"]], ids=str)
def test_what_it_does_not_take_is_told_as_json(offline: CommandLine, words: list[str]) -> None:
    run = offline(*words)
    assert (run.code, run.out, run.failure["class"], run.failure["exit_code"]) == (2, "", "UsageError", 2)
    assert "arguments: -o json" in run.failure["message"] or "invalid int value" in run.failure["message"]
