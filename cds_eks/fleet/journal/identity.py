"""Who writes: the machine, the process and the user, for the audit."""

from __future__ import annotations

import getpass
import os
import socket

import attrs

from cds_eks.fleet.items import AuditEntry, Item
from cds_eks.fleet.journal.fields import checked_text, storable


@attrs.frozen
class Writer:
    """Who writes to a journal."""

    host: str
    pid: int
    user: str

    def entry_of(self, item: Item, *, at: float, action: str, request_id: str | None, runner: str) -> AuditEntry:
        """Return the audit's entry of a change of an item, which is given as it is afterwards."""
        return AuditEntry(
            at=at,
            item_id=item.id,
            state=item.state,
            epoch=item.epoch,
            action=checked_text("action", action) or "",
            request_id=checked_text("request_id", request_id),
            runner=storable(runner),
            host=self.host,
            pid=self.pid,
            user=self.user,
        )

    def entry_of_all(self, *, at: float, action: str, runner: str = "") -> AuditEntry:
        """Return the audit's entry of what concerns the whole journal."""
        return AuditEntry(
            at=at,
            item_id="",
            state="",
            epoch=0,
            action=action,
            request_id=None,
            runner=runner,
            host=self.host,
            pid=self.pid,
            user=self.user,
        )


def this_process() -> Writer:
    """Return who this process is."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        user = str(os.getuid()) if hasattr(os, "getuid") else ""
    return Writer(storable(socket.gethostname()), os.getpid(), storable(user))
