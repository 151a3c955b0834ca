"""What operations are called with on the command line, and the resources that they need."""

from __future__ import annotations

import pytest

from cds_eks.cli.operation_group import operations_of
from cds_eks.cli.operations import GROUPS
from cds_eks.emulator import Emulator

OPERATIONS = [operation for group in GROUPS for operation in operations_of(group)]


POOL = """
cluster_id: CLUSTER
vpc_id: vpc-1
config:
  name: more
  node_type: ecs
  replicas: 1
  node_config:
    billing_spec: {instance_charge_type: PostPaid}
    os_image_name: Ubuntu22.04-CPU-1.30.14
    subnet_ids: [subnet-1]
    instance_type_ids: ["CPU Compute C11.8c16g"]
    password: env:NODE_PASSWORD
"""


@pytest.fixture
def world(emulator: Emulator) -> dict[str, str]:
    """The ids of what is there."""
    cluster = emulator.add_cluster("c-1", name="gpu-1")
    pool = emulator.add_node_pool(cluster, "p-1", name="pool-1", replicas=2)
    ids = {"CLUSTER": cluster, "POOL": pool, "NODE": emulator.add_node(cluster, "n-1")}
    ids |= {"TASK": emulator.add_task("t-1"), "GROUP": emulator.add_scaling_group("g-1", node_pool_id=pool)}
    ids |= {"ECS": emulator.add_machine("e-1"), "CARD": emulator.add_network_interface("i-1", name="eth")}
    return ids | {"CARD2": emulator.add_network_interface("i-2", ecs_id="e-1")}


CALLS: dict[str, list[str]] = {
    "GetCluster": ["CLUSTER"],
    "ListClusters": ["--keyword", "gpu"],
    "DeleteCluster": ["CLUSTER", "--yes"],
    "GetClusterEvents": ["CLUSTER"],
    "AddClusterSubnet": ["CLUSTER", "subnet-2", "subnet_id=subnet-3"],
    "GetTaskStatus": ["TASK"],
    "ListNodes": ["CLUSTER", "--node-type", "worker", "--page-size", "1"],
    "DeleteNode": ["CLUSTER", "NODE", "-y"],
    "CreateNodePool": ["-f", "-"],
    "UpdateNodePoolConfig": ["-f", "-"],
    "ScalingNodePoolNum": ["CLUSTER", "POOL", "3"],
    "ListNodePools": ["--cluster-id", "CLUSTER"],
    "DeleteNodePool": ["CLUSTER", "POOL", "--yes"],
    "CreateNetworkInterface": ["subnet-1", "--netcard-name", "eth-7"],
    "DeleteNetworkInterface": ["CARD", "--yes"],
    "AttachNetworkInterface": ["ECS", "CARD"],
    "DetachNetworkInterface": ["ECS", "CARD2"],
    "DescribeNetworkInterfaces": ["CARD"],
    "IsAttachedECS": ["CARD"],
    "DescribeScalingGroup": ["GROUP"],
    "AddScalingNode": ["GROUP", "1"],
}
