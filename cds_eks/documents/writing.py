"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def write_whole(path: str | os.PathLike[str], data: bytes, *, is_private: bool = False) -> Path:
    """Write a file beside its place and move it there, so that nobody ever reads half of it.

    It has the mode that any new file gets (by the umask); one that replaces another keeps that one's. A symbolic link
    stays, and what it leads to is replaced. A device or a pipe is written to.

    Args:
        path: The file.
        data: All that it is to hold.
        is_private: Whether only its owner may read it: its mode is 0600 from the first byte, whatever it was.

    Returns:
        The path that was given.
    """
    given = Path(path)
    if given.exists() and not given.is_file():
        given.write_bytes(data)
        return given
    target = Path(os.path.realpath(given))
    beside = target.with_name(f".{target.name[:200]}.{secrets.token_hex(6)}.tmp")
    try:
        with open(beside, "xb", opener=_open_private if is_private else None) as file:
            if not is_private:
                with contextlib.suppress(FileNotFoundError):
                    beside.chmod(target.stat().st_mode & 0o777)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return given


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def encoded(text: str) -> bytes:
    """Return text as UTF-8; half a surrogate pair, as JSON may hold one, becomes its escape."""
    return text.encode("utf-8", "backslashreplace")
