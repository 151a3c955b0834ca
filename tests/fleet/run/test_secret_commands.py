"""A command that a secret comes from, and that hangs: it is killed with all that it has started."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.to_thread
import pytest

from cds_eks.documents import secrets as secrets_module
from cds_eks.documents.commands import CommandStopped, RunningCommands, output_of, running_commands
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import SecretUnavailable
from cds_eks.fleet.run import provision as provision_module
from cds_eks.fleet.run.requests import request_of

RUNS_COMMANDS = SimpleNamespace(runs_commands=True)
HANGS = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""

posix_only = pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")


def hanging(pids: Path) -> SecretRef:
    script = pids.with_suffix(".py")
    script.write_text(HANGS, encoding="utf-8")
    return SecretRef.of(f"cmd:{sys.executable} {script} {pids}")


def wait_for(file: Path) -> None:
    until = time.monotonic() + 20
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.01)


def assert_gone(pids: Path) -> None:
    """See that no process is there any more; a child that nobody has waited for yet is a zombie until init does."""
    for pid in map(int, pids.read_text().split()):
        until = time.monotonic() + 10
        while _is_alive(pid):
            assert time.monotonic() < until, pid
            time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@posix_only
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_who_is_cancelled_leaves_at_once_and_the_command_is_killed_with_its_children(
    backend: str, tmp_path: Path
) -> None:
    secret = hanging(tmp_path / "pids")

    async def body() -> None:
        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(request_of, RUNS_COMMANDS, secret.resolve)
            await anyio.to_thread.run_sync(wait_for, tmp_path / "pids")
            tasks.cancel_scope.cancel()
        assert anyio.current_time() - began < secrets_module.COMMAND_TIMEOUT / 2

    anyio.run(body, backend=backend)
    assert_gone(tmp_path / "pids")


@posix_only
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_run_that_is_cancelled_while_it_tries_the_commands_ends_at_once(backend: str, tmp_path: Path) -> None:
    secret = hanging(tmp_path / "pids")

    class Trying:
        runs_commands = True

        def check(self, *, run_commands: bool) -> list[str]:
            return [secret.resolve()] if run_commands else []

    plan: Any = Trying()

    async def body() -> None:
        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(provision_module.try_commands, plan)
            await anyio.to_thread.run_sync(wait_for, tmp_path / "pids")
            tasks.cancel_scope.cancel()
        assert anyio.current_time() - began < secrets_module.COMMAND_TIMEOUT / 2

    anyio.run(body, backend=backend)
    assert_gone(tmp_path / "pids")


@posix_only
def test_a_command_that_takes_too_long_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets_module, "COMMAND_TIMEOUT", 3.0)
    with pytest.raises(SecretUnavailable, match="did not end within 3 s"):
        hanging(tmp_path / "pids").resolve()
    assert_gone(tmp_path / "pids")


def test_a_command_that_begins_when_nobody_waits_any_more_is_killed(tmp_path: Path) -> None:
    commands = RunningCommands()
    commands.stop()
    token = running_commands.set(commands)
    try:
        with pytest.raises(CommandStopped):
            output_of([sys.executable, "-c", "import time; time.sleep(600)"], timeout=30.0, folder=str(tmp_path))
        with pytest.raises(SecretUnavailable, match="nobody waits for it"):
            SecretRef.of("cmd:sleep 600").resolve()
    finally:
        running_commands.reset(token)


@posix_only
def test_what_has_left_the_group_and_holds_the_pipe_does_not_make_anybody_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets_module, "COMMAND_TIMEOUT", 0.5)
    daemon = "import subprocess; subprocess.Popen(['sleep', '5'], start_new_session=True)"
    began = time.monotonic()
    with pytest.raises(SecretUnavailable, match=r"did not end within 0\.5 s"):
        SecretRef.of(f'cmd:{sys.executable} -c "{daemon}"').resolve()
    assert time.monotonic() - began < 4.5


def test_the_status_and_what_was_printed_are_returned() -> None:
    assert output_of([sys.executable, "-c", "print('a')"], timeout=30.0, folder=None) == (0, b"a\n")
    with pytest.raises(subprocess.TimeoutExpired):
        output_of([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.1, folder=None)
