"""Commands that print a secret: they are killed when nobody waits for them any more."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cds_eks.documents import commands
from cds_eks.documents.commands import CommandStopped, RunningCommands, output_of, running_commands
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import SecretUnavailable
from support.eventually import EVENT_TIMEOUT, WAIT_TIMEOUT

HANGS = [sys.executable, "-c", "import time; time.sleep(600)"]


@contextmanager
def waited_for_by(waiting: RunningCommands) -> Iterator[None]:
    token = running_commands.set(waiting)
    try:
        yield
    finally:
        running_commands.reset(token)


def test_what_a_command_prints_is_returned_with_its_status() -> None:
    program = "import sys; print('said'); sys.exit(3)"
    status, said = output_of([sys.executable, "-c", program], timeout=60, folder=None)
    assert (status, said.strip()) == (3, b"said")


def test_a_command_that_takes_too_long_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        output_of(HANGS, timeout=0.05, folder=None)


def test_a_command_is_killed_when_it_is_stopped() -> None:
    waiting = RunningCommands()
    timer = threading.Timer(0.1, waiting.stop)
    timer.start()
    with waited_for_by(waiting), pytest.raises(CommandStopped):
        output_of(HANGS, timeout=60, folder=None)
    timer.join()


def test_a_command_that_begins_after_the_stop_is_killed_at_once() -> None:
    waiting = RunningCommands()
    waiting.stop()
    with waited_for_by(waiting), pytest.raises(CommandStopped):
        output_of(HANGS, timeout=60, folder=None)
    with waited_for_by(waiting), pytest.raises(SecretUnavailable, match="was stopped: nobody waits for it any more"):
        SecretRef.of("cmd:sleep 600").resolve()


def test_where_there_are_no_process_groups_the_process_alone_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    process = subprocess.Popen(HANGS, start_new_session=True)
    with monkeypatch.context() as patch:
        patch.setattr("cds_eks.documents.commands.os.name", "nt")
        commands.kill(process)
    assert process.wait(EVENT_TIMEOUT) != 0


def test_one_that_has_ended_is_left_alone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"], start_new_session=True)
    process.wait(WAIT_TIMEOUT)
    commands.kill(process)
    assert os.name == "posix" or process.returncode == 0
