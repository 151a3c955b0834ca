"""The end of a run whose journal is gone for good: what is not in it is in the error, in its report, and in the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import TYPE_CHECKING

import anyio

from cds_eks.fleet.ensure.attempt import Writer
from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.items import AuditEntry, Item, State
from cds_eks.fleet.journal.base import Journal, JournalError, JournalGone
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.run.reporting import Reported

if TYPE_CHECKING:
    from cds_eks.fleet.report.fleet_report import FleetReport

RUN_ENDED = "; the run has ended, and "
MOST_NAMED = 20
"""How many items the message names; the error has all."""


async def told_gone(
    error: JournalGone,
    writer: Writer,
    journal: Journal,
    report_from: Callable[[Reported], Awaitable[FleetReport]],
    settings: Settings,
) -> JournalGone:
    """Return the error of a run that had to end, with what it knows that is not in the journal.

    Args:
        error: What the journal has ended with.
        writer: The run's.
        journal: The journal: a file that was deleted can still be read.
        report_from: Makes the report of what is read from there.
        settings: What the run was asked for.
    """
    known = {**writer.cut_off, **writer.unwritten}
    told = type(error)(_in_words(error.message, known.values()), outcome="unknown" if known else "not_sent")
    told.unwritten = tuple(known.values())
    with anyio.CancelScope(shield=True), anyio.move_on_after(settings.limits.grace):
        try:
            told.report = await report_from(journal)
        except JournalError:
            told.report = await report_from(UnwrittenOnly(told.unwritten))
    return told


def told_of_all(error: JournalGone, others: Iterable[JournalGone]) -> JournalGone:
    """Return the error of many runners that had to end, with what all of them know that is not in the journal."""
    known = {item.id: item for each in (error, *others) for item in each.unwritten}
    if not known or set(known) == {item.id for item in error.unwritten}:
        return error
    [message, *_] = error.message.split(RUN_ENDED)
    told = type(error)(_in_words(message, known.values()), outcome="unknown")
    told.unwritten = tuple(known.values())
    return told


def _in_words(message: str, items: Collection[Item]) -> str:
    if not items:
        return f"{message}{RUN_ENDED}nothing that it knows is missing there"
    named = [f"{item.id} ({item.state}{', ' + id_ if (id_ := own_id(item)) else ''})" for item in items]
    more = [f"{len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
    return (
        f"{message}{RUN_ENDED}knows more than the journal of: {', '.join([*named[:MOST_NAMED], *more])}; "
        "the error has all of it (`unwritten`, `report`)"
    )


class UnwrittenOnly:
    """Stands for a journal that can't be read: it knows what was not written, and nothing else."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = tuple(items)

    async def items(self, *, states: Collection[State] | None = None, ids: Collection[str] | None = None) -> list[Item]:
        """See `Journal.items`."""
        return [
            item for item in self._items if (states is None or item.state in states) and (ids is None or item.id in ids)
        ]

    async def audit(self, item_id: str | None = None) -> list[AuditEntry]:  # noqa: ARG002 - a protocol's
        """See `Journal.audit`."""
        return []


def single(error: Exception) -> Exception:
    """Return the error that task groups have wrapped."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
