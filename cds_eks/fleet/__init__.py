"""Fleets: a thousand clusters from one plan, each exactly once.

```python
plan = fleet.Plan.load("fleet.toml")
async with AsyncEksClient() as eks, fleet.open_journal("fleet.db") as journal:
    report = await fleet.provision(eks, plan, journal=journal).report()
```
"""

from cds_eks._runtime.lazy import lazily

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks.fleet import sync
    from cds_eks.fleet.journal.base import (
        JournalClosed,
        JournalError,
        JournalGone,
        JournalTooNew,
        JournalUnavailable,
        LeaseLost,
    )
    from cds_eks.fleet.journal.opening import open_journal
    from cds_eks.fleet.plan import Plan, PlanError, PlanFault
    from cds_eks.fleet.report.data import ReportItem
    from cds_eks.fleet.report.fleet_report import FleetReport
    from cds_eks.fleet.run.destroy import destroy
    from cds_eks.fleet.run.events import (
        ItemChanged,
        ItemDiffers,
        JournalAway,
        JournalBack,
        RunEnded,
        RunStarted,
        ServiceAway,
        ServiceBack,
        Step,
        StoppedCreating,
        WaitingForLease,
    )
    from cds_eks.fleet.run.fleet_run import FleetRun
    from cds_eks.fleet.run.importing import import_
    from cds_eks.fleet.run.limits import FleetLimits
    from cds_eks.fleet.run.orphans import Orphan, orphans
    from cds_eks.fleet.run.provision import provision
    from cds_eks.fleet.run.saved import PlanOutdated, apply, save
    from cds_eks.fleet.run.survey import diff, status
    from cds_eks.fleet.runners.client_settings import ClientSettings
    from cds_eks.fleet.runners.launching import launch
    from cds_eks.fleet.runners.pool import RunnersLost
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "ClientSettings": "cds_eks.fleet.runners.client_settings",
            "FleetLimits": "cds_eks.fleet.run.limits",
            "FleetReport": "cds_eks.fleet.report.fleet_report",
            "FleetRun": "cds_eks.fleet.run.fleet_run",
            "ItemChanged": "cds_eks.fleet.run.events",
            "ItemDiffers": "cds_eks.fleet.run.events",
            "JournalAway": "cds_eks.fleet.run.events",
            "JournalBack": "cds_eks.fleet.run.events",
            "JournalClosed": "cds_eks.fleet.journal.base",
            "JournalError": "cds_eks.fleet.journal.base",
            "JournalGone": "cds_eks.fleet.journal.base",
            "JournalTooNew": "cds_eks.fleet.journal.base",
            "JournalUnavailable": "cds_eks.fleet.journal.base",
            "LeaseLost": "cds_eks.fleet.journal.base",
            "Orphan": "cds_eks.fleet.run.orphans",
            "Plan": "cds_eks.fleet.plan",
            "PlanError": "cds_eks.fleet.plan",
            "PlanFault": "cds_eks.fleet.plan",
            "PlanOutdated": "cds_eks.fleet.run.saved",
            "ReportItem": "cds_eks.fleet.report.data",
            "RunEnded": "cds_eks.fleet.run.events",
            "RunStarted": "cds_eks.fleet.run.events",
            "RunnersLost": "cds_eks.fleet.runners.pool",
            "ServiceAway": "cds_eks.fleet.run.events",
            "ServiceBack": "cds_eks.fleet.run.events",
            "Step": "cds_eks.fleet.run.events",
            "StoppedCreating": "cds_eks.fleet.run.events",
            "WaitingForLease": "cds_eks.fleet.run.events",
            "apply": "cds_eks.fleet.run.saved",
            "destroy": "cds_eks.fleet.run.destroy",
            "diff": "cds_eks.fleet.run.survey",
            "import_": "cds_eks.fleet.run.importing",
            "launch": "cds_eks.fleet.runners.launching",
            "open_journal": "cds_eks.fleet.journal.opening",
            "orphans": "cds_eks.fleet.run.orphans",
            "provision": "cds_eks.fleet.run.provision",
            "save": "cds_eks.fleet.run.saved",
            "status": "cds_eks.fleet.run.survey",
            "sync": "cds_eks.fleet.sync",
        },
    )

__all__ = [
    "ClientSettings",
    "FleetLimits",
    "FleetReport",
    "FleetRun",
    "ItemChanged",
    "ItemDiffers",
    "JournalAway",
    "JournalBack",
    "JournalClosed",
    "JournalError",
    "JournalGone",
    "JournalTooNew",
    "JournalUnavailable",
    "LeaseLost",
    "Orphan",
    "Plan",
    "PlanError",
    "PlanFault",
    "PlanOutdated",
    "ReportItem",
    "RunEnded",
    "RunStarted",
    "RunnersLost",
    "ServiceAway",
    "ServiceBack",
    "Step",
    "StoppedCreating",
    "WaitingForLease",
    "apply",
    "destroy",
    "diff",
    "import_",
    "launch",
    "open_journal",
    "orphans",
    "provision",
    "save",
    "status",
    "sync",
]
