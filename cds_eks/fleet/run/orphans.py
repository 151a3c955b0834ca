"""`orphans`: clusters that are called like those of a plan, and are in no journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import attrs

from cds_eks.errors import InvalidRequestError
from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.ensure.wanted import WantedPlan
from cds_eks.fleet.hidden import hidden_of
from cds_eks.fleet.items import OPEN, Item
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.run.arguments import check_arguments
from cds_eks.fleet.run.selection import selected
from cds_eks.fleet.run.service import check_service
from cds_eks.schema.status import is_leaving

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient


NONE_KNOWN = (
    "nothing was deleted: the journal knows none of the plan's clusters, so that all of their names are orphans to it; "
    "is it the one that they were made with?"
)


@attrs.frozen(kw_only=True)
class Orphan:
    """A cluster with the name of one in a plan that is in no journal.

    Attributes:
        cluster_id: Its id.
        name: Its name.
        vpc_id: Its VPC.
        status: Its status, in the service's words.
        created: When it was made, in the service's words.
        is_deleted: Whether its deletion was accepted just now.
    """

    cluster_id: str
    name: str
    vpc_id: str
    status: str = ""
    created: str = ""
    is_deleted: bool = False


async def orphans(
    eks: AsyncEksClient,
    plan: WantedPlan,
    *,
    journal: Journal,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    prune: bool = False,
    ids: Collection[str] = (),
    trust_empty_journal: bool = False,
) -> list[Orphan]:
    """Find the clusters that have the name and the VPC of one in the plan, and that the journal does not know.

    Clusters whose name has an open create are left out: they may be what it has made.

    Args:
        eks: The client.
        plan: The plan.
        journal: The journal.
        only: Names of clusters, or patterns; all others are left alone. None for all.
        exclude: Names or patterns of clusters that are left alone.
        prune: Delete those of them whose `ids` are given.
        ids: The ids of what is to be deleted; each must be one that is found.
        trust_empty_journal: Prune also with a journal that knows none of the plan's clusters. All clusters that are
            called as in the plan are orphans to it, running ones that another journal has made too.

    Raises:
        InvalidRequestError: An id is none of an orphan's, or of one whose name the plan or the journal protects; or
            `prune` comes without ids, or ids without it; or the journal knows none of the plan's clusters.
    """
    check_arguments(eks, plan, journal)
    if isinstance(ids, str) or prune != bool(ids):
        raise InvalidRequestError("ids", "must be a collection of ids with `prune=True`, and left out without it")
    await check_service(eks, journal)
    if prune and not trust_empty_journal and not knows_any(plan, await journal.items()):
        raise InvalidRequestError("prune", NONE_KNOWN)
    keys = {(cluster.name, cluster.vpc_id) for cluster in selected(plan.clusters, only, exclude)}
    answer = await eks.clusters.list()
    known: set[str] = set()
    protected = {(each.cluster_name, each.vpc_id) for each in plan.items() if each.protect}
    for item in await journal.items():  # read after the list, so that what was made in between is known
        if item.protect:
            protected.add((item.cluster_name, item.vpc_id))
        if item.kind != "cluster":
            continue
        if (cluster_id := own_id(item)) is not None:
            known.add(cluster_id)
        if item.state in OPEN:
            keys.discard((item.name, item.vpc_id))
    found = [
        Orphan(
            cluster_id=each.cluster_id,
            name=each.cluster_name or "",
            vpc_id=each.vpc_id or "",
            status=each.cluster_status or "",
            created=each.create_time or "",
        )
        for each in answer.data
        if (each.cluster_name, each.vpc_id) in keys
        and each.cluster_id not in known
        and not is_leaving(each.cluster_status)
    ]
    hidden = hidden_of(plan)
    found = [
        attrs.evolve(each, status=hidden.text(each.status), created=hidden.text(each.created))
        for each in found
        if not hidden.is_in(each.cluster_id)
    ]
    if not prune:
        return found
    wanted = set(ids)
    if unknown := wanted - {each.cluster_id for each in found}:
        raise InvalidRequestError("ids", f"{', '.join(sorted(unknown))} is no orphan of this plan: nothing was deleted")
    refused = [each.cluster_id for each in found if (each.name, each.vpc_id) in protected and each.cluster_id in wanted]
    if refused:
        raise InvalidRequestError("ids", f"{', '.join(refused)} has a name that is protected: nothing was deleted")
    return [await _deleted(eks, each) if each.cluster_id in wanted else each for each in found]


def knows_any(plan: WantedPlan, items: Iterable[Item]) -> bool:
    """Whether a journal with these items knows anything of one of a plan's clusters."""
    keys = {(cluster.name, cluster.vpc_id) for cluster in plan.clusters}
    return any((item.cluster_name, item.vpc_id) in keys for item in items)


async def _deleted(eks: AsyncEksClient, orphan: Orphan) -> Orphan:
    await eks.clusters.delete(orphan.cluster_id)
    return attrs.evolve(orphan, is_deleted=True)
