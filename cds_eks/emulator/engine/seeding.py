"""What tests and demos put into the service beforehand."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

from cds_eks.emulator.engine.cluster_spec import ClusterSpec, PoolSpec
from cds_eks.emulator.engine.factory import new_cluster, new_group, new_interface, new_node, new_pool
from cds_eks.emulator.engine.lifecycle import finished_event
from cds_eks.emulator.engine.node_config import from_cluster_spec
from cds_eks.emulator.engine.state import Cluster, NodePool, Task
from cds_eks.emulator.engine.world import World

__all__ = ["Seeding"]


class Seeding:
    """The `add_` methods: what they add is there at once, without a task, and belongs to no request.

    The ledger doesn't have it, as it did not come by the API. Each method takes the id to give, or makes one, and
    returns it. It raises `ValueError` for an id that is taken, and `KeyError` for one that it needs and is not there.

    Args:
        world: Where things are put.
        lock: Held meanwhile.
    """

    def __init__(self, world: World, lock: threading.RLock) -> None:
        self._world = world
        self._lock = lock

    @contextmanager
    def _settled(self) -> Iterator[World]:
        """Give the world as it is by now, to one thread at a time."""
        with self._lock:
            self._world.settle()
            yield self._world

    @contextmanager
    def _changing(self) -> Iterator[World]:
        """Give the world, as `_settled` does, to change it."""
        with self._settled() as world:
            world.changes += 1
            yield world

    def add_cluster(
        self,
        cluster_id: str | None = None,
        *,
        name: str | None = None,
        vpc_id: str = "vpc-1",
        masters: int = 3,
        workers: int = 1,
        status: str = "running",
        k8s_version: str = "v1.30.14",
        product: str = "Optimized M6,2,4,0",
        nat_id: str = "nat-1",
        slb_id: str = "",
        destination_eip_id: str = "eip-1",
    ) -> str:
        """Add a cluster with its masters and one node pool of workers, all up. Returns its id.

        Without a `nat_id` it has no inner address (`Vip`), and without a `destination_eip_id` no public one
        (`ClusterIp`).
        """
        with self._changing() as world:
            config = from_cluster_spec(_node_config(product))
            spec = ClusterSpec(
                name=name or f"cluster-{len(world.clusters) + 1}",
                vpc_id=vpc_id,
                k8s_version=k8s_version,
                runtime_type="containerd",
                cni=_CNI,
                nat_id=nat_id,
                slb_id=slb_id,
                source_eip_id="eip-1" if nat_id else "",
                destination_eip_id=destination_eip_id,
                ak="",
                master_number=masters,
                master_config=from_cluster_spec(_node_config("Optimized M6,4,8,0")),
                subnets={each: {"SubnetId": each} for each in config["SubnetIds"]},
                pool=PoolSpec(name="node-pool-1", node_type="ecs", config=config, replicas=workers, subject_id=0),
            )
            cluster = new_cluster(world, spec, cluster_id=_free(world.clusters, cluster_id))
            cluster.status = status
            for _ in range(masters):
                new_node(world, cluster, None, ready=True)
            self._add_pool(cluster, "", spec.pool.name, spec.pool.node_type, product, workers)
            return cluster.id

    def node_pool_ids(self, cluster_id: str) -> dict[str, str]:
        """Return the ids of the node pools of a cluster, by their names."""
        with self._settled() as world:
            return {pool.name: pool.id for pool in world.clusters[cluster_id].pools.values()}

    def add_node_pool(
        self,
        cluster_id: str,
        node_pool_id: str | None = None,
        *,
        name: str | None = None,
        node_type: str = "ecs",
        product: str = "CPU Compute C11.8c16g",
        replicas: int = 1,
    ) -> str:
        """Add a node pool to a cluster, with its nodes, all up. Returns its id."""
        with self._changing() as world:
            cluster = world.clusters[cluster_id]
            name = name or f"node-pool-{len(cluster.pools) + 1}"
            if node_pool_id is not None:
                _free([each for one in world.clusters.values() for each in one.pools], node_pool_id)
            node_pool_id = node_pool_id or ""
            return self._add_pool(cluster, node_pool_id, name, node_type, product, replicas).id

    def _add_pool(
        self, cluster: Cluster, node_pool_id: str, name: str, node_type: str, product: str, replicas: int
    ) -> NodePool:
        config = from_cluster_spec(_node_config(product))
        pool = new_pool(
            self._world,
            cluster,
            name=name,
            node_type=node_type,
            config=config,
            replicas=replicas,
            node_pool_id=node_pool_id,
        )
        pool.status = "running"
        for _ in range(replicas):
            new_node(self._world, cluster, pool, ready=True)
        return pool

    def add_node(
        self, cluster_id: str, node_id: str | None = None, *, node_pool_id: str | None = None, status: str = "running"
    ) -> str:
        """Add one more node to a node pool of a cluster, by default to its first. Returns its id."""
        with self._changing() as world:
            cluster = world.clusters[cluster_id]
            pool = next(iter(cluster.pools.values())) if node_pool_id is None else cluster.pools[node_pool_id]
            node = new_node(world, cluster, pool, node_id=_free(world.machines, node_id))
            node.status = status
            pool.replicas += 1
            return node.id

    def add_scaling_group(
        self,
        scaling_group_id: str | None = None,
        *,
        node_pool_id: str | None = None,
        min_size: int = 1,
        max_size: int = 10,
    ) -> str:
        """Add the scaling group of a node pool, by default of a new one in a new cluster. Returns its id."""
        with self._changing() as world:
            group_id = _free(world.groups, scaling_group_id)
            if node_pool_id is None:
                node_pool_id = next(iter(world.clusters[self.add_cluster()].pools))
            pools = {each: pool for one in world.clusters.values() for each, pool in one.pools.items()}
            return new_group(world, pools[node_pool_id], min_size=min_size, max_size=max_size, group_id=group_id).id

    def add_machine(self, ecs_id: str | None = None) -> str:
        """Add a machine that network interfaces can be attached to. Returns its id."""
        with self._changing() as world:
            ecs_id = _free(world.machines, ecs_id) or world.new_id()
            world.machines.add(ecs_id)
            return ecs_id

    def add_network_interface(
        self, netcard_id: str | None = None, *, name: str = "", subnet_id: str = "subnet-1", ecs_id: str | None = None
    ) -> str:
        """Add a network interface, attached to a machine if one is named. Returns its id."""
        with self._changing() as world:
            if ecs_id is not None and ecs_id not in world.machines:
                raise KeyError(ecs_id)
            netcard_id = _free(world.interfaces, netcard_id)
            interface = new_interface(world, subnet_id=subnet_id, name=name, netcard_id=netcard_id)
            interface.valid, interface.ecs_id = True, ecs_id or ""
            return interface.id

    def add_task(self, task_id: str | None = None, *, status: str = "finish", message: str = "") -> str:
        """Add a task that stays in its status. Returns its id."""
        with self._changing() as world:
            task_id = _free(world.tasks, task_id) or world.new_id()
            world.tasks[task_id] = Task(id=task_id, action="", request_id="", status=status, message=message)
            return task_id

    def add_event(
        self,
        event_id: str | None = None,
        *,
        status: str = "success",
        action: str = "AttachNetworkInterface",
        resource_id: str = "",
    ) -> str:
        """Add an event that stays in its status. Returns its id."""
        with self._changing() as world:
            event = finished_event(world, resource_id, action, event_id=_free(world.events, event_id))
            event.status = status
            return event.id


_CNI: dict[str, Any] = {
    "CniType": "flannel",
    "CniConfig": {"PodCidr": ""},
    "ProxyConfig": "ipvs",
    "ServiceCidr": "10.0.0.0/16",
}


def _node_config(product: str) -> dict[str, Any]:
    return {
        "BillingSpec": {"AutoRenew": 0, "BillingMethod": "0", "Duration": 1, "IsToMonth": 0},
        "SystemDisk": {"DiskFeature": "ssd", "DiskSize": 40},
        "DataDisk": [{"DiskFeature": "ssd", "DiskSize": 80}],
        "OsImageName": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
        "SubnetList": [{"SubnetId": "subnet-1"}],
        "Specifics": [{"ProductName": product}],
    }


def _free(taken: Container[str], id: str | None) -> str:  # noqa: A002
    """Return an id if it is free to be given; empty for none."""
    if id is not None and id in taken:
        raise ValueError(f"{id!r} is there already")
    return id or ""
