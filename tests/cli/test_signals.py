"""Ctrl-C, SIGTERM and SIGHUP, wherever they come: the ids that are known are told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cds_eks.cli import signals
from cds_eks.cli.context import Context
from cds_eks.cli.main import main
from cds_eks.emulator import Emulator, Fault
from cli.clusters_made import only_cluster
from cli.command_line import PROCESS, CommandLine
from support.eventually import WAIT_TIMEOUT, until

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture(autouse=True)
def _sighup_is_not_ignored() -> Iterator[None]:
    """Have SIGHUP end a process, which a child of `nohup` and of some CI runners would inherit as ignored."""
    before = signal.getsignal(signal.SIGHUP)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


EACH = pytest.mark.parametrize(("number", "code"), CODES.items(), ids=lambda each: str(each))


@EACH
def test_a_create_that_hangs_says_what_is_open(
    cli: CommandLine, emulator: Emulator, request_file: str, number: signal.Signals, code: int
) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster"))
    command = [*PROCESS, "-o", "json", "clusters", "create", "-f", request_file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)) as run:
        until(lambda: emulator.ledger.count("CreateCluster") == 1)
        run.send_signal(number)
        out, err = run.communicate(timeout=WAIT_TIMEOUT)
    assert (run.returncode, out) == (code, b"")
    said = json.loads(err)
    assert said["exit_code"] == code
    (create,) = said["open_creates"]
    assert (create["action"], create["outcome"]) == ("CreateCluster", "unknown")


@EACH
def test_a_wait_that_is_ended_tells_the_ids(
    cli: CommandLine, emulator: Emulator, request_file: str, number: signal.Signals, code: int
) -> None:
    command = [*PROCESS, "clusters", "create", "-f", request_file, "--wait", "--poll-interval", "0.01", "-q"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as run:
        until(lambda: emulator.ledger.count("GetTaskStatus") + emulator.ledger.count("GetCluster") > 0)
        run.send_signal(number)
        out, err = run.communicate(timeout=WAIT_TIMEOUT)
    assert (run.returncode, out) == (code, "")
    assert only_cluster(emulator) in err
    assert "go on waiting: cds-eks wait cluster" in err


def interrupting(monkeypatch: pytest.MonkeyPatch, kind: type, name: str, number: int) -> None:
    """Have a signal come when a method is called."""
    before: Callable[..., Any] = getattr(kind, name)

    def method(*args: Any, **settings: Any) -> Any:
        os.kill(os.getpid(), number)
        return before(*args, **settings)

    monkeypatch.setattr(kind, name, method)


@EACH
@pytest.mark.parametrize("when", ["before it is taken", "before it is printed"])
def test_between_the_answer_and_the_printing_the_ids_are_told(
    cli: CommandLine,
    emulator: Emulator,
    request_file: str,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    code: int,
    when: str,
) -> None:
    from cds_eks.models import ClusterTask

    if when == "before it is printed":
        interrupting(monkeypatch, Context, "emit_write", number)
    else:
        interrupting(monkeypatch, ClusterTask, "to_dict", number)
    run = cli("clusters", "create", "-f", request_file, "-o", "json")
    assert (run.code, run.out) == (code, "")
    assert (run.failure["exit_code"], run.failure["outcome"]) == (code, "accepted")
    assert run.failure["ids"]["cluster_id"] == only_cluster(emulator)
    assert run.failure["request_id"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@EACH
def test_a_deletion_that_was_answered_tells_its_task(
    cli: CommandLine, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    emulator.add_cluster("c-1")
    interrupting(monkeypatch, Context, "emit_write", number)
    run = cli("clusters", "delete", "c-1", "--yes", "-o", "json")
    assert (run.code, run.failure["action"], run.failure["outcome"]) == (code, "DeleteCluster", "accepted")
    assert run.failure["ids"]["task_id"]


def test_what_is_printed_is_not_told_again(
    cli: CommandLine, emulator: Emulator, request_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Context.emit_write

    def emit_write(self: Context, *args: Any, **settings: Any) -> None:
        before(self, *args, **settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(Context, "emit_write", emit_write)
    run = cli("clusters", "create", "-f", request_file, "-o", "json")
    assert (run.code, run.json["cluster_id"]) == (130, only_cluster(emulator))
    assert (run.failure["message"], run.failure["ids"]) == ("interrupted", {})


def test_a_second_signal_does_not_cut_off_what_is_told(
    cli: CommandLine, emulator: Emulator, request_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cds_eks.cli import reporting

    before = reporting.report

    def report(*args: Any) -> int:
        for number in CODES:
            os.kill(os.getpid(), number)
        return before(*args)

    monkeypatch.setattr(reporting, "report", report)
    interrupting(monkeypatch, Context, "emit_write", signal.SIGINT)
    run = cli("clusters", "create", "-f", request_file, "-o", "json")
    assert (run.code, run.failure["ids"]["cluster_id"]) == (130, only_cluster(emulator))


AT_THE_END = """
import atexit, os, signal, sys
from cds_eks.cli.main import main
atexit.register(lambda: [os.kill(os.getpid(), each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])
sys.exit(main())
"""


def test_none_changes_the_exit_code_once_all_is_done() -> None:
    for words, code in ((["--version"], 0), (["nonsense"], 2)):
        done = subprocess.run([sys.executable, "-c", AT_THE_END, *words], capture_output=True, check=False)
        assert (done.returncode, b"Traceback" in done.stderr) == (code, False)


def test_one_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` has it
    try:
        with signals.handled(is_process=False):
            os.kill(os.getpid(), signal.SIGHUP)
            with pytest.raises(signals.Terminated, match="SIGTERM"):
                os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_while_it_is_imported_is_130_without_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "cds_eks.cli.root":
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.delitem(sys.modules, "cds_eks.cli.root")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert main(["clusters", "list"]) == 130
    assert capsys.readouterr().err == "error: interrupted\n"
