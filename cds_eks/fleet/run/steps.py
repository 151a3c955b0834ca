"""What the service did on a cluster, for whoever looks at the report: asked for once, when all of it is there."""

from __future__ import annotations

from cds_eks.errors import EksError
from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.items import Item
from cds_eks.fleet.report.data import Moment
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.events import Step


async def tell_steps(context: Context, cluster: Item) -> None:
    """Tell the steps that the service has taken on a cluster, as events and for the report.

    They are told if they can be had: nothing depends on them.
    """
    cluster_id = own_id(cluster)
    assert cluster_id is not None
    try:
        async with context.budgets.read():
            taken = (await context.eks.clusters.list_events(cluster_id)).data
    except EksError:
        return
    moments: list[Moment] = []
    for step in taken:
        name = step.subtask_name or step.subtask_type or ""
        context.events.put(
            Step(
                item=cluster,
                name=name,
                status=step.status or "",
                started=step.subtask_start_time or "",
                elapsed=step.subtask_elapsed_time or "",
            )
        )
        if (began := step.started_at) is not None and name:
            moments.append(Moment(at=began.timestamp(), state=name))
    context.steps[cluster.id] = tuple(moments)
