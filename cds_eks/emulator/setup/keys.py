"""The keys of a world's file: what each table may hold, and what each value must be."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from cds_eks.emulator.protocol.api import REVISIONS
from cds_eks.emulator.protocol.plain_values import Flag, Number, OneOf, Rule, Text, Texts, Whole

__all__ = [
    "CLUSTER",
    "CLUSTER_TABLES",
    "EVENT",
    "INDEX",
    "INTERFACE",
    "MACHINE",
    "MOST_CLUSTERS",
    "MOST_NODES",
    "NODE",
    "POOL",
    "SCALING_GROUP",
    "SERVER",
    "TABLES",
    "TASK",
    "Key",
]

MOST_NODES = 99
MOST_CLUSTERS = 10_000
INDEX = "{index}"
"""What stands in a name or id for the number of a cluster, from 1; `{index:03d}` for three digits."""


@attrs.frozen
class Key:
    """One key of a table: what its value must be, what it means, and whether it must be there."""

    rule: Rule
    about: str
    is_required: bool = False


_ID = "Its id; by default a made-up one, always the same for the same file and seed."
_STATUS = Text(examples=("running", "creating", "deleting", "failed"))
_SIZE = Whole(0, MOST_NODES)
_PRODUCT = Text(examples=("Optimized M6,2,4,0", "CPU Compute C11.8c16g"))

SERVER: Mapping[str, Key] = {
    "host": Key(Text(), "The address to listen on (127.0.0.1)."),
    "port": Key(Whole(0, 65535), "The port, 0 for any that is free (8080)."),
    "speed": Key(Number(0, 1_000_000, is_above=True), "How fast time goes: 60 makes a minute a second (1)."),
    "seed": Key(Whole(-(2**63), 2**63 - 1), "Another one gives other ids and random faults (0)."),
    "access_key_id": Key(Text(), "The key to know, a made-up one."),
    "secret_access_key": Key(Text(), "Its secret, a made-up one."),
    "api_revision": Key(OneOf(REVISIONS), "The revision of the API that it speaks; by default either."),
    "subnets_as_objects": Key(Flag(), "Whether it tells subnets as the Go client of 2025-09-08 alone reads them."),
    "timestamp_window": Key(Number(1, 31_536_000), "How many seconds a request's timestamp may be off (900)."),
    "ledger_limit": Key(Whole(1, 10_000_000), "How many requests the ledger stores (100000)."),
    "allowed_hosts": Key(Texts(), "By which names, other than localhost, the pages of /_emulator/ may be asked for."),
}
"""Options of the server."""

POOL: Mapping[str, Key] = {
    "name": Key(Text(), "Its name, once in its cluster.", is_required=True),
    "id": Key(Text(), _ID),
    "replicas": Key(_SIZE, "How many nodes it has (1)."),
    "node_type": Key(OneOf(("ecs", "bms")), "What its nodes are (ecs)."),
    "product": Key(_PRODUCT, "The name of its machine type."),
}

NODE: Mapping[str, Key] = {
    "id": Key(Text(), _ID),
    "node_pool": Key(Text(), "The name of its pool; by default the cluster's first."),
    "status": Key(_STATUS, "Its status, which stays (running)."),
}

_BOUNDS: dict[str, Key] = {
    "id": Key(Text(), _ID),
    "min_size": Key(_SIZE, "The fewest nodes (1)."),
    "max_size": Key(_SIZE, "The most nodes (10)."),
}

CLUSTER: Mapping[str, Key] = {
    "name": Key(Text(), f"Its name; {INDEX} or {{index:03d}} is filled in, from 1.", is_required=True),
    "id": Key(Text(), f"{_ID} With `count`, it must hold {INDEX}."),
    "count": Key(Whole(1, MOST_CLUSTERS), "How many such clusters (1)."),
    "vpc_id": Key(Text(), "Its VPC (vpc-1)."),
    "status": Key(_STATUS, "Its status, which stays until something is done to it (running)."),
    "masters": Key(_SIZE, "How many masters it has (3)."),
    "workers": Key(_SIZE, "How many nodes its first pool has, which is called node-pool-1 (1)."),
    "product": Key(_PRODUCT, "The name of the machine type of these nodes."),
    "k8s_version": Key(Text(examples=("v1.30.14",)), "Its version of Kubernetes."),
    "nat_id": Key(Text(may_be_empty=True), "Its NAT gateway; without one it has no inner address."),
    "slb_id": Key(Text(may_be_empty=True), "Its load balancer."),
    "destination_eip_id": Key(Text(may_be_empty=True), "Its public address; without one it has none."),
}

CLUSTER_TABLES: Mapping[str, tuple[Mapping[str, Key], str]] = {
    "node_pools": (POOL, "More node pools, up and running."),
    "nodes": (NODE, "More nodes, one by one."),
    "scaling_groups": (
        _BOUNDS | {"node_pool": Key(Text(), "The name of its pool; by default the cluster's first.")},
        "Scaling groups of its pools.",
    ),
}

MACHINE: Mapping[str, Key] = {"id": Key(Text(), "Its id.", is_required=True)}

INTERFACE: Mapping[str, Key] = {
    "id": Key(Text(), _ID),
    "name": Key(Text(), "Its name."),
    "subnet_id": Key(Text(), "Its subnet (subnet-1)."),
    "ecs_id": Key(Text(), "The machine or node that it is attached to; by default none."),
}

SCALING_GROUP: Mapping[str, Key] = _BOUNDS

TASK: Mapping[str, Key] = {
    "id": Key(Text(), _ID),
    "status": Key(Text(examples=("doing", "finish", "error")), "Its status, which stays (finish)."),
    "message": Key(Text(may_be_empty=True), "Its message."),
}

EVENT: Mapping[str, Key] = {
    "id": Key(Text(), _ID),
    "status": Key(Text(examples=("doing", "success", "failed")), "Its status, which stays (success)."),
    "action": Key(Text(), "What has begun it (AttachNetworkInterface)."),
    "resource_id": Key(Text(may_be_empty=True), "What it is about."),
}

TABLES: Mapping[str, tuple[Mapping[str, Key], str]] = {
    "clusters": (CLUSTER, "Clusters, with their node pools and nodes."),
    "machines": (MACHINE, "Machines that network interfaces can be attached to."),
    "network_interfaces": (INTERFACE, "Network interfaces."),
    "scaling_groups": (SCALING_GROUP, "Scaling groups, each of a node pool in a cluster of its own."),
    "tasks": (TASK, "Tasks that stay in their status."),
    "events": (EVENT, "Events that stay in their status."),
}
"""The arrays of tables that make the world."""
