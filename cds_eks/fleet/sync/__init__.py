"""Fleets, for code that blocks: the names of `cds_eks.fleet`, with an `EksClient`.

```python
plan = fleet.Plan.load("fleet.toml")
with EksClient() as eks, fleet.sync.open_journal(eks, "fleet.db") as journal:
    report = fleet.sync.provision(eks, plan, journal=journal).report()
```
"""

from cds_eks._runtime.lazy import lazily

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks.fleet.sync.calls import apply, destroy, import_, provision, save
    from cds_eks.fleet.sync.journal import FleetJournal, open_journal
    from cds_eks.fleet.sync.launching import launch
    from cds_eks.fleet.sync.run import FleetRun
    from cds_eks.fleet.sync.surveys import diff, orphans, status
else:
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "FleetJournal": "cds_eks.fleet.sync.journal",
            "FleetRun": "cds_eks.fleet.sync.run",
            "apply": "cds_eks.fleet.sync.calls",
            "destroy": "cds_eks.fleet.sync.calls",
            "diff": "cds_eks.fleet.sync.surveys",
            "import_": "cds_eks.fleet.sync.calls",
            "launch": "cds_eks.fleet.sync.launching",
            "open_journal": "cds_eks.fleet.sync.journal",
            "orphans": "cds_eks.fleet.sync.surveys",
            "provision": "cds_eks.fleet.sync.calls",
            "save": "cds_eks.fleet.sync.calls",
            "status": "cds_eks.fleet.sync.surveys",
        },
    )

__all__ = [
    "FleetJournal",
    "FleetRun",
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
]
