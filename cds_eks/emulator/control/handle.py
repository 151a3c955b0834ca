"""What the control endpoints may see and do of an emulator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import attrs

from cds_eks._runtime import clocks
from cds_eks.emulator.engine.clock import DrivenClock
from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.faults.schedule import Faults

__all__ = ["Handle"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Handle:
    """An emulator, as far as the endpoints go.

    Attributes:
        settled: Gives the world as it is by now, to one thread at a time.
        ledger: Returns the ledger, which is another one after each reset.
        faults: The faults.
        clock: The service's time.
        reset: Has the emulator begin anew.
        resets: Returns how often it has.
        api_revision: The revision of the API that it speaks; None for any.
        wall_clock: The time of the `Date` header.
        began: When it was made, by the monotonic clock.
        allowed_hosts: In lower case, by which names it may be asked for on a socket, besides localhost.
    """

    settled: Callable[[], AbstractContextManager[World]]
    ledger: Callable[[], Ledger]
    faults: Faults
    clock: DrivenClock
    reset: Callable[[], None]
    resets: Callable[[], int]
    api_revision: str | None
    wall_clock: Callable[[], float]
    allowed_hosts: set[str]
    began: float
    boot: int = attrs.field(factory=lambda: int(clocks.wall() * 1000))
    """When it was made: no emulator before it, at the same address, has the same version of anything."""

    def uptime(self) -> float:
        """Return for how many seconds of real time it has been there."""
        return clocks.monotonic() - self.began

    def version(self) -> str:
        """Return what changes whenever the world or the ledger may have."""
        with self.settled() as world:
            return f"{self.boot}-{self.resets()}-{self.ledger().changes}-{world.changes}"
