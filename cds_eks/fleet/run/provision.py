"""`provision`: carry a plan out, each cluster and each pool exactly once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import attrs

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.ensure.decide import Adopt, own_id
from cds_eks.fleet.ensure.wanted import WantedCluster, WantedPlan
from cds_eks.fleet.items import FIRST_POOL, Item, NewItem, State, cluster_item_id
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.plan.faults import PlanError
from cds_eks.fleet.run.arguments import check_arguments
from cds_eks.fleet.run.context import Context, Settings
from cds_eks.fleet.run.fleet_run import FleetRun
from cds_eks.fleet.run.group import Group, GroupLife, group_of
from cds_eks.fleet.run.limits import FleetLimits, checked_limits
from cds_eks.fleet.run.pool_waits import PoolWaits
from cds_eks.fleet.run.reporting import Reported
from cds_eks.fleet.run.requests import request_of
from cds_eks.fleet.run.selection import selected

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient

NEED_SECRETS: frozenset[State] = frozenset({"planned", "refused", "sending", "unknown", "deleted"})
"""States of items that may be created in a run."""


def provision(
    eks: AsyncEksClient,
    plan: WantedPlan,
    *,
    journal: Journal,
    settle: float = 60.0,
    adopt: Adopt = "never",
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
    stop_on_error: bool = False,
    strict: bool = False,
    timeout: float | None = None,
) -> FleetRun:
    """Carry a plan out: each cluster and each node pool exactly once, whatever fails on the way.

    Args:
        eks: The client; it stays open.
        plan: The plan.
        journal: The journal, which knows what was begun and what became of it, also after this process is killed.
        settle: For how many seconds to look for a create whose response was lost before it counts as not made. With
            0 the first two lists decide, which is right only where lists never lag: otherwise it is made twice.
        adopt: What to do about a cluster or pool of the same name that no create of this journal has made: `never`
            fails it, `matching` takes it over if nothing is different that can be seen, `require` the same and creates
            nothing.
        only: Names of clusters, or patterns such as `gpu-0*`; all others are left alone. None for all.
        exclude: Names or patterns of clusters that are left alone.
        limits: How much is done at once, and for how long.
        stop_on_error: Create nothing more once an item has failed.
        strict: Delay a second create also until the first is too old for the service.
        timeout: How many seconds the run may take, whatever it waits for; None for no limit. Then it ends as if it was
            interrupted: nothing new is begun, creates that are under way may end within `FleetLimits.grace`, and
            the report has `timed_out`. The same call goes on later.

    Returns:
        The run. It begins when it is iterated, or its `report` awaited.

    Raises:
        PlanError: The plan has faults.
        ConfigurationError: There is no such `adopt`, or `only` or `exclude` matches no cluster of the plan.
    """
    check_arguments(eks, plan, journal, limits)
    settings, job = prepared(
        plan,
        settle=settle,
        adopt=adopt,
        only=only,
        exclude=exclude,
        limits=limits,
        stop_on_error=stop_on_error,
        strict=strict,
        timeout=timeout,
    )
    return FleetRun(eks, plan, journal, settings, job)


def prepared(
    plan: WantedPlan,
    *,
    settle: float = 60.0,
    adopt: Adopt = "never",
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
    stop_on_error: bool = False,
    strict: bool = False,
    timeout: float | None = None,
) -> tuple[Settings, ProvisionJob]:
    """Return the settings and the job of a run; see `provision`."""
    settings = checked_settings(
        settle=settle,
        adopt=adopt,
        stop_on_error=stop_on_error,
        strict=strict,
        limits=checked_limits(limits),
        timeout=timeout,
    )
    return settings, ProvisionJob(plan, selected(plan.clusters, only, exclude))


def checked_settings(
    *, settle: float, adopt: Adopt, stop_on_error: bool, strict: bool, limits: FleetLimits, timeout: float | None
) -> Settings:
    """Return the settings of a run.

    Raises:
        ConfigurationError: There is no such `adopt`, or a number makes no sense.
    """
    if adopt not in ("never", "matching", "require"):
        raise ConfigurationError(f"adopt must be 'never', 'matching' or 'require', not {adopt!r}")
    return Settings(
        settle=settle, adopt=adopt, stop_on_error=stop_on_error, strict=strict, limits=limits, timeout=timeout
    )


class ProvisionJob:
    """Have the clusters of a plan there, with their pools.

    Args:
        plan: The plan.
        clusters: Those of its clusters that are meant.
    """

    goal: Literal["ready"] = "ready"
    differing: Sequence[Item] = ()
    complaint: None = None

    def __init__(self, plan: WantedPlan, clusters: Sequence[WantedCluster]) -> None:
        self._plan = plan
        self._groups = tuple(group_of(cluster) for cluster in clusters)
        self.asked: Mapping[str, NewItem] = {}

    def life_of(self, context: Context, waits: PoolWaits, group: Group, items: Mapping[str, Item]) -> GroupLife:
        """Return what sees to one cluster."""
        return GroupLife(context, waits, group, items)

    async def groups(self, journal: Journal) -> Sequence[Group]:
        """Put what is wanted into the journal, and return it.

        Raises:
            PlanError: The plan has faults.
        """
        if faults := self._plan.check():
            raise PlanError(faults)
        ids = {id_ for group in self._groups for id_ in group.item_ids}
        asked = self.asked = {item.id: item for item in self._plan.items() if item.id in ids}
        await journal.add(asked.values())
        await self._unprotect(journal)
        known = await journal.items(ids=ids)
        if getattr(self._plan, "runs_commands", False) and any(item.state in NEED_SECRETS for item in known):
            await try_commands(self._plan)
        self.differing = tuple(item for item in known if item.digest not in ("", asked[item.id].digest))
        return self._groups

    async def expected(self, journal: Reported) -> Sequence[Group]:  # noqa: ARG002 - a protocol's
        """Return what is wanted, whether it is in the journal or not."""
        return self._groups

    async def whole(self, journal: Journal, groups: Sequence[Group], clusters: Mapping[str, Item]) -> Sequence[Group]:
        """Add the pool that went with a cluster's create, if the plan has it no more and nobody has noted it yet."""
        made_with = {group.id: clusters[group.id].ids.get(FIRST_POOL, "") for group in groups}
        dropped = {made_with[group.id] for group in groups} - {"", *(id_ for group in groups for id_ in group.pool_ids)}
        if not dropped:
            return groups
        pending = {item.id for item in await journal.items(ids=dropped) if own_id(item) is None}
        return tuple(
            attrs.evolve(group, pool_ids=(*group.pool_ids, made_with[group.id]))
            if made_with[group.id] in pending
            else group
            for group in groups
        )

    async def dropped(self, journal: Journal, settled: Collection[str]) -> Sequence[Group]:
        """Return what of the items that this run has settled is there, though the plan has it no more.

        What the plan has, and this run leaves out, is left out here too.
        """
        in_plan, groups = {item.id for item in self._plan.items()}, {group.id: group for group in self._groups}
        dropped = set(settled) - in_plan
        found = await journal.items(ids=dropped) if dropped else []
        found = [item for item in found if item.state == "accepted" and own_id(item) is not None]
        of_clusters = {_cluster_of(item) for item in found}
        clusters = await journal.items(ids=of_clusters - (in_plan - groups.keys())) if found else []
        for cluster in clusters:
            group = groups.get(cluster.id) or Group(wanted=None, vpc_id=cluster.vpc_id, id=cluster.id, pool_ids=())
            pools = [item.id for item in found if item.kind == "node_pool" and _cluster_of(item) == cluster.id]
            groups[cluster.id] = attrs.evolve(group, pool_ids=(*group.pool_ids, *pools))
        return [groups[cluster.id] for cluster in clusters if own_id(cluster) is not None]

    async def _unprotect(self, journal: Journal) -> None:
        """Take back the protection of clusters that the plan says may be deleted, with all their pools.

        Those are meant too that no plan has any more: nobody could take it back of them.
        """
        freed = {group.id for group in self._groups if getattr(group.wanted, "unprotect", False)}
        if not freed:
            return
        ids = [item.id for item in await journal.items() if item.protect and _cluster_of(item) in freed]
        if ids:
            await journal.unprotect(ids)

    def is_to_settle(self, item: Item) -> bool:  # noqa: ARG002 - a protocol's
        """All open items are settled, also those of other plans."""
        return True


async def try_commands(plan: WantedPlan) -> None:
    """Have all commands of secrets run once, so that one which fails does so before the first item, not in each.

    Raises:
        PlanError: One has failed.
    """
    if faults := await request_of(plan, partial(plan.check, run_commands=True)):
        raise PlanError(faults)


def _cluster_of(item: Item) -> str:
    return cluster_item_id(item.vpc_id, item.cluster_name)
