"""The clock of a journal in a file: steps of the machine's wall clock do not matter to it while anything is open.

Leases and settling windows are measured with it, by several processes, one after the other. If the wall clock is set
forward by an hour right after a runner was killed, its create would seem to have been settled long ago, while the
network may still deliver it. So the file says by how much the journal's clock is ahead of the time since this machine
booted, and all go by that. The wall clock is read again when nothing is open or claimed, and after a boot.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cds_eks._runtime import clocks
from cds_eks.fleet.items import OPEN

Clock = Callable[[], float]

_READ = "SELECT value FROM control WHERE name = 'clock'"
_WRITE = "INSERT INTO control (name, value) VALUES ('clock', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_OPEN = f"SELECT EXISTS (SELECT 1 FROM items WHERE owner IS NOT NULL OR state IN ({', '.join('?' * len(OPEN))}))"
_NEWEST = "SELECT max(changed_at) FROM items"


def boot_id() -> str | None:
    """Return what tells this boot of the machine from all others, or None where that can't be known."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip() or None
    return None


class JournalClock:
    """Tells the time of a journal.

    Args:
        given: A clock to go by, for tests; None for the machine's.
        wall: The machine's wall clock.
        since_boot: The seconds since it booted, sleep included.
        boot: See `boot_id`; without one the wall clock is gone by.
    """

    def __init__(
        self,
        given: Clock | None = None,
        *,
        wall: Clock = clocks.wall,
        since_boot: Clock = clocks.since_boot,
        boot: str | None = None,
    ) -> None:
        self._given = given
        self._wall = wall
        self._since_boot = since_boot
        self._boot = boot if boot is not None or given is not None else boot_id()

    def wall(self) -> float:
        """Return the time for what no journal depends on."""
        return self._wall() if self._given is None else self._given()

    def now(self, connection: sqlite3.Connection) -> float:
        """Return the journal's time."""
        if self._given is None and self._boot is not None and (row := connection.execute(_READ).fetchone()):
            boot, ahead = json.loads(row[0])
            if boot == self._boot:
                return float(self._since_boot() + ahead)
        return self.wall()

    def anchor(self, connection: sqlite3.Connection) -> None:
        """Note how far the clock is ahead, unless that is known and something depends on it."""
        if self._given is not None or self._boot is None:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            row = connection.execute(_READ).fetchone()
            is_known = row is not None and json.loads(row[0])[0] == self._boot
            is_open = bool(connection.execute(_OPEN, tuple(OPEN)).fetchone()[0])
            if not (is_known and is_open):
                wall = self._wall()
                if is_open:  # a clock that a boot has set back would make leases last
                    wall = max(wall, connection.execute(_NEWEST).fetchone()[0])
                connection.execute(_WRITE, (json.dumps([self._boot, wall - self._since_boot()]),))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
