"""How many GPUs a plan asks for, as far as the names of machine types tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# `Optimized M6,2,4,0`: family, CPUs, GB of memory, GPUs [O]
_PRODUCT = re.compile(r".+,[0-9]{1,4},[0-9]{1,5},(?P<gpus>[0-9]{1,3})")
# `Inference gch c8 nr4.16c64g1gpu`, `CPU Compute C11.8c16g` [O]
_INSTANCE_TYPE = re.compile(r".+\.[0-9]{1,4}c[0-9]{1,5}g(?:(?P<gpus>[0-9]{1,3})gpu)?")


def gpus_of(machine_type: str) -> int | None:
    """Return how many GPUs a machine has by the name of its type; None if the name does not tell."""
    match = _PRODUCT.fullmatch(machine_type) or _INSTANCE_TYPE.fullmatch(machine_type)
    return None if match is None else int(match["gpus"] or 0)


def gpus_of_node(node: Any) -> int | None:
    """Return how many GPUs a node has that is configured so: the most of its types; None if that is not known."""
    types = node.get("specifics") if isinstance(node, Mapping) else None
    listed = types if isinstance(types, list) else []
    names = [each.get("product_name") if isinstance(each, Mapping) else each for each in listed]
    counts = [gpus_of(name) if isinstance(name, str) else None for name in names]
    known = [count for count in counts if count is not None]
    return max(known) if known and len(known) == len(counts) else None


def most_nodes_of(pool: Mapping[str, Any]) -> int:
    """Return how many nodes a pool may grow to."""
    replicas, scaling = pool.get("replicas"), pool.get("auto_scaling")
    most = [replicas] if isinstance(replicas, int) else [0]
    if isinstance(scaling, Mapping) and scaling.get("enable") and isinstance(scaling.get("max_replicas"), int):
        most.append(scaling["max_replicas"])
    return max(most)
