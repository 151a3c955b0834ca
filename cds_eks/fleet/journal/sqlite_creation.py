"""Making a journal's file: it appears whole, so that an empty one is known to be a journal that was cut off."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import uuid
from contextlib import closing, suppress
from pathlib import Path

from cds_eks.fleet.journal.base import JournalError, JournalGone
from cds_eks.fleet.journal.known import missing_file
from cds_eks.fleet.journal.sqlite_errors import translated
from cds_eks.fleet.journal.sqlite_schema import mark


def make_file(path: Path, *, is_known: bool = False) -> None:
    """Make the file if it is not there: for its user alone, as are the log and the index that SQLite puts beside.

    Args:
        path: Where it is.
        is_known: Whether it must be there.

    Raises:
        JournalGone: It is there and empty, or it is not there and must be.
        JournalError: It can't be made or written.
    """
    try:
        if not path.exists():
            if is_known:
                raise missing_file(str(path))
            _create(Path(os.path.realpath(path)))
        # It is not opened to see that: to close any descriptor of it drops all locks that this process has on it, and
        # another process would take away the log that is in use here.
        found = path.stat()
        is_effective = os.access in os.supports_effective_ids
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not os.access(path, os.R_OK | os.W_OK, effective_ids=is_effective):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except FileNotFoundError as error:
        raise JournalError(f"{path}: its folder does not exist: make it first", outcome="not_sent") from error
    except sqlite3.Error as error:
        raise translated(error, str(path)) from error
    except OSError as error:
        raise JournalError(
            f"{path}: can't be opened for writing ({error.strerror}): a journal is a file in a folder that this user "
            "may write in",
            outcome="not_sent",
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise JournalError(f"{path}: is no file", outcome="not_sent")
    if not found.st_size:
        raise JournalGone(
            f"{path}: is empty: if it was a journal, it has been cut off, and what it knew is lost: restore a backup, "
            "or delete it, and begin with a new one and adopt='matching'; if it never was one, delete it",
            outcome="not_sent",
        )


def _create(path: Path) -> None:
    """Make it beside, and give it its name when it is a journal; whoever is first has made it."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.new")
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(sqlite3.connect(beside, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            mark(connection)
            connection.execute("COMMIT")
        try:
            with suppress(FileExistsError):
                os.link(beside, path)
        except OSError:  # a file system that has no links
            if not path.exists():
                beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)
