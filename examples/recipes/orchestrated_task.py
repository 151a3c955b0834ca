"""A cluster for one run of an orchestrator, such as Airflow, whose every try is a new process that knows the run's id.

python orchestrated_task.py create RUN_ID      # prints the cluster's id; again after whatever happens
python orchestrated_task.py poke CLUSTER_ID    # ends with 0 if it runs, and with 75 if it does not yet
python orchestrated_task.py clean-up RUN_ID    # deletes what any try has made
"""

from __future__ import annotations

import hashlib
import os
import sys
import tomllib
from pathlib import Path

from cds_eks import EksClient, errors, fleet

# Until it is accepted: `poke` sees to the rest.
LIMITS = fleet.FleetLimits(cluster_timeout=1, pool_timeout=1, poll_interval=1)
LONGEST_RUN = 900.0  # seconds: a run would wait until the service, or the journal, is back


class TryAgain(Exception):
    """This try has not succeeded, and the next one may: an orchestrator tries again after any exception."""


class GiveUp(Exception):
    """No further try would help: Airflow's `AirflowFailException`."""


def create(run_id: str) -> str:
    """Create the run's cluster, once over all tries, and return its id."""
    with EksClient() as eks, fleet.sync.open_journal(eks, journal_name()) as journal:
        run = fleet.sync.provision(eks, plan_for(run_id), journal=journal, limits=LIMITS, timeout=LONGEST_RUN)
        report = run.report()
    cluster = report.items[0]
    if cluster.state in ("accepted", "ready"):
        return cluster.ids["cluster_id"]
    if cluster.state == "failed":
        raise GiveUp(str(report))
    raise TryAgain(str(report))


def poke(cluster_id: str) -> bool:
    """Look whether the cluster runs. Its id is all that is kept between two looks, and no process waits meanwhile."""
    with EksClient() as eks:
        try:
            eks.wait.cluster_running(cluster_id, timeout=5)  # longer than the service takes to answer
        except errors.WaitTimeout:
            return False
        except errors.TaskFailed as error:
            raise GiveUp(str(error)) from error
    return True


def clean_up(run_id: str) -> None:
    """Delete the run's cluster, whichever try has made it: for `on_kill`, and for a last task that always runs."""
    with EksClient() as eks, fleet.sync.open_journal(eks, journal_name()) as journal:
        report = fleet.sync.destroy(eks, plan_for(run_id), journal=journal, timeout=LONGEST_RUN).report()
    if not report.items:  # no try has begun to create; or this is not the journal of the others
        print(report.stopped or "nothing was created", file=sys.stderr)
    elif not report.ok:
        raise TryAgain(str(report))


def plan_for(run_id: str) -> fleet.Plan:
    """Return the plan of the run's cluster, whose name follows from the run's id, and from nothing else."""
    name = "run-" + hashlib.sha256(run_id.encode()).hexdigest()[:20]  # a run's id may be longer than a name
    data = tomllib.loads(Path(os.environ.get("FLEET_PLAN", "fleet.toml")).read_text(encoding="utf-8"))
    return fleet.Plan.from_dict({**data, "clusters": [{"name": name, "node_pools": [{"name": "workers"}]}]})


def journal_name() -> str:
    """Return the one journal of all tries: a file, or `postgresql://…` if they run on many machines."""
    return os.environ.get("CDS_FLEET_JOURNAL", "fleet.db")


def main() -> int:
    """Do one step in this process."""
    match sys.argv[1:]:
        case ["create", run_id]:
            print(create(run_id))
        case ["poke", cluster_id]:
            return 0 if poke(cluster_id) else 75
        case ["clean-up", run_id]:
            clean_up(run_id)
        case _:
            sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (TryAgain, GiveUp, errors.EksError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
