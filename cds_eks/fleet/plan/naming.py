"""The names of all clusters and pools: each must be one that the service takes, and there once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cds_eks.documents.reading import Path
from cds_eks.fleet.plan.entries import MOST_CLUSTERS, ClusterEntry, PoolEntry
from cds_eks.fleet.plan.names import NAME_RULE, BadTemplate, is_name, is_template, names_of
from cds_eks.schema.validators import kind_of
from cds_eks.schema.walk import path_text

Told = tuple[Path, str]


def name_faults(entries: Sequence[ClusterEntry], line_of: Callable[[Path], int | None]) -> Iterator[Told]:
    """Yield what is wrong with the names of clusters: of each entry its first fault.

    Args:
        entries: The entries.
        line_of: Tells the line of an entry.
    """
    seen: dict[tuple[Any, str], ClusterEntry] = {}
    total = 0
    for entry in entries:
        total += entry.count
        if total > MOST_CLUSTERS:
            yield (*entry.path, "count"), f"makes more than {MOST_CLUSTERS} clusters in one plan"
            return
        if fault := _fault_of(entry) or _twice(entry, seen, line_of):
            yield (*entry.path, "name"), fault


def _fault_of(entry: ClusterEntry) -> str | None:
    name = entry.name
    if name is None:
        return "is required"
    if not isinstance(name, str):
        return f"must be a text (str), not {kind_of(name)}"
    try:
        if not is_template(name) and entry.count > 1:
            return f"must have {{index}} in it, as there are {entry.count} such clusters"
    except BadTemplate as error:
        return str(error)
    for index, made in names_of(name, entry.count):
        if not is_name(made):
            shown = f": index {index} makes {made[:60]!r}, of {len(made)} characters" if made != name else ""
            return f"{NAME_RULE}{shown}"
    return None


def _twice(
    entry: ClusterEntry, seen: dict[tuple[Any, str], ClusterEntry], line_of: Callable[[Path], int | None]
) -> str | None:
    vpc_id = entry.vpc_id if isinstance(entry.vpc_id, str) else None
    fault = None
    for index, made in names_of(entry.name, entry.count):
        other = seen.setdefault((vpc_id, made), entry)
        if other is not entry and fault is None:
            line = line_of((*other.path, "name"))
            where = path_text(other.path) + (f" (line {line})" if line else "")
            fault = f"makes {made!r} (index {index}), which {where} makes in the same VPC"
    return fault


def pool_name_faults(pools: Sequence[PoolEntry]) -> Iterator[Told]:
    """Yield what is wrong with the names of a cluster's pools."""
    seen: dict[str, PoolEntry] = {}
    for pool in pools:
        path = (*pool.path, "name")
        if pool.name is None:
            yield path, "is required"
        elif not isinstance(pool.name, str):
            yield path, f"must be a text (str), not {kind_of(pool.name)}"
        elif not is_name(pool.name):
            yield path, NAME_RULE
        elif (other := seen.setdefault(pool.name, pool)) is not pool:
            yield path, f"is the name of {path_text(other.path)} as well, in the same cluster"
