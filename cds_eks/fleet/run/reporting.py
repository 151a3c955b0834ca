"""What became of the items of a run, from the journal and its audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import attrs

from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.ensure.wanted import WantedPlan
from cds_eks.fleet.hidden import Hidden
from cds_eks.fleet.items import FIRST_POOL, AuditEntry, Item, cluster_item_id, ids_of_service
from cds_eks.fleet.journal.steps import planned
from cds_eks.fleet.report.data import Moment, ReportItem, ReportPlan
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.pool_life import MADE_WITH_CLUSTER

if TYPE_CHECKING:
    from cds_eks.fleet.report.fleet_report import FleetReport


@attrs.frozen(kw_only=True)
class Findings:
    """What a run has found out that is not in the journal.

    Attributes:
        stopped: Why no more creates were made, or None.
        timed_out: Whether it was ended because its `timeout` had passed.
        differences: What comparisons have shown, by the item's id.
        steps: What the service did on each cluster, by the item's id.
    """

    stopped: str | None = None
    timed_out: bool = False
    differences: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    steps: Mapping[str, Sequence[Moment]] = attrs.field(factory=dict)


def without_secrets(found: Findings, hidden: Hidden) -> Findings:
    """Return findings in whose texts no secret is."""
    return attrs.evolve(
        found,
        stopped=None if found.stopped is None else hidden.text(found.stopped),
        differences=hidden.plain(found.differences),
        steps={
            id_: tuple([attrs.evolve(moment, state=hidden.text(moment.state)) for moment in moments])
            for id_, moments in found.steps.items()
        },
    )


class Reported(Protocol):
    """What a report reads of a journal."""

    async def items(self, *, ids: Collection[str] | None = None) -> list[Item]:
        """See `Journal.items`."""
        ...  # pragma: no cover - a protocol has no body

    async def audit(self) -> list[AuditEntry]:
        """See `Journal.audit`."""
        ...  # pragma: no cover - a protocol has no body


async def report_of(
    journal: Reported,
    groups: Sequence[Group],
    *,
    plan: WantedPlan,
    times: tuple[float, float],
    stopped: str | None,
    differences: Mapping[str, Mapping[str, Any]],
    steps: Mapping[str, Sequence[Moment]] | None = None,
    goal: Literal["ready", "deleted"] = "ready",
    unwritten: Mapping[str, Item] | None = None,
    timed_out: bool = False,
) -> FleetReport:
    """Return the report on some clusters and their pools.

    Args:
        journal: The journal.
        groups: The clusters with their pools.
        plan: The plan that they are of.
        times: When the run began and ended, by the journal's clock.
        stopped: Why no more creates were made, or None.
        differences: What comparisons have shown, by the item's id.
        steps: What the service did on each cluster, by the item's id.
        goal: The state that all items were to reach.
        unwritten: Items that may not be in the journal as they are, by their ids.
        timed_out: Whether the run was ended because its `timeout` had passed.
    """
    from cds_eks.fleet.report.fleet_report import FleetReport  # it lies above, and is only needed now

    ids = [id_ for group in groups for id_ in group.item_ids]
    items = {item.id: _latest(item, (unwritten or {}).get(item.id)) for item in await journal.items(ids=ids)}
    dropped = [] if goal == "deleted" else await _dropped(journal, items.values(), since=times[0])
    items |= {pool.id: pool for pool in dropped}
    ids += [pool.id for pool in dropped]
    if goal == "deleted":  # what was never there is not told of
        items = {id_: item for id_, item in items.items() if item.state not in ("planned", "refused")}
    elif len(items) < len(ids):  # of a journal that this plan was never carried out with, nothing is left out
        items = {item.id: planned(item) for item in plan.items()} | items
    moments: dict[str, list[Moment]] = defaultdict(list)
    for entry in await journal.audit():
        if entry.item_id in items:
            seen = moments[entry.item_id]
            at = entry.at
            if entry.action == MADE_WITH_CLUSTER:
                at = _built_since(at, seen, moments[_cluster_of(items[entry.item_id])])
            if not seen or seen[-1].state != entry.state:
                seen.append(Moment(at=at, state=entry.state))
    for id_, taken in (steps or {}).items():
        moments[id_] = sorted([*moments[id_], *taken], key=lambda moment: moment.at)
    told = tuple([report_item(items[id_], moments[id_], differences.get(id_, {})) for id_ in ids if id_ in items])
    return FleetReport(
        items=told,
        started_at=times[0],
        ended_at=times[1],
        plan=ReportPlan(source=plan.source, digest=plan.digest),
        stopped=stopped,
        goal=goal,
        timed_out=timed_out,
    )


def _latest(item: Item, unwritten: Item | None) -> Item:
    """Return an item as the journal has it, unless what could not be written is newer, or knows what that does not.

    A runner that stood still may have lost the item's lease, and others have seen to it since.

    Args:
        item: As the journal has it.
        unwritten: As a runner knows it, with the time of what that was to follow; None if all was written.
    """
    if unwritten is None:
        return item
    is_newer = (item.epoch, item.changed_at) > (unwritten.epoch, unwritten.changed_at)
    return item if is_newer and own_id(unwritten) in (None, own_id(item)) else unwritten


async def _dropped(journal: Reported, items: Iterable[Item], *, since: float) -> list[Item]:
    """Return the pools that were made with their clusters, and are in the plan no more, if there is news of them."""
    known = {item.id: item for item in items}
    clusters = {item.ids.get(FIRST_POOL) for item in known.values() if own_id(item) is not None}
    found = await journal.items(ids=ids) if (ids := {id_ for id_ in clusters if id_} - known.keys()) else []
    return [item for item in found if own_id(item) is None or item.changed_at >= since]


def _cluster_of(item: Item) -> str:
    return cluster_item_id(item.vpc_id, item.cluster_name)


def _built_since(at: float, own: Sequence[Moment], cluster: Sequence[Moment]) -> float:
    """Return since when a first pool is being built: it is seen late, and was accepted with its cluster.

    Args:
        at: When it was first seen.
        own: What had become of it before.
        cluster: What had become of its cluster.
    """
    accepted = [moment.at for moment in cluster if moment.state == "accepted"]
    earliest = own[-1].at if own else 0.0
    return accepted[-1] if accepted and earliest <= accepted[-1] <= at else at


def report_item(item: Item, history: Sequence[Moment], found: Mapping[str, Any]) -> ReportItem:
    """Return an item as a report tells of it.

    Args:
        item: The item, as the journal has it.
        history: What became of it, and when.
        found: What a comparison or a list has shown of it: `unseen` for a field that the service does not show, and its
            `cluster_status`; all else is a difference.
    """
    unseen = tuple(name for name, value in found.items() if value == "unseen")
    return ReportItem(
        kind=item.kind,
        name=item.name,
        cluster_name=item.cluster_name,
        vpc_id=item.vpc_id,
        state=item.state,
        ids=ids_of_service(item),
        origin=item.origin,
        request_id=item.request_id,
        error=item.error,
        history=tuple(history),
        differences={name: value for name, value in found.items() if name not in (*unseen, "cluster_status")},
        replicas=item.replicas,
        unseen=unseen,
        cluster_status=found.get("cluster_status"),
    )
