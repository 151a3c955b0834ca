"""Commands in a pseudo-terminal."""

from __future__ import annotations

import os

import pexpect

from cli.command_line import PROCESS


def spawned(*arguments: str, codec_errors: str = "strict", **environ: str) -> pexpect.spawn:
    """Start a command.

    Args:
        arguments: Of the command line.
        codec_errors: "replace" if Ctrl-C is pressed while much is shown: the terminal then discards what is not read
            yet, from the middle of a character on.
        environ: Variables of the environment.
    """
    command = [*PROCESS, *arguments]
    env = {**os.environ, "TERM": "xterm-256color", **environ}
    settings = {"encoding": "utf-8", "codec_errors": codec_errors, "timeout": 20, "dimensions": (24, 200), "env": env}
    return pexpect.spawn(command[0], command[1:], **settings)


def ended(child: pexpect.spawn) -> tuple[str, int]:
    child.expect(pexpect.EOF)
    child.close()
    return child.before or "", child.exitstatus
