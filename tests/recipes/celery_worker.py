"""The task of the recipe on a broker of files, for `celery --app celery_worker worker`; $BROKER is its folder."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import attrs
import celery_tasks
from celery_tasks import app, provision_cluster

from cds_eks import fleet

__all__ = ["app", "broker_settings"]


def broker_settings(folder: Path) -> dict[str, Any]:
    """Return where messages and results are."""
    for name in ("messages", "control", "results"):
        (folder / name).mkdir(exist_ok=True, parents=True)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.05,
    }
    return {
        "broker_url": "filesystem://",
        "broker_transport_options": options,
        "result_backend": f"file://{folder / 'results'}",
    }


if "BROKER" in os.environ:  # in a worker
    app.conf.update(broker_settings(Path(os.environ["BROKER"])), worker_lost_wait=0.5)
    provision_cluster.default_retry_delay = 0.2
    # What was not carried out is known to be so a few seconds later, not two minutes.
    celery_tasks.LIMITS = attrs.evolve(celery_tasks.LIMITS, create_timeout=3.0)
    fleet.sync.provision = functools.partial(fleet.sync.provision, settle=2.0)
