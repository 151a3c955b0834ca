"""What looks at the service for a run: its budgets, its poller, and its waits for pools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from cds_eks.fleet.items import Item
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.run.events import Event
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.limits import Budgets, FleetLimits
from cds_eks.fleet.run.outage import Outage
from cds_eks.fleet.run.poller import Poller
from cds_eks.fleet.run.pool_waits import PoolWaits

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient


def watch_service(
    eks: AsyncEksClient,
    journal: Journal,
    limits: FleetLimits,
    *,
    groups: Iterable[Group],
    open_items: Iterable[Item],
    on_event: Callable[[Event], None],
    on_hopeless: Callable[[str], None],
) -> tuple[Budgets, Poller, PoolWaits]:
    """Return what a run looks at the service with. Nothing is begun.

    Args:
        eks: The client.
        journal: The journal, whose clock is used.
        limits: How much is done at once.
        groups: What the run is about: only their VPCs are listed.
        open_items: What is settled before it.
        on_event: Is told when the service is away, and back.
        on_hopeless: Is told why if it can't be listed at all.
    """
    budgets = Budgets(limits, Outage(eks.endpoint, on_event))
    vpc_ids = {group.vpc_id for group in groups} | {item.vpc_id for item in open_items}
    poller = Poller(eks, journal, budgets, vpc_ids=vpc_ids, interval=limits.poll_interval, on_hopeless=on_hopeless)
    return budgets, poller, PoolWaits(eks, budgets, poller, fallback=limits.pool_fallback)
