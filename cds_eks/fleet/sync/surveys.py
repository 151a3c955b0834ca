"""What is there of a fleet, for code that blocks: each is the async one of the same name, on the client's thread."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cds_eks import fleet
from cds_eks.fleet.sync.calls import call
from cds_eks.fleet.sync.journal import FleetJournal

if TYPE_CHECKING:
    from cds_eks.fleet.ensure.wanted import WantedPlan
    from cds_eks.fleet.report.fleet_report import FleetReport
    from cds_eks.fleet.run.limits import FleetLimits
    from cds_eks.fleet.run.orphans import Orphan
    from cds_eks.sync.client import EksClient


def status(
    eks: EksClient,
    plan: WantedPlan,
    *,
    journal: FleetJournal,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
) -> FleetReport:
    """Report what the journal knows about a plan, and how the service shows each cluster now (`cluster_status`).

    What the journal does not know is `planned`. A running cluster whose pools are all ready, but which shows another
    number of nodes than they have with its masters, has `node_sum` among its differences: somebody may have deleted or
    scaled a pool, and `diff` shows which. It costs one list. Nothing is changed.
    """
    return call(eks, journal, lambda eks, journal: fleet.status(eks, plan, journal=journal, only=only, exclude=exclude))


def diff(
    eks: EksClient,
    plan: WantedPlan,
    *,
    journal: FleetJournal,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
) -> FleetReport:
    """Report how each cluster and each pool differs from the plan.

    Each item's `differences` name what differs, by the plan's fields, with both values; `unseen` names what the
    service does not show. What is not there has `there` among its differences; what is there, but is not the
    journal's, has `in_journal`: a run fails on it with `AlreadyExists`, unless it is adopted or imported. A cluster
    with pools that are in no plan has `unplanned`. Nothing is changed, and what lists do not show yet counts as not
    there.
    """
    return call(
        eks,
        journal,
        lambda eks, journal: fleet.diff(eks, plan, journal=journal, only=only, exclude=exclude, limits=limits),
    )


def orphans(
    eks: EksClient,
    plan: WantedPlan,
    *,
    journal: FleetJournal,
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
    return call(
        eks,
        journal,
        lambda eks, journal: fleet.orphans(
            eks,
            plan,
            journal=journal,
            only=only,
            exclude=exclude,
            prune=prune,
            ids=ids,
            trust_empty_journal=trust_empty_journal,
        ),
    )
