"""Waits in processes of their own: in a pipe and on a terminal, and when they are interrupted."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from typing import Any

import pexpect
import pytest

from cds_eks.emulator import Emulator, Fault
from cli.command_line import PROCESS, CommandLine, process
from cli.operation_calls import world
from cli.stepping import SteppingClock
from cli.terminals import ended, spawned
from support.eventually import WAIT_TIMEOUT

__all__ = ["world"]

FAST = ["--poll-interval", "0.01"]
SCALE = ["node-pools", "scale", "c-1", "p-1", "3", "--wait", *FAST]

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(clock=SteppingClock())


@pytest.fixture
def stuck(emulator: Emulator, world: dict[str, str]) -> None:
    """A scaling of the pool never ends."""
    emulator.faults.add(Fault("task_never_ends", "ScalingNodePoolNum", seconds=1))


# --- in a pipe --------------------------------------------------------------------------------------------------------


def test_a_pipe_has_the_result_and_two_lines_on_stderr(cli: CommandLine, world: dict[str, str]) -> None:
    done = process(*SCALE)
    assert done.returncode == 0
    begin, end = done.stderr.splitlines()
    assert begin.startswith("waiting for task ")
    assert begin.endswith(", node pool c-1/p-1, up to 1h")
    assert end.startswith("done after ")
    assert "\x1b" not in done.stdout + done.stderr


def test_a_pipe_has_one_document_and_nothing_else(cli: CommandLine, world: dict[str, str]) -> None:
    done = process(*SCALE, "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["node_pool"]["available_node_count"] == 3


def codes(cli: CommandLine, emulator: Emulator) -> dict[int, list[str]]:
    emulator.add_task("bad", status="error", message="out of stock")
    emulator.add_task("slow", status="doing")
    return {
        0: ["wait", "task", "t-1"],
        1: ["wait", "task", "bad"],
        2: ["wait", "pool", "p-1"],
        4: ["wait", "task", "t-1"],
        124: ["wait", "task", "slow", "--timeout", "0.5s"],
    }


@pytest.mark.parametrize("code", [0, 1, 2, 4, 124])
@pytest.mark.parametrize("where", ["pipe", "terminal"])
def test_each_exit_code(
    cli: CommandLine,
    emulator: Emulator,
    world: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    where: str,
) -> None:
    words = [*codes(cli, emulator)[code], *FAST]
    if code == 4:
        monkeypatch.setenv("CDS_SECRET_KEY", "another")
    if where == "terminal":
        text, found = ended(spawned(*words))
        assert found == code
        assert ("error: " in text) == (code != 0)
        return
    done = process(*words, "-o", "json")
    assert done.returncode == code, done.stderr
    assert (done.stdout == "") == (code != 0)
    if code:
        assert json.loads(done.stderr)["exit_code"] == code


def interrupted(*words: str) -> tuple[str, str, int]:
    """Interrupt a wait once it has looked at what it waits for."""
    with subprocess.Popen(
        [*PROCESS, *words, "--debug"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as running:
        assert running.stderr is not None
        lines: list[str] = []
        while "GetTaskStatus" not in (line := running.stderr.readline()):
            assert line, lines
            lines.append(line)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=WAIT_TIMEOUT)
    return out, err, running.returncode


@pytest.mark.usefixtures("stuck")
def test_ctrl_c_names_the_ids_and_is_130(cli: CommandLine, emulator: Emulator) -> None:
    out, err, code = interrupted(*SCALE, "-o", "json")
    assert (out, code) == ("", 130)
    told: dict[str, Any] = json.loads(err.splitlines()[-1])
    assert (told["exit_code"], told["outcome"], told["message"]) == (130, "accepted", "interrupted")
    assert told["ids"] == {"cluster_id": "c-1", "node_pool_id": "p-1", "task_id": told["result"]["task_id"]}
    assert told["continue_with"] == "cds-eks wait pool c-1/p-1 --replicas 3 --poll-interval 0.01s"
    assert emulator.ledger.count("ScalingNodePoolNum") == 1


# --- on a terminal ----------------------------------------------------------------------------------------------------


def test_a_terminal_shows_how_it_goes_on(
    cli: CommandLine, emulator: Emulator, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SteppingClock, "step", 0.0)
    child = spawned(*SCALE)
    child.expect(r"task [0-9a-f-]{36}  doing")
    emulator.clock.advance(3600)
    text, code = ended(child)
    assert code == 0
    assert "\x1b[" in text
    shown = ESCAPES.sub("", text)
    assert re.search(r"done after \S+s: task \S+, node pool c-1/p-1\r\n", shown)
    assert "node_pool.available_node_count  3\r\n" in shown


def test_a_terminal_shows_the_steps_of_a_cluster(
    cli: CommandLine, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, request_file: str
) -> None:
    monkeypatch.setattr(SteppingClock, "step", 0.0)
    child = spawned("clusters", "create", "-f", request_file, "--wait", *FAST)
    child.expect(r"cluster [0-9a-f-]{36}  creating: [\w.-]+ doing")
    emulator.clock.advance(3600)
    assert ended(child)[1] == 0


@pytest.mark.usefixtures("stuck")
def test_ctrl_c_on_a_terminal_leaves_its_cursor_and_names_the_ids(cli: CommandLine) -> None:
    child = spawned(*SCALE)
    child.expect(r"task [0-9a-f-]{36}  doing")
    child.sendintr()
    text, code = ended(child)
    assert code == 130
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l")
    shown = ESCAPES.sub("", text)
    assert re.search(
        r"error: interrupted\r\n  task_id=\S+, cluster_id=c-1, node_pool_id=p-1, outcome=accepted\r\n", shown
    )
    assert shown.endswith("go on waiting: cds-eks wait pool c-1/p-1 --replicas 3 --poll-interval 0.01s\r\n")


@pytest.mark.parametrize(
    ("environ", "options"), [({"NO_COLOR": "1"}, []), ({"TERM": "dumb"}, []), ({}, ["--no-color"]), ({}, ["-q"])]
)
def test_a_terminal_that_is_to_get_no_escapes_gets_none(
    cli: CommandLine, world: dict[str, str], environ: dict[str, str], options: list[str]
) -> None:
    text, code = ended(spawned(*SCALE, *options, **environ))
    assert code == 0
    assert "\x1b" not in text
    assert ("waiting for task" in text) == (options != ["-q"])


def test_progress_is_drawn_while_stdout_is_a_pipe(cli: CommandLine, world: dict[str, str]) -> None:
    """`cds-eks … | jq` on a terminal."""
    words = " ".join([*PROCESS, *SCALE, "--columns", "all", "|", "cat"])
    environ = {**os.environ, "TERM": "xterm-256color"}
    text, _ = ended(pexpect.spawn("/bin/sh", ["-c", words], encoding="utf-8", timeout=20, env=environ))
    assert "\x1b[?25l" in text
    assert "node_pool.available_node_count" in text
