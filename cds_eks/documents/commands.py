"""Commands that print a secret: run without a shell, for a bounded time, and killed with all that they have started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from cds_eks._runtime import clocks

LOOK_EVERY = 0.2
"""After how many seconds it is looked again whether a command that has not ended is still wanted: whoever has left its
process group may hold the pipe open though the command is killed."""


class CommandStopped(Exception):
    """A command was killed, since nobody waits for it any more."""


class RunningCommands:
    """The commands that one thread runs, for the task that waits for it, and may leave."""

    def __init__(self) -> None:
        self.are_stopped: bool = False
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()

    def stop(self) -> None:
        """Kill those that run, and all that begin later."""
        with self._lock:
            self.are_stopped = True
            for process in self._processes:
                kill(process)

    @contextmanager
    def holding(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Have a process killed if the commands are stopped meanwhile."""
        with self._lock:
            self._processes.add(process)
            if self.are_stopped:
                kill(process)
        try:
            yield
        finally:
            with self._lock:
                self._processes.discard(process)


running_commands: ContextVar[RunningCommands | None] = ContextVar("running_commands", default=None)
"""Whoever waits for the thread that makes a request."""


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its group, which is its own."""
    with suppress(OSError):  # it has ended
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def output_of(arguments: Sequence[str], *, timeout: float, folder: str | None) -> tuple[int, bytes]:
    """Run a command, and return its status and what it has printed. What it complains about is not read.

    It has a session and a process group of its own, so that it can be killed with what it has started, and can't ask
    at the terminal.

    Raises:
        subprocess.TimeoutExpired: It did not end in time; it is killed.
        CommandStopped: Nobody waits for it any more; it is killed.
        OSError: It can't be run.
    """
    commands = running_commands.get() or RunningCommands()
    give_up = clocks.monotonic() + timeout
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
    )
    with commands.holding(process):
        try:
            while True:
                left = give_up - clocks.monotonic()
                if left <= 0:
                    raise subprocess.TimeoutExpired(process.args, timeout)
                ended: tuple[int, bytes] | None = None
                with suppress(subprocess.TimeoutExpired):
                    ended = _ended(process, min(left, LOOK_EVERY))
                if commands.are_stopped:  # what it has ended with is that it was killed
                    raise CommandStopped
                if ended is not None:
                    return ended
        finally:
            if process.returncode is None:
                kill(process)
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _ended(process: subprocess.Popen[bytes], seconds: float) -> tuple[int, bytes]:
    said, _ = process.communicate(timeout=seconds)
    return process.returncode, said
