"""What the soak calls: creates of three kinds, and reads and idempotent writes between them."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path

from benchmarks.chaos.calls import Caller, CallReport
from benchmarks.chaos.service import Place
from cds_eks import models

__all__ = ["Traffic"]

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "first_cluster.toml"

SUBNET, VPC = "c0ba8808-048f-11f0-a617-3ed2fcc2525f", "cc32706e-a09a-11ef-8de7-06aabd6a5066"


class Traffic:
    """Makes the calls that belong to one create, by its number: the same for the same seed.

    Args:
        caller: Makes each call.
        place: What is there beforehand.
        seed: Of all that is chosen.
        tell: Given what the client says of each call, as soon as it has ended.
    """

    def __init__(self, caller: Caller, place: Place, seed: int, tell: Callable[[CallReport], None]) -> None:
        self._call = caller
        self._place = place
        self._seed = seed
        self._tell = tell
        self._cluster = tomllib.loads(SAMPLE.read_text(encoding="utf-8"))

    async def create(self, number: int) -> None:
        """Make one create, and at times a read before it and something with what it made after it."""
        rng = random.Random(f"soak {self._seed} {number}")
        if rng.random() < 0.1:
            cluster_id = rng.choice(self._place.clusters)
            self._tell(await self._call(rng, "ListNodes", "read", lambda eks: eks.nodes.list(cluster_id)))
        chosen = rng.random()
        if chosen < 0.7:
            await self._create_cluster(rng, number)
        elif chosen < 0.9:
            await self._create_interface(rng, number)
        else:
            await self._create_pool(rng, number)

    async def probe(self, number: int) -> CallReport:
        """Make a small read."""
        cluster_id = self._place.clusters[number % len(self._place.clusters)]
        rng = random.Random(number)
        word = await self._call(rng, "ListNodePools", "read", lambda eks: eks.node_pools.list(cluster_id))
        self._tell(word)
        return word

    async def _create_cluster(self, rng: random.Random, number: int) -> None:
        request = models.CreateClusterRequest.from_dict({**self._cluster, "cluster_name": f"soak-{number}"})
        word = await self._call(rng, "CreateCluster", "create", lambda eks: eks.clusters.create(request))
        self._tell(word)
        if word.id and rng.random() < 0.2:
            self._tell(await self._call(rng, "GetCluster", "read", lambda eks: eks.clusters.get(word.id)))
        elif word.id and rng.random() < 0.05:
            subnets = [models.ClusterSubnet(subnet_id="subnet-2")]
            add = await self._call(
                rng, "AddClusterSubnet", "write", lambda eks: eks.clusters.add_subnets(word.id, subnets)
            )
            self._tell(add)

    async def _create_interface(self, rng: random.Random, number: int) -> None:
        name, machine = f"soak-{number}", rng.choice(self._place.machines)
        word = await self._call(
            rng,
            "CreateNetworkInterface",
            "create",
            lambda eks: eks.network_interfaces.create(SUBNET, netcard_name=name, vpc_id=VPC),
        )
        self._tell(word)
        if not word.id or rng.random() < 0.5:
            return
        attach = await self._call(
            rng, "AttachNetworkInterface", "write", lambda eks: eks.network_interfaces.attach(machine, word.id)
        )
        self._tell(attach)
        if attach.outcome != "accepted":
            delete = await self._call(
                rng, "DeleteNetworkInterface", "write", lambda eks: eks.network_interfaces.delete(word.id)
            )
            self._tell(delete)

    async def _create_pool(self, rng: random.Random, number: int) -> None:
        request = _pool_request(rng.choice(self._place.clusters), f"soak-{number}")
        word = await self._call(rng, "CreateNodePool", "create", lambda eks: eks.node_pools.create(request))
        self._tell(word)
        if word.id and rng.random() < 0.3:
            scale = await self._call(
                rng, "ScalingNodePoolNum", "write", lambda eks: eks.node_pools.scale(request.cluster_id, word.id, 2)
            )
            self._tell(scale)


def _pool_request(cluster_id: str, name: str) -> models.CreateNodePoolRequest:
    nodes = models.NodePoolNodeConfig(
        billing_spec=models.NodePoolBillingSpec(instance_charge_type="PostPaid"),
        os_image_name="eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
        subnet_ids=[SUBNET],
        instance_type_ids=["CPU Compute C11.8c16g"],
        password="Change-me-1st!",
    )
    config = models.NodePoolSpec(name=name, node_type="ecs", replicas=1, node_config=nodes)
    return models.CreateNodePoolRequest(cluster_id=cluster_id, vpc_id=VPC, config=config)
