"""Stdout and stderr: all that `cds-eks` writes goes through here.

What can't be told on stderr is lost, and nothing else is: the command goes on, and ends with its own exit code. What
can't be printed on stdout is a failure.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from typing import Any, TextIO


class Stderr:
    """A stderr that no write to it fails: its reader may be gone, its disk full, its terminal closed.

    Whoever writes to `sys.stderr` does it by this: the log, progress, prompts, Python's own warnings.

    Args:
        stream: What it writes to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, or lose it."""
        if not isinstance(text, str):
            raise TypeError("stderr takes text")
        try:
            return self._stream.write(text)
        except UnicodeEncodeError:
            self.write(text.encode("ascii", "backslashreplace").decode())
        except (OSError, ValueError):
            self._discard()
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write texts, or lose them."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is buffered, or lose it."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._discard()

    def _discard(self) -> None:
        """Send what is buffered nowhere, and all that follows: else Python's own flush at its exit changes the code."""
        discard(self._stream)
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def discard(stream: TextIO | None) -> None:
    """Send what is left for a stream nowhere: Python would fail at its exit, with words and a code of its own."""
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)


@contextlib.contextmanager
def guarded_stderr() -> Iterator[None]:
    """Have `sys.stderr` be one that no write fails; if it was closed (`2>&-`), one that discards."""
    before = sys.stderr
    stream = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w") if before is None else before
    sys.stderr = Stderr(stream)
    try:
        yield
    finally:
        sys.stderr = before
        if before is None:
            stream.close()


def write_err(text: str) -> None:
    """Write a text to stderr."""
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def write_out(text: str) -> None:
    """Write to stdout; what its encoding lacks becomes an escape, which JSON reads as the character.

    Raises:
        OSError: It can't be written.
    """
    if sys.stdout is None:  # `>&-`
        raise OSError(errno.EBADF, "stdout is closed")
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        sys.stdout.write("".join(_spelt(char, encoding) for char in text))


def flush_out() -> None:
    """Write what is buffered for stdout.

    Raises:
        OSError: It can't be written.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def encoding_has(text: str) -> bool:
    """Whether the encoding of stdout has all characters of a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _spelt(char: str, encoding: str) -> str:
    r"""Return a character, or the escape that JSON has for it: `\u4e2d`."""
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        units = char.encode("utf-16-be", "surrogatepass").hex()
        return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
    return char
