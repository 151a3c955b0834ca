"""The entries of a plan, merged with its defaults: what it asks for, before the names of each index are filled in."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import attrs

from cds_eks.documents.reading import Path
from cds_eks.documents.secrets import SecretRef
from cds_eks.models import CreateClusterRequest, NodePoolConfig
from cds_eks.schema.shape import fields_of
from cds_eks.schema.validators import Integer, Rule

VERSION = 1
MOST_CLUSTERS = 100_000
"""More than that is a slip of the keyboard."""

CLUSTER_KEYS = ("name", "count", "protect", "node_pools")
POOL_KEYS = ("name", "protect", "gpus_per_node")
LIMITS = ("max_clusters", "max_nodes", "max_gpus")
TOP_KEYS = ("version", "defaults", "clusters", "allow_inline_secrets", *LIMITS, "$schema")
DEFAULT_KEYS = ("cluster", "node_pool")

COUNT = Integer(min=1, max=MOST_CLUSTERS)
LIMIT = Integer(min=0)
GPUS = Integer(min=0, max=999)


@functools.cache
def cluster_fields() -> tuple[str, ...]:
    """Return the fields of a CreateClusterRequest that a cluster of a plan has."""
    own = ("cluster_name", "node_pool_config")
    return tuple(member.name for member in fields_of(CreateClusterRequest) if member.name not in own)


@functools.cache
def pool_fields() -> tuple[str, ...]:
    """Return the fields of a NodePoolConfig that a pool of a plan has."""
    return tuple(member.name for member in fields_of(NodePoolConfig) if member.name != "pool_name")


@attrs.frozen(kw_only=True)
class SecretUse:
    """Where a plan uses a secret.

    Attributes:
        secret: The secret.
        field: The path of the field.
        line: Its line, or None.
        rule: What the secret has to be like.
    """

    secret: SecretRef
    field: str
    line: int | None
    rule: Rule


@attrs.frozen(kw_only=True, repr=False, eq=False)
class PoolEntry:
    """A pool of an entry.

    Attributes:
        name: Its name.
        protect: Whether it must never be deleted.
        gpus: How many GPUs a node has, or None.
        fields: The fields of a NodePoolConfig, but for the name.
        path: Where it stands.
    """

    name: Any
    protect: bool
    gpus: int | None
    fields: Mapping[str, Any]
    path: Path


@attrs.frozen(kw_only=True, repr=False, eq=False)
class ClusterEntry:
    """An entry of `clusters`.

    Attributes:
        name: Its name, or the template of its names.
        count: How many clusters it is.
        protect: Whether they must never be deleted.
        unprotect: Whether the entry itself says that they may be deleted: `protect = false`.
        fields: The fields of a CreateClusterRequest, but for the name and the pool.
        pools: Its pools.
        path: Where it stands.
    """

    name: Any
    count: int
    protect: bool
    unprotect: bool
    fields: Mapping[str, Any]
    pools: tuple[PoolEntry, ...]
    path: Path

    @property
    def vpc_id(self) -> Any:
        """The VPC; it may be anything while the plan has faults."""
        return self.fields.get("vpc_id")


def is_idle(scaling: Mapping[str, Any]) -> bool:
    """Whether a pool's auto-scaling says that it does not scale itself."""
    return not (scaling.get("enable") or scaling.get("scaling_group_id") or scaling.get("extra"))


def idle_scaling(replicas: Any) -> dict[str, Any]:
    """Return what CreateCluster is told of a pool of which the plan says nothing about scaling."""
    most = replicas if isinstance(replicas, int) and replicas > 1 else 1
    return {"enable": False, "min_replicas": 1, "max_replicas": min(most, 99)}
