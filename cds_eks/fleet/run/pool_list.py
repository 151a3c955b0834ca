"""The node pools of one cluster, as they were listed last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import attrs

from cds_eks.errors import NotFound
from cds_eks.fleet.ensure.sighting import Seen, seen_pools
from cds_eks.models import NodePool

if TYPE_CHECKING:
    from cds_eks.fleet.run.context import Context


@attrs.frozen(kw_only=True)
class Listed:
    """One list of the pools of a cluster.

    Attributes:
        asked_at: When it was asked for, by the event loop's clock.
        began: The same by the journal's clock.
        pools: The pools, by id.
        seen: The same by name; None if the cluster was not found.
    """

    asked_at: float
    began: float
    pools: dict[str, NodePool]
    seen: Seen | None


class PoolList:
    """Lists the pools of one cluster. One list serves all its pools, while it is not older than a round of polls.

    Args:
        context: What the run shares.
        cluster_id: The cluster.
    """

    def __init__(self, context: Context, cluster_id: str) -> None:
        self._context = context
        self._cluster_id = cluster_id
        self._latest: Listed | None = None

    async def recent(self) -> Listed:
        """Return a list that is as new as the poller's of clusters: for what no create of ours is open for."""
        latest = self._latest
        if latest is None or anyio.current_time() - latest.asked_at > self._context.poller.interval:
            return await self.fresh()
        return latest

    async def fresh(self) -> Listed:
        """Ask for a list now."""
        context = self._context
        async with context.budgets.read():
            asked_at, began = anyio.current_time(), await context.journal.now()
            try:
                answer = await context.eks.node_pools.list(self._cluster_id)
            except NotFound as error:
                if not error.code:
                    raise
                # Reads lag, or the cluster is gone, and its pools with it. Nobody else is to be told that.
                self._latest = None
                return Listed(asked_at=asked_at, began=began, pools={}, seen=None)
        pools, total = answer.data.node_pool, answer.data.total
        seen = seen_pools(began, pools, total)
        self._latest = Listed(asked_at=asked_at, began=began, pools={pool.id: pool for pool in pools}, seen=seen)
        return self._latest
