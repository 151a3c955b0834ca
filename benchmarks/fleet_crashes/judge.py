"""What the ledger says against what a run was to make, and what its report tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.fleet_crashes.plans import plan_of
from benchmarks.fleet_crashes.processes import Made

__all__ = ["faults_found"]

ID = {"cluster": "cluster_id", "node_pool": "node_pool_id"}


def faults_found(clusters: int, made: Iterable[Made], report: Mapping[str, Any]) -> list[str]:
    """Return all that is wrong, in words: nothing, if each cluster and pool is there once and the report says so."""
    made = list(made)
    wanted = {(item.kind, item.name) for item in plan_of(clusters).items()}
    times = Counter((each.kind, each.name) for each in made)
    wrong = [
        f"{kind} {name} was made {times[kind, name]} times" for kind, name in sorted(times) if times[kind, name] > 1
    ]
    wrong += [f"{kind} {name} is not there" for kind, name in sorted(wanted - set(times))]
    wrong += [f"{kind} {name} was never asked for" for kind, name in sorted(set(times) - wanted)]
    ids = {(each.kind, each.name): each.id for each in made}
    told = {(item["kind"], item["name"]): item for item in report["items"]}
    wrong += [f"{kind} {name} is not in the report" for kind, name in sorted(wanted - set(told))]
    for (kind, name), item in told.items():
        if item["state"] != "ready":
            wrong.append(f"{kind} {name} is {item['state']} in the report: {item.get('error')}")
        shown, known = item["ids"].get(ID[kind]), ids.get((kind, name))
        if shown != known:
            wrong.append(f"{kind} {name} is {shown} in the report, {known} in the ledger")
    return wrong
