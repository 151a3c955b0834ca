"""Opening the journal that is meant, and no other: a runner that was sent elsewhere must not begin with a new one."""

from __future__ import annotations

from cds_eks.fleet.journal.base import JournalGone
from cds_eks.fleet.journal.identity import this_process


def missing_file(where: str) -> JournalGone:
    """Return the error of a file that is not there, where it was known to be."""
    return JournalGone(
        f"{where}: there is no such file on {this_process().host}: it was deleted, or this runner sees another file "
        "system than the launch. Nothing was begun here. A journal in a file is for runners on one machine: for "
        "several give postgresql://…; if it was deleted, put it back, or begin with a new one and adopt='matching'",
        outcome="not_sent",
    )


def check_identity(where: str, found: str | None, wanted: str) -> None:
    """See that an open journal is the one that is meant.

    Args:
        where: Its path or address.
        found: Its identity, or None if it has none.
        wanted: The identity of the one that is meant.

    Raises:
        JournalGone: It is another one.
    """
    if found != wanted:
        raise JournalGone(
            f"{where}: on {this_process().host} this is another journal than that of the launch: it was replaced, or "
            "this runner sees another file system or database. Nothing was begun here. All runners must reach one and "
            "the same journal: for several machines give postgresql://… with a host that all of them know",
            outcome="not_sent",
        )
