"""Launching runners, for code that blocks."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import anyio

from cds_eks import fleet
from cds_eks._runtime.loops import new_loop

if TYPE_CHECKING:
    from cds_eks.fleet.ensure.decide import Adopt
    from cds_eks.fleet.ensure.wanted import WantedPlan
    from cds_eks.fleet.report.fleet_report import FleetReport
    from cds_eks.fleet.run.limits import FleetLimits
    from cds_eks.fleet.runners.client_settings import ClientSettings


def launch(
    plan: WantedPlan,
    *,
    journal: str | os.PathLike[str],
    executor: Executor | Callable[[], Executor] | None = None,
    runners: int = 1,
    client: ClientSettings | None = None,
    settle: float = 60.0,
    adopt: Adopt = "never",
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
    stop_on_error: bool = False,
    strict: bool = False,
    journal_timeout: float = 30.0,
    start_timeout: float = 600.0,
    timeout: float | None = None,
) -> FleetReport:
    """Carry a plan out with any number of runners, each of which does what `provision` does.

    The journal is their queue: each claims clusters by lease, so that a runner that is lost, frozen, or submitted twice
    makes nothing twice and loses nothing. Lost runners are replaced, and a broken pool of processes is
    built anew. One process is enough for one machine: more of them pay off on more machines.

    With Dask (extra `dask`): `executor=client.get_executor(pure=False)`.

    Args:
        plan: The plan; each runner resolves its secrets where it runs.
        journal: The journal's path, for one machine, or its PostgreSQL address.
        executor: Where the runners run; or a function that makes it, and makes it anew if it breaks; None for this
            process, or for processes of this machine if there are to be several runners.
        runners: How many runners to start.
        client: How each runner makes its client.
        settle: See `provision`.
        adopt: See `provision`.
        only: Names or patterns of clusters; all others are left alone. None for all.
        exclude: Names or patterns of clusters that are left alone.
        limits: What one runner does at once; only `requests_per_second` is for all of them together.
        stop_on_error: A runner creates nothing more once an item of its own has failed.
        strict: See `provision`.
        journal_timeout: How many seconds to go on trying while the journal can't be reached.
        start_timeout: How many seconds to wait while no runner shows in the journal that it has begun. The log
            warns of it after three leases.
        timeout: How many seconds the runners may take, all together; None for no limit. Then all of them end as if
            the launch was interrupted, and the report has `timed_out`. The same call again goes on.

    Returns:
        One report on all of it. If the task that waits for it is cancelled, it stops the runners of this launch, and no
        others, through the journal, and waits until they have ended.

    Raises:
        PlanError: The plan has faults; nothing was submitted.
        ConfigurationError: A runner can't work where it runs, or can't be sent there.
        ConnectFailed: The service could not be reached when the runners began: nothing was sent.
        RunnersLost: Runners are lost again and again, or none begins. The journal knows what is open: launch again.
        JournalGone: The journal was deleted or replaced meanwhile, or is another one where a runner runs. All runners
            have ended by then, or are being stopped.
        JournalError: The journal can't be read.
    """
    launched = functools.partial(
        fleet.launch,
        plan,
        journal=journal,
        executor=executor,
        runners=runners,
        client=client,
        settle=settle,
        adopt=adopt,
        only=only,
        exclude=exclude,
        limits=limits,
        stop_on_error=stop_on_error,
        strict=strict,
        journal_timeout=journal_timeout,
        start_timeout=start_timeout,
        timeout=timeout,
    )
    return anyio.run(launched, backend="asyncio", backend_options={"loop_factory": new_loop})
