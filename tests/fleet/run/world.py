"""An emulator, a journal and a client in one virtual time, and what the ledger says of a run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import attrs
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy
from cds_eks.emulator import Emulator, Fault
from cds_eks.fleet.items import Item, cluster_item_id
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.fleet_run import FleetRun
from cds_eks.fleet.run.limits import FleetLimits
from cds_eks.fleet.run.provision import provision
from fleet.run import virtual_time
from fleet.run.memory_journal import MemoryJournal

T = TypeVar("T")

NODE = {
    "billing_spec": {"auto_renew": 0, "billing_method": "0", "duration": 1, "is_to_month": 0},
    "system_disk": {"disk_feature": "ssd", "disk_size": 40},
    "data_disk": [{"disk_feature": "ssd", "disk_size": 80}],
    "os_image_name": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
    "subnet_list": [{"subnet_id": "subnet-1"}],
    "specifics": [{"product_name": "Optimized M6,4,8,0"}],
    "password": "Secret-12345",
}
"""What is asked for of each node, where a test does not care."""

LIMITS = FleetLimits(poll_interval=5.0, lease=30.0)


@attrs.define
class World:
    clock: virtual_time.LoopClock
    emulator: Emulator
    journal: MemoryJournal

    @classmethod
    def make(cls, *, seed: int = 0) -> World:
        clock = virtual_time.LoopClock()
        emulator = Emulator(clock=clock, wall_clock=clock.now, seed=seed, timestamp_window=10**12)
        return cls(clock, emulator, MemoryJournal(clock.now))

    @asynccontextmanager
    async def client(self, **settings: Any) -> AsyncIterator[AsyncEksClient]:
        settings = {"retry": RetryPolicy(max_attempts=4, base_delay=0.1), **settings}
        backend = httpx.ASGITransport(self.emulator)
        async with AsyncEksClient(self.emulator.credentials, backend=backend, **settings) as eks:
            yield eks

    def provision(self, eks: AsyncEksClient, plan: Plan, **settings: Any) -> FleetRun:
        return provision(eks, plan, journal=self.journal, **{"limits": LIMITS, **settings})

    def made(self, kind: str) -> Counter[str]:
        """Return how many of each name were created, those that are gone too."""
        return Counter(each.name for each in self.emulator.ledger.created(kind))

    def pools_made(self) -> Counter[tuple[str, str]]:
        """Return how many pools there are by their cluster's name and their own."""
        clusters = self.emulator._world.clusters.values()
        return Counter((cluster.name, pool.name) for cluster in clusters for pool in cluster.pools.values())

    def assert_once(self, plan: Plan, report: Any = None) -> None:
        """Compare what was made with a plan, and with a report."""
        wanted = {cluster.name: cluster for cluster in plan.clusters}
        assert self.made("cluster") == Counter(dict.fromkeys(wanted, 1))
        assert self.pools_made() == Counter(
            {(cluster.name, pool.name): 1 for cluster in plan.clusters for pool in cluster.pools}
        )
        if report is not None:
            self.assert_told(report)

    def assert_told(self, report: Any) -> None:
        """Compare the ids of a report with those of the ledger."""
        told = {item.ids["cluster_id"] for item in report.items if item.kind == "cluster" and "cluster_id" in item.ids}
        assert told == {each.id for each in self.emulator.ledger.created("cluster")}
        pools = {item.ids["node_pool_id"] for item in report.items if "node_pool_id" in item.ids}
        assert pools == {each.id for each in self.emulator.ledger.created("node_pool")}

    def count(self, action: str) -> int:
        return self.emulator.ledger.count(action)


def plan_of(
    count: int = 3, pools: int = 2, *, name: str = "gpu-{index:03d}", replicas: int = 2, **changes: Any
) -> Plan:
    """Return a plan of clusters that are alike."""
    cluster = {
        "vpc_id": "vpc-1",
        "k8s_version": "v1.30.14",
        "nat_id": "nat-1",
        "source_eip_id": "eip-1",
        "destination_eip_id": "eip-1",
        "ak": "cluster-ak",
        "sk": "cluster-sk",
        "master_number": 3,
        "cni": {
            "cni_type": "flannel",
            "cni_config": {"pod_cidr": "172.20.0.0/16"},
            "proxy_config": "ipvs",
            "service_cidr": "10.0.0.0/16",
        },
        "master_config": NODE,
    }
    data = {
        "version": 1,
        "allow_inline_secrets": True,
        "defaults": {
            "cluster": {**cluster, **changes},
            "node_pool": {
                "node_type": "ecs",
                "auto_scaling": {"enable": False, "max_replicas": 10, "min_replicas": 1},
                "node_config": NODE,
            },
        },
        "clusters": [
            {
                "name": name,
                "count": count,
                "node_pools": [{"name": f"pool-{number}", "replicas": replicas} for number in range(pools)],
            }
        ],
    }
    return Plan.from_dict(data)


def savable(monkeypatch: pytest.MonkeyPatch, count: int) -> Plan:
    for name in ("AK", "SK"):
        monkeypatch.setenv(f"FLEET_{name}", f"a-{name}")
    monkeypatch.setenv("FLEET_PASSWORD", "Secret-12345")
    data: dict[str, Any] = json.loads(json.dumps(plan_of(count, 1).to_dict()))

    def referred(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: referred(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [referred(each) for each in value]
        return f"env:FLEET_{name.upper()}" if name in ("ak", "sk", "password") else value

    return Plan.from_dict(referred({key: value for key, value in data.items() if key != "allow_inline_secrets"}))


def in_world(body: Callable[[World], Coroutine[Any, Any, T]], backend: str, *, seed: int = 0) -> T:
    """Run a test in a world of its own."""
    world = World.make(seed=seed)
    return virtual_time.run(lambda: body(world), backend)


def open_cluster(world: World, name: str, **fields: Any) -> Item:
    """Put a cluster into the journal of which a run that was killed has begun a create."""
    now = world.clock.now()
    return world.journal.seed(
        id=cluster_item_id("vpc-1", name),
        kind="cluster",
        name=name,
        vpc_id="vpc-1",
        cluster_name=name,
        **{"state": "sending", "epoch": 1, "intent_at": now, "deadline": now + 60.0, **fields},
    )


__all__ = ["LIMITS", "NODE", "Fault", "World", "in_world", "open_cluster", "plan_of", "savable"]
