"""All open creates of a journal are settled before a run creates anything new."""

from __future__ import annotations

from collections.abc import Iterable

import anyio

from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.items import OPEN, Item, cluster_item_id
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.run.cluster_life import ClusterLife
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.holders import Holders
from cds_eks.fleet.run.leases import Leases
from cds_eks.fleet.run.pool_life import PoolLife
from cds_eks.fleet.run.pool_waits import PoolWaits


async def settle_open(
    context: Context, leases: Leases, waits: PoolWaits, holders: Holders, open_items: Iterable[Item]
) -> frozenset[str]:
    """Settle what was open when the run began.

    What another runner holds is left to it: it is waited for until that has settled it, or its lease has ended.

    Args:
        context: What the run shares.
        leases: This runner's.
        waits: What the waits for pools have learned.
        holders: The other runners.
        open_items: The open items of the journal, as they were when the run began.

    Returns:
        The ids of what this runner has settled: no other one goes on with that, unless its plan has it.
    """
    epochs = {item.id: item.epoch for item in open_items}
    settled: set[str] = set()
    while epochs:
        try:
            claimed = await leases.claim(list(epochs), len(epochs))
            for item in claimed:
                if not _is_still_open(item, epochs):
                    del epochs[item.id]
            mine = [item for item in claimed if item.id in epochs]
            async with anyio.create_task_group() as group:
                for item in mine:
                    group.start_soon(_settle, context, waits, item, epochs)
            settled |= {item.id for item in mine} - epochs.keys()
            if claimed:
                await leases.release([item.id for item in claimed])
            if epochs and await holders.look(list(epochs)):
                continue
            if epochs:
                await anyio.sleep(min(context.poller.interval, context.settings.limits.lease / 3))
                for item in await context.journal.items(ids=list(epochs)):
                    if not _is_still_open(item, epochs):
                        del epochs[item.id]
        except JournalError:
            await anyio.sleep(context.poller.interval)
    return frozenset(settled)


def _is_still_open(item: Item, epochs: dict[str, int]) -> bool:
    return item.state in OPEN and item.epoch == epochs[item.id]


async def _settle(context: Context, waits: PoolWaits, item: Item, epochs: dict[str, int]) -> None:
    """Settle one item, and take it off the list, unless another runner has it by now, or the journal is away."""
    try:
        if item.kind == "cluster":
            await ClusterLife(context, item).settle()
        else:
            cluster = await _cluster_of(context, item)
            if cluster is None or own_id(cluster) is None:
                context.gate.close(f"an open create can't be looked for: {item.id} is in no cluster that is known")
            else:
                await PoolLife(context, item, cluster, waits=waits).settle()
    except JournalError:
        return  # it is another runner's by now; or the journal is away, and it is claimed once more
    epochs.pop(item.id, None)


async def _cluster_of(context: Context, item: Item) -> Item | None:
    return await context.journal.get(cluster_item_id(item.vpc_id, item.cluster_name))
