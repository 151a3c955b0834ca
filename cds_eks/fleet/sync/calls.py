"""What is done with fleets, for code that blocks: each is the async one of the same name, on the client's thread."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from cds_eks import fleet
from cds_eks.fleet.run.arguments import check_kind
from cds_eks.fleet.sync.journal import FleetJournal
from cds_eks.fleet.sync.portals import portal_of
from cds_eks.fleet.sync.run import FleetRun
from cds_eks.sync.event_loop_thread import current_client

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient
    from cds_eks.fleet.ensure.decide import Adopt
    from cds_eks.fleet.ensure.wanted import WantedPlan
    from cds_eks.fleet.journal.base import Journal
    from cds_eks.fleet.plan.model import Plan
    from cds_eks.fleet.report.fleet_report import FleetReport
    from cds_eks.fleet.run.fleet_run import FleetRun as AsyncFleetRun
    from cds_eks.fleet.run.limits import FleetLimits
    from cds_eks.sync.client import EksClient

T = TypeVar("T")
NOT_OPEN = "journal must be an open journal, not {}: open it with `with fleet.sync.open_journal(eks, …) as journal:`"


def provision(
    eks: EksClient,
    plan: WantedPlan,
    *,
    journal: FleetJournal,
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

    async def make(eks: AsyncEksClient, journal: Journal) -> AsyncFleetRun:
        return fleet.provision(
            eks,
            plan,
            journal=journal,
            settle=settle,
            adopt=adopt,
            only=only,
            exclude=exclude,
            limits=limits,
            stop_on_error=stop_on_error,
            strict=strict,
            timeout=timeout,
        )

    return _run(eks, journal, make)


def destroy(
    eks: EksClient,
    plan: WantedPlan,
    *,
    journal: FleetJournal,
    settle: float = 60.0,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
    stop_on_error: bool = False,
    include_adopted: bool = False,
    timeout: float | None = None,
) -> FleetRun:
    """Delete the clusters of a plan, with their pools, by the ids that the journal has of them, and nothing else.

    Args:
        eks: The client; it stays open.
        plan: The plan.
        journal: The journal.
        settle: For how many seconds "not found" does not mean "gone" after a create.
        only: Names of clusters, or patterns such as `gpu-0*`; all others are left alone. None for all.
        exclude: Names or patterns of clusters that are left alone.
        limits: How much is done at once, and for how long.
        stop_on_error: Begin nothing more once a deletion has failed.
        include_adopted: Delete also what was adopted or imported: it was made by somebody else.
        timeout: How many seconds the run may take, whatever it waits for; None for no limit. Then it ends as if it was
            interrupted: nothing new is begun, creates that are under way may end within `FleetLimits.grace`, and
            the report has `timed_out`. The same call goes on later.

    Returns:
        The run. It begins when it is iterated, or its `report` awaited; the report is on what there was.

    Raises:
        ConfigurationError: `only` or `exclude` matches no cluster of the plan.
    """

    async def make(eks: AsyncEksClient, journal: Journal) -> AsyncFleetRun:
        return fleet.destroy(
            eks,
            plan,
            journal=journal,
            settle=settle,
            only=only,
            exclude=exclude,
            limits=limits,
            stop_on_error=stop_on_error,
            include_adopted=include_adopted,
            timeout=timeout,
        )

    return _run(eks, journal, make)


def import_(
    eks: EksClient,
    plan: WantedPlan,
    *,
    journal: FleetJournal,
    ids: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
) -> FleetReport:
    """Take clusters of a plan that somebody else has made into the journal, as `imported`, with their pools by name.

    Nothing is created or changed at the service. What the journal knows already stays as it is.

    Args:
        eks: The client.
        plan: The plan.
        journal: The journal.
        ids: The cluster's id by its name in the plan, where several have that name; the others are found by name.
        only: Names of clusters, or patterns; all others are left alone. None for all.
        exclude: Names or patterns of clusters that are left alone.
        limits: How much is done at once, and for how long.

    Returns:
        The report, with the differences between what is there and the plan, as `diff` reports them.

    Raises:
        InvalidRequestError: An id in `ids` is not listed, or with another name or VPC than the plan's, or the name that
            it is given for is none of the plan's.
    """
    return call(
        eks,
        journal,
        lambda eks, journal: fleet.import_(
            eks, plan, journal=journal, ids=ids, only=only, exclude=exclude, limits=limits
        ),
    )


def save(eks: EksClient, plan: Plan, path: str | os.PathLike[str], *, journal: FleetJournal) -> None:
    """Write a plan into a file, with digests of what the journal and the service say of it now.

    Secrets are in it by reference only: a plan with an inline one is refused, for what is left out can't be applied.

    Args:
        eks: The client.
        plan: The plan.
        path: The file; it is written for its user alone.
        journal: The journal.

    Raises:
        PlanError: The plan has faults, or inline secrets; it names their fields.
    """
    return call(eks, journal, lambda eks, journal: fleet.save(eks, plan, path, journal=journal))


def apply(eks: EksClient, path: str | os.PathLike[str], *, journal: FleetJournal, **settings: Any) -> FleetRun:
    """Carry a saved plan out, if nothing has changed since it was saved.

    Args:
        eks: The client.
        path: The file.
        journal: The journal.
        **settings: As `provision` takes them.

    Returns:
        The run, which is `provision`'s.

    Raises:
        PlanOutdated: The file, the journal or the service has changed. It is raised when the run begins; with `await`,
            and from code that blocks, at once.
        ConfigurationError: The file is no saved plan.
    """
    return _run(eks, journal, lambda eks, journal: fleet.apply(eks, path, journal=journal, **settings))


def call(eks: EksClient, journal: FleetJournal, work: Callable[[AsyncEksClient, Journal], Awaitable[T]]) -> T:
    """Run an async call with the async client and journal, and return its result."""
    portal = portal_of(eks)
    check_kind(journal, FleetJournal, NOT_OPEN)
    opened = journal.opened_with(portal)
    return portal.call(lambda: work(current_client(), opened))


def _run(
    eks: EksClient, journal: FleetJournal, make: Callable[[AsyncEksClient, Journal], Awaitable[AsyncFleetRun]]
) -> FleetRun:
    """Make a run on the client's event loop."""
    return FleetRun(portal_of(eks), call(eks, journal, make), journal)
