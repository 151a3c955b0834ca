"""Which handler answers which action.

A handler refuses before it changes anything. Busy means: a cluster with an unfinished task takes no other write, and
neither does a network interface with an unfinished event.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import extract_tb

from cds_eks.emulator.engine.world import World
from cds_eks.emulator.handlers import clusters, generic, network_interfaces, node_pools, nodes, scaling_groups
from cds_eks.emulator.handlers.call import Call, Result
from cds_eks.emulator.protocol.api import OPERATIONS
from cds_eks.emulator.protocol.envelope import IncompleteEmulatorError, Refusal

__all__ = ["HANDLERS", "fault_of", "handler_of"]

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
"""The handlers written by hand, by the action on the wire; `python -m codegen` reads the keys."""


def handler_of(action: str) -> Callable[[World, Call], Result]:
    """Return what answers an action.

    A handler serves all actions of its operation, which may have another one in another revision.

    Raises:
        Refusal: `UnsupportedOperation` if there is none: the description has more than the emulator.
    """
    if action in HANDLERS:
        return HANDLERS[action]
    operation = OPERATIONS[action]
    for name, each in OPERATIONS.items():
        if each.name == operation.name and name in HANDLERS:
            return HANDLERS[name]
    if operation.generic is not None:
        return generic.handler(operation, operation.generic)
    raise Refusal(
        "UnsupportedOperation",
        f"the emulator has no handler for {action}: write one in cds_eks/emulator/handlers/ and name it in HANDLERS",
    )


def fault_of(action: str, error: Exception) -> str:
    """Return what is said of a handler that has failed: a fault of the emulator, not of the request.

    It tells the exception and where it came from. Its words may hold values of the request, so only those of
    `IncompleteEmulatorError` are told.
    """
    words = f": {error}" if isinstance(error, IncompleteEmulatorError) else ""
    handler = HANDLERS.get(action)
    name = f"{handler.__module__}.{getattr(handler, '__name__', '?')}" if handler is not None else "the handler"
    *_, last = extract_tb(error.__traceback__)
    place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    return (
        f"a fault of the emulator: {name}, which answers {action}, has raised {type(error).__name__} ({place}){words}"
    )
