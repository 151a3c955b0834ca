"""The clusters and node pools of a plan, one by one: light, since what they are to be is shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from cds_eks.documents.reading import Path
from cds_eks.documents.secrets import SecretRef
from cds_eks.fleet.items import NewItem, cluster_item_id, pool_item_id
from cds_eks.fleet.plan.digests import Digests
from cds_eks.fleet.plan.entries import ClusterEntry, PoolEntry
from cds_eks.fleet.plan.merging import with_secrets
from cds_eks.fleet.plan.names import names_of
from cds_eks.fleet.plan.pool_shape import FurtherPool
from cds_eks.fleet.plan.requests import Resolve, cluster_request, pool_request, resolved
from cds_eks.models import CreateClusterRequest, CreateNodePoolRequest


@attrs.frozen(kw_only=True)
class PoolSpec:
    """A node pool of a plan. All clusters of one entry share it.

    Attributes:
        name: Its name.
        replicas: How many nodes it is to have.
        protect: Whether it must never be deleted.
        digest: A digest of what is asked for: without secrets, and without how many nodes.
    """

    name: str
    replicas: int
    protect: bool
    digest: str
    _vpc_id: str = attrs.field(alias="vpc_id", repr=False)
    _fields: Mapping[str, Any] = attrs.field(alias="fields", repr=False, eq=False)

    @property
    def runs_commands(self) -> bool:
        """Whether a request for it runs commands (`cmd:`), which takes its time and belongs into a thread."""
        return runs_commands(self._fields)

    def create_request(self, cluster_id: str, *, resolve: Resolve = resolved) -> CreateNodePoolRequest:
        """Return the request that adds it to a cluster. Its secrets are asked for now.

        Args:
            cluster_id: The cluster's id.
            resolve: Gives a secret; for those who ask for one once and use it for many requests.

        Raises:
            SecretUnavailable: A secret can't be had.
            InvalidRequestError: A secret is not what the service takes.
        """
        return pool_request(self.name, self._fields, self._vpc_id, cluster_id, resolve)

    def origin_of(self, path: Path) -> Path:
        """Return what the plan calls a field of the request that adds it to a cluster."""
        return FurtherPool({**self._fields, "pool_name": self.name}).origin_of(path)


@attrs.frozen(kw_only=True)
class ClusterSpec:
    """A cluster of a plan.

    Attributes:
        name: Its name.
        vpc_id: Its VPC.
        index: Which one it is of those that one entry makes, from 1.
        position: Where its item stands among all items of the plan, from 0; those of its pools come next.
        protect: Whether it must never be deleted; so it is too if one of its pools must not.
        unprotect: Whether the plan takes back that it must not, for its pools too.
        digest: A digest of what is asked for: without secrets, and without the pools, which have their own.
        pools: Its pools; the first is made with it.
    """

    name: str
    vpc_id: str
    index: int
    position: int
    protect: bool
    unprotect: bool
    digest: str
    pools: tuple[PoolSpec, ...]
    _fields: Mapping[str, Any] = attrs.field(alias="fields", repr=False, eq=False)

    @property
    def masters(self) -> int:
        """How many master nodes it is to have."""
        return int(self._fields["master_number"])

    @property
    def runs_commands(self) -> bool:
        """Whether a request for it runs commands (`cmd:`), which takes its time and belongs into a thread."""
        return runs_commands(self._fields) or self.pools[0].runs_commands

    def create_request(self, *, resolve: Resolve = resolved) -> CreateClusterRequest:
        """Return the request that creates it, with its first pool. Its secrets are asked for now.

        Args:
            resolve: Gives a secret; for those who ask for one once and use it for many requests.

        Raises:
            SecretUnavailable: A secret can't be had.
            InvalidRequestError: A secret is not what the service takes.
        """
        first = self.pools[0]
        return cluster_request(self.name, self._fields, first.name, first._fields, resolve)


def runs_commands(fields: Mapping[str, Any]) -> bool:
    """Whether a secret of these fields comes from a command."""
    found: list[SecretRef] = []
    with_secrets(fields, found.append)
    return any(secret.source == "cmd" for secret in found)


def specs_of(entries: Sequence[ClusterEntry]) -> Iterator[ClusterSpec]:
    """Yield the clusters of entries that were checked, in the order of the plan."""
    position = 0
    digests = Digests()
    for entry in entries:
        pools = tuple(_pool_spec(pool, entry.vpc_id, digests) for pool in entry.pools)
        digest = digests.of_cluster(entry.fields)
        for index, name in names_of(entry.name, entry.count):
            yield ClusterSpec(
                name=name,
                vpc_id=entry.vpc_id,
                index=index,
                position=position,
                protect=entry.protect,
                unprotect=entry.unprotect,
                digest=digest,
                pools=pools,
                fields=entry.fields,
            )
            position += 1 + len(pools)


def _pool_spec(pool: PoolEntry, vpc_id: str, digests: Digests) -> PoolSpec:
    return PoolSpec(
        name=pool.name,
        replicas=pool.fields["replicas"],
        protect=pool.protect,
        digest=digests.of_pool(pool.fields),
        vpc_id=vpc_id,
        fields=pool.fields,
    )


def items_of(clusters: Sequence[ClusterSpec]) -> Iterator[NewItem]:
    """Yield the items of clusters and of all their pools, each cluster before its pools."""
    for cluster in clusters:
        vpc_id, name = cluster.vpc_id, cluster.name
        yield NewItem(
            id=cluster_item_id(vpc_id, name),
            kind="cluster",
            name=name,
            vpc_id=vpc_id,
            cluster_name=name,
            position=cluster.position,
            digest=cluster.digest,
            replicas=sum(pool.replicas for pool in cluster.pools),
            protect=cluster.protect,
        )
        for place, pool in enumerate(cluster.pools, start=cluster.position + 1):
            yield NewItem(
                id=pool_item_id(vpc_id, name, pool.name),
                kind="node_pool",
                name=pool.name,
                vpc_id=vpc_id,
                cluster_name=name,
                position=place,
                digest=pool.digest,
                replicas=pool.replicas,
                protect=pool.protect,
            )
