"""What a runner has claimed: renewed while it works, and let go at once when it is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

import anyio

from cds_eks._runtime.logs import log
from cds_eks.fleet.items import STATES, Heartbeat, Item
from cds_eks.fleet.journal.base import Journal, JournalError
from cds_eks.fleet.run.events import Event
from cds_eks.fleet.run.journal_outage import JournalOutage

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

PER_LEASE = 3
"""How often a lease is renewed before it ends."""


class Leases:
    """The leases of one runner.

    Args:
        journal: The journal.
        runner: The runner's name.
        lease: For how many seconds a claim is good.
        on_beat: Is told of each heartbeat, and when it began by the event loop's clock.
        on_lost: Is told the id of an item whose lease is lost.
        on_event: Is told when the journal can't be written, and when it can again.
    """

    def __init__(
        self,
        journal: Journal,
        runner: str,
        *,
        lease: float,
        on_beat: Callable[[Heartbeat, float], None],
        on_lost: Callable[[str], None],
        on_event: Callable[[Event], None],
    ) -> None:
        self._journal = journal
        self._runner = runner
        self._lease = lease
        self._on_beat = on_beat
        self._on_lost = on_lost
        self._held: set[str] = set()
        self._outage = JournalOutage(on_event)

    async def claim(self, ids: Collection[str], limit: int) -> list[Item]:
        """Claim some of these items that nobody holds, whatever their state."""
        claimed = await self._journal.claim(self._runner, limit=limit, lease=self._lease, states=STATES, ids=ids)
        self._held.update(item.id for item in claimed)
        return claimed

    async def release(self, ids: Collection[str]) -> None:
        """Give items back; if the journal can't be reached their leases end by themselves."""
        self._held.difference_update(ids)
        try:
            await self._journal.release(self._runner, ids)
        except JournalError as error:
            log(logger, logging.INFO, "release", "failed", error=type(error).__name__)

    async def renew(self) -> None:
        """Renew the leases until cancelled, at once for the first time: others learn that this runner is there."""
        while True:
            began = anyio.current_time()
            try:
                beat = await self._journal.renew(self._runner, lease=self._lease)
            except JournalError as error:
                self._outage.failed(error, began)
            else:
                self._outage.succeeded()
                for item_id in beat.lost & self._held:
                    self._held.discard(item_id)
                    self._on_lost(item_id)
                self._on_beat(beat, began)
            await anyio.sleep(self._lease / PER_LEASE)

    async def end(self) -> None:
        """Give everything back, and say that the runner is gone."""
        try:
            await self._journal.release(self._runner, None)
        except JournalError as error:
            log(logger, logging.INFO, "release", "failed", error=type(error).__name__)
