"""A journal, for code that blocks."""

from __future__ import annotations

import os
import weakref
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.journal.opening import open_journal as open_async_journal
from cds_eks.fleet.journal.users import discard_user
from cds_eks.fleet.sync.portals import portal_of

if TYPE_CHECKING:
    from cds_eks.fleet.items import AuditEntry, Item, State
    from cds_eks.fleet.journal.base import Journal
    from cds_eks.fleet.run.fleet_run import FleetRun as AsyncFleetRun
    from cds_eks.sync.client import EksClient
    from cds_eks.sync.portal import Portal


class FleetJournal:
    """An open journal; it is used with the client that it was opened with."""

    def __init__(self, portal: Portal, journal: Journal) -> None:
        self._portal = portal
        self._journal = journal
        self._runs: weakref.WeakSet[AsyncFleetRun] = weakref.WeakSet()

    def items(
        self,
        *,
        states: Collection[State] | None = None,
        ids: Collection[str] | None = None,
        clusters: Collection[str] | None = None,
    ) -> list[Item]:
        """Return the items in these states, with these ids and of these clusters, in the plan's order; None for all."""
        return self._portal.call(lambda: self._journal.items(states=states, ids=ids, clusters=clusters))

    def audit(self, item_id: str | None = None) -> list[AuditEntry]:
        """Return the audit, oldest first: of one item, or all."""
        return self._portal.call(lambda: self._journal.audit(item_id))

    def stop(self, reason: str | None) -> None:
        """Ask all runners to stop, on all machines and of each launch, and say why; None takes it back."""
        self._portal.call(lambda: self._journal.stop(reason))

    def opened_with(self, portal: Portal) -> Journal:
        """Return the async journal, for calls on the event loop of the client that it was opened with.

        Raises:
            ConfigurationError: It was opened with another client.
        """
        if portal is not self._portal:
            raise ConfigurationError("the journal was opened with another client: open it with this one")
        return self._journal

    def used_by(self, run: AsyncFleetRun) -> None:
        """Have a run end before the journal is closed."""
        self._runs.add(run)

    def not_used_by(self, run: AsyncFleetRun) -> None:
        """Have a run cut off when the journal is closed: whatever it had under way is open then."""
        self._runs.discard(run)
        discard_user(run)

    async def end_runs(self) -> None:
        """Stop the runs that use it and that nobody waits for any more, and wait for what they have under way."""
        under_way = [run for run in self._runs if not run.is_over]
        for run in under_way:
            run.stop("its journal is closed")
        for run in under_way:
            await run.ended()


@contextmanager
def open_journal(
    eks: EksClient, where: str | os.PathLike[str], *, timeout: float = 30.0, rebind: bool = False
) -> Iterator[FleetJournal]:
    """Open a journal, and make it if it is not there. It is closed before the client is.

    A run that is under way when it is closed is stopped first, as by Ctrl-C; unless Ctrl-C was pressed twice.

    Args:
        eks: The client that it is used with.
        where: The path of an SQLite file (`fleet.db`, or `sqlite:///fleet.db`), for one machine; or the address of a
            PostgreSQL database (`postgresql://user@host/database`), for any number of machines. Passwords are best left
            to PostgreSQL's own means (`PGPASSWORD`, `~/.pgpass`).
        timeout: How many seconds to go on trying while the journal can't be reached (a locked file, a database that
            is away), until `JournalUnavailable` is raised.
        rebind: Whether the journal takes over the service that it is used with next, once, and unless creates are open.
            A journal is about the service at one endpoint, and refuses any other; this is for one whose endpoint has
            another name by now.

    Raises:
        ConfigurationError: `where` names no kind of journal, or the extra `fleet-postgres` is not installed.
        JournalTooNew: A newer version of this package has written it.
        JournalError: It can't be opened, or it is no journal.
    """
    portal = portal_of(eks)
    manager = open_async_journal(where, timeout=timeout, rebind=rebind)
    opened = FleetJournal(portal, portal.call(manager.__aenter__))
    try:
        yield opened
    finally:
        try:
            portal.call(opened.end_runs)
        finally:  # Ctrl-C again
            portal.call(lambda: manager.__aexit__(None, None, None))
