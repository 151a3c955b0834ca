"""Commands in a pseudo-terminal."""

from __future__ import annotations

import os

import pexpect

from cli.command_line import PROCESS


def spawned(*arguments: str, **environ: str) -> pexpect.spawn:
    command = [*PROCESS, *arguments]
    env = {**os.environ, "TERM": "xterm-256color", **environ}
    return pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=20, dimensions=(24, 200), env=env)


def ended(child: pexpect.spawn) -> tuple[str, int]:
    child.expect(pexpect.EOF)
    child.close()
    return child.before or "", child.exitstatus
