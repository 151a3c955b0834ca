"""A Celery task that creates a cluster once, however often Celery delivers it.

celery --app celery_tasks worker --concurrency 4
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from celery import Celery, Task
from celery.signals import worker_process_init, worker_process_shutdown

from cds_eks import EksClient, errors, fleet

app = Celery("clusters")
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1)

# A look, and no wait: Celery sees to the next one.
LIMITS = fleet.FleetLimits(cluster_timeout=1, pool_timeout=1, poll_interval=1)
LONGEST_RUN = 180.0  # seconds: a run would wait until the service, or the journal, is back

eks: EksClient


@worker_process_init.connect
def open_client(**_: Any) -> None:
    """Make the client in each process of the pool, after the fork. It connects with its first call."""
    global eks
    eks = EksClient()


@worker_process_shutdown.connect
def close_client(**_: Any) -> None:
    """Close it with the process."""
    eks.close()


class ClusterFailed(Exception):
    """The service has refused or not built it: to try again would not help."""


@app.task(bind=True, max_retries=120, default_retry_delay=30)
def provision_cluster(self: Task, name: str) -> dict[str, str]:
    """Create the cluster of this name, once, and return its ids when it and its nodes run."""
    try:
        with fleet.sync.open_journal(eks, journal_name()) as journal:
            run = fleet.sync.provision(eks, plan_for(name), journal=journal, limits=LIMITS, timeout=LONGEST_RUN)
            report = run.report()
    except errors.EksError as error:
        if errors.may_pass(error) or isinstance(error, fleet.JournalUnavailable):
            raise self.retry(exc=error) from error
        raise
    has_stopped = report.stopped is not None and not report.timed_out
    if has_stopped or not all(item.may_pass for item in report.failures):
        raise ClusterFailed(str(report))
    if not report.ok:
        raise self.retry()
    return dict(report.items[0].ids)


def plan_for(name: str) -> fleet.Plan:
    """Return the plan of one cluster: the defaults of the file, and a name that is always the same for this task."""
    data = tomllib.loads(Path(os.environ.get("FLEET_PLAN", "fleet.toml")).read_text(encoding="utf-8"))
    return fleet.Plan.from_dict({**data, "clusters": [{"name": name, "node_pools": [{"name": "workers"}]}]})


def journal_name() -> str:
    """Return the one journal of all workers: a file, or `postgresql://…` if they run on many machines."""
    return os.environ.get("CDS_FLEET_JOURNAL", "fleet.db")
