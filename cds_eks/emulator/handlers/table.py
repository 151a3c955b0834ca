"""What each action does, on arguments that have been checked: one small handler an action.

A handler refuses before it changes anything. Busy means: a cluster with an unfinished task takes no other write, and
neither does a network interface with an unfinished event.
"""

from __future__ import annotations

from collections.abc import Callable

from cds_eks.emulator.engine.world import World
from cds_eks.emulator.handlers import clusters, network_interfaces, node_pools, nodes, scaling_groups
from cds_eks.emulator.handlers.call import Call, Result

__all__ = ["HANDLERS", "Call", "Result"]

HANDLERS: dict[str, Callable[[World, Call], Result]] = {
    "CreateCluster": clusters.create,
    "GetCluster": clusters.get,
    "ListClusters": clusters.list_,
    "DeleteCluster": clusters.delete,
    "GetClusterEvents": clusters.list_events,
    "AddClusterSubnet": clusters.add_subnets,
    "TaskStatus": clusters.task_status,
    "ListNodes": nodes.list_,
    "DeleteNodes": nodes.delete,
    "CreateNodePool": node_pools.create,
    "UpdateNodePoolConfig": node_pools.update_config,
    "ScalingNodePool": node_pools.scale,
    "ListNodePool": node_pools.list_,
    "DeleteNodePool": node_pools.delete,
    "CreateNetworkInterface": network_interfaces.create,
    "DeleteNetworkInterface": network_interfaces.delete,
    "AttachNetworkInterface": network_interfaces.attach,
    "DetachNetworkInterface": network_interfaces.detach,
    "DescribeNetworkInterface": network_interfaces.describe,
    "IsAttachedECS": network_interfaces.is_attached,
    "QueryEventStatus": network_interfaces.event_status,
    "DescribeScalingGroup": scaling_groups.describe,
    "AddScalingNode": scaling_groups.add_nodes,
}
"""The handler of each action by its name on the wire."""
