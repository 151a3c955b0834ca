"""The file of profiles: what it says, and who may write to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs

from cds_eks.documents.reading import not_utf8
from cds_eks.errors import ConfigFileError
from cds_eks.errors.faults import ConfigFault

LONGEST = 1024 * 1024


@attrs.frozen(repr=False)
class ConfigText:
    """What the file holds, which may be secrets.

    Attributes:
        path: The file.
        text: Its text.
        is_private: Whether nobody but its owner may read it.
    """

    path: Path
    text: str
    is_private: bool


def read_config_text(path: Path) -> ConfigText | None:
    """Read the file; None if there is none.

    Raises:
        ConfigFileError: It can't be read, or others may write to it: what it says may be a command that is run.
    """
    try:
        # a pipe would make `open` wait for a writer
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # a NUL in the path
        raise _error(path, f"can't be opened ({type(error).__name__})") from None
    try:
        status = os.fstat(number)
        if (fault := _fault_of(status)) is not None:
            raise _error(path, fault)
        with open(number, "rb", closefd=False) as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise _error(path, f"can't be read ({type(error).__name__})") from None
    finally:
        os.close(number)
    is_private = os.name != "posix" or not stat.S_IMODE(status.st_mode) & 0o077
    return ConfigText(path, _decoded(path, content), is_private)


def _fault_of(status: os.stat_result) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if os.name != "posix":
        return None  # pragma: no cover - Windows has no such modes
    if status.st_uid not in (os.geteuid(), 0):
        return "belongs to another user, who could have commands run: make a copy of your own"
    if stat.S_IMODE(status.st_mode) & 0o022:
        mode = stat.S_IMODE(status.st_mode)
        return f"has the mode {mode:04o}, so that others may write to it and have commands run: chmod go-w"
    return None


def _decoded(path: Path, content: bytes) -> str:
    text = content.decode(errors="surrogateescape")
    if len(content) > LONGEST:
        raise _error(path, "is longer than 1 MiB")
    if not text.isascii() and any("\udc80" <= char <= "\udcff" for char in text):
        line = 1 + next(
            number for number, row in enumerate(text.split("\n")) if any("\udc80" <= char <= "\udcff" for char in row)
        )
        raise _error(path, not_utf8(content), line)
    return text.removeprefix("\ufeff")


def _error(path: Path, message: str, line: int | None = None) -> ConfigFileError:
    return ConfigFileError((ConfigFault(message=message, field="", file=str(path), line=line),))
