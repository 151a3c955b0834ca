"""What a plan may ask for at the most: `max_clusters`, `max_nodes` and `max_gpus`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cds_eks.documents.reading import Path
from cds_eks.fleet.plan.entries import ClusterEntry
from cds_eks.fleet.plan.hardware import gpus_of_node, most_nodes_of


def limit_faults(entries: Sequence[ClusterEntry], limits: Mapping[str, int | None]) -> Iterator[tuple[Path, str]]:
    """Yield where a plan is above its limits.

    Nodes are those of pools (of one that scales itself, as many as it may grow to) and the masters. Masters whose
    machine type does not tell its GPUs are taken to have none.

    Args:
        entries: The entries.
        limits: The limits by name; None for one that is not set.
    """
    clusters = sum(entry.count for entry in entries)
    if (most := limits["max_clusters"]) is not None and clusters > most:
        yield ("max_clusters",), f"is {most}, but the plan asks for {clusters} clusters"
    masters = sum(entry.count * _masters(entry) for entry in entries)
    workers = sum(entry.count * most_nodes_of(pool.fields) for entry in entries for pool in entry.pools)
    if (most := limits["max_nodes"]) is not None and masters + workers > most:
        asked = f"{masters + workers} nodes ({workers} in node pools, {masters} masters)"
        yield ("max_nodes",), f"is {most}, but the plan asks for {asked}"
    if (most := limits["max_gpus"]) is None:
        return
    gpus = sum(
        entry.count * _masters(entry) * (gpus_of_node(entry.fields.get("master_config")) or 0) for entry in entries
    )
    for entry in entries:
        for pool in entry.pools:
            if pool.gpus is not None:
                gpus += entry.count * most_nodes_of(pool.fields) * pool.gpus
            elif most_nodes_of(pool.fields):
                told = "is required with max_gpus, as the name of the machine type does not show how many GPUs it has"
                yield (*pool.path, "gpus_per_node"), told
    if gpus > most:
        yield ("max_gpus",), f"is {most}, but the plan asks for {gpus} GPUs"


def _masters(entry: ClusterEntry) -> int:
    number = entry.fields.get("master_number")
    return number if isinstance(number, int) else 0
