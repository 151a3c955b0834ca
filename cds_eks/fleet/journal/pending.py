"""What a runner could not write yet: kept in memory, and written later in the same order."""

from __future__ import annotations

from collections import deque

import anyio
import attrs

from cds_eks.fleet.items import Change, Item
from cds_eks.fleet.journal.base import Journal, JournalUnavailable, LeaseLost


@attrs.frozen
class Refusal:
    """Changes that the journal has refused when it could be reached again.

    Attributes:
        changes: The changes.
        error: Why: the lease is another runner's by now, or the change makes no sense any more.
    """

    changes: tuple[Change, ...]
    error: LeaseLost | ValueError


class Pending:
    """Writes outcomes to a journal, and keeps those that it can't take now.

    Only for what has happened already (`accepted`, `ready`, …), never for a `sending`: a create must not leave before
    its intent is durable. An outcome may be written twice, if it is not known whether the first time did it: it says
    the same then. While anything is kept, no new create may be begun (`is_empty`), and what comes later is kept behind
    it, so that the order stays.

    Before `flush` the runner renews its leases: they may have ended meanwhile.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: deque[tuple[Change, ...]] = deque()
        self._refused: list[Refusal] = []  # not told yet
        self._one_at_a_time = anyio.Lock()

    def __len__(self) -> int:
        """Return how many writes are kept."""
        return len(self._kept)

    @property
    def is_empty(self) -> bool:
        """Whether all that has happened is in the journal."""
        return not self._kept

    @property
    def kept(self) -> tuple[Change, ...]:
        """The changes that are kept, oldest first."""
        return tuple(change for changes in self._kept for change in changes)

    async def write(self, *changes: Change) -> list[Item] | None:
        """Write changes, all or none; return the items as they are afterwards, or None if they are kept for later.

        They are kept also if the caller is cancelled meanwhile.

        Raises:
            LeaseLost, ValueError, JournalError: See `Journal.write`; nothing is kept then.
        """
        if any(change.state == "sending" for change in changes):
            raise ValueError("an intent can't be kept for later: write it to the journal itself")
        if self._kept:
            self._kept.append(changes)
            return None
        try:
            return await self._journal.write(*changes)
        except JournalUnavailable:
            self._kept.append(changes)
            return None
        except anyio.get_cancelled_exc_class():
            self._kept.append(changes)
            raise

    async def flush(self) -> list[Refusal]:
        """Write what is kept, oldest first, and return what the journal refused, which is kept no longer.

        Raises:
            JournalUnavailable: It can't be reached yet; what was not written is still kept.
        """
        async with self._one_at_a_time:
            while self._kept:
                changes = self._kept[0]
                try:
                    await self._journal.write(*changes)
                except (LeaseLost, ValueError) as error:
                    self._refused.append(Refusal(changes, error))
                self._kept.popleft()
            refused, self._refused = self._refused, []
        return refused
