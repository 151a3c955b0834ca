"""Who holds what a runner waits for: it is told, and what a process held that has ended is free at once."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

import anyio

from cds_eks._runtime.logs import log
from cds_eks.fleet.items import Item
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.processes import is_gone, where_of
from cds_eks.fleet.run.events import Event, WaitingForLease

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

AGAIN = 60.0
"""After so many seconds it is told once more that a runner is waited for."""


class Holders:
    """The other runners that hold what one waits for.

    Args:
        journal: The journal.
        runner: The runner that waits.
        tell: Is given the events.
    """

    def __init__(self, journal: Journal, runner: str, tell: Callable[[Event], None]) -> None:
        self._journal = journal
        self._runner = runner
        self._tell = tell
        # Only there is a process of this machine the one that it seems to be: see `is_gone`.
        self._is_local = bool(getattr(journal, "is_on_one_machine", False))
        self._tell_at: dict[str, float] = {}

    async def look(self, ids: Collection[str]) -> bool:
        """Tell of those that hold any of these items, and free what is held by a process that has ended.

        Returns:
            Whether anything was freed.

        Raises:
            JournalError: The journal can't be reached.
        """
        held = _held(await self._journal.items(ids=ids), self._runner)
        has_freed = False
        for holder, items in held.items():
            if self._is_local and is_gone(holder):
                # Its creates stay open all the same: these are settled by their deadlines, whoever holds them.
                await self._journal.release(holder)
                log(logger, logging.INFO, "lease", "freed", reason=f"the process of {where_of(holder)} has ended")
                has_freed = True
            elif (now := anyio.current_time()) >= self._tell_at.get(holder, now):
                self._tell_at[holder] = now + AGAIN
                until = max(item.lease_until or 0.0 for item in items)
                self._tell(WaitingForLease(holder=holder, where=where_of(holder), until=until, items=len(items)))
        return has_freed


def _held(items: Iterable[Item], runner: str) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.owner is not None and item.owner != runner:
            found[item.owner].append(item)
    return found
