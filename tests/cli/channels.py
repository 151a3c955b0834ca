"""Runs `cds-eks` in this process with what a process has: real pipes, or a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import struct
import sys
import termios
import threading
from collections.abc import Iterator

import attrs
import pyte

from cds_eks.cli.main import main
from support.eventually import EVENT_TIMEOUT

COLUMNS, LINES = 200, 60


@attrs.frozen
class Ended:
    """How a run has ended.

    Attributes:
        code: Its exit code.
        out: What came out of stdout; in a terminal, of stderr too.
        err: What came out of stderr, if it is not the terminal.
    """

    code: int
    out: str
    err: str = ""

    @property
    def screen(self) -> pyte.Screen:
        """What a terminal shows of it."""
        return screen_of(self.out)

    @property
    def rows(self) -> list[str]:
        """The lines of the screen that are not empty."""
        return [line.rstrip() for line in self.screen.display if line.strip()]


def screen_of(text: str) -> pyte.Screen:
    """What a terminal shows that is sent a text."""
    screen = pyte.Screen(COLUMNS, LINES)
    pyte.Stream(screen).feed(text)
    return screen


def cells(screen: pyte.Screen, row: int) -> list[str]:
    """The cells of a row; the second one of a wide character is empty."""
    return [screen.buffer[row][column].data for column in range(COLUMNS)]


class _Reader(threading.Thread):
    """Reads all that comes out of a file descriptor, so that who writes does not have to wait."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(daemon=True)
        self._descriptor = descriptor
        self._parts: list[bytes] = []
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):  # a terminal whose other end is closed says so
            while part := os.read(self._descriptor, 65536):
                self._parts.append(part)

    def text(self) -> str:
        self.join(EVENT_TIMEOUT)
        os.close(self._descriptor)
        return b"".join(self._parts).decode()


@contextlib.contextmanager
def _streams(stdin: int, stdout: int, stderr: int) -> Iterator[None]:
    """Have Python's streams be these file descriptors, and close them."""
    old = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.FileIO(stdin), "utf-8")
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(each, "w"), "utf-8") for each in (stdout, stderr))
    made = sys.stdin, sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = old
        for stream in made:
            stream.close()


def in_pipes(*words: str, stdin: str = "") -> Ended:
    """Run it between pipes."""
    (to_read, typed), (out, stdout), (err, stderr) = os.pipe(), os.pipe(), os.pipe()
    assert len(stdin) < 4096, "it must fit into the pipe"
    os.write(typed, stdin.encode())
    os.close(typed)
    readers = _Reader(out), _Reader(err)
    with _streams(to_read, stdout, stderr):
        code = main(words)
    return Ended(code, *(each.text() for each in readers))


def in_terminal(*words: str, typed: str = "") -> Ended:
    """Run it in a pseudo-terminal, in which something was typed ahead."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    os.write(ours, typed.encode())
    reader = _Reader(ours)
    with _streams(theirs, os.dup(theirs), os.dup(theirs)):
        code = main(words)
    return Ended(code, reader.text())
