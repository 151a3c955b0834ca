"""Nodes."""

from __future__ import annotations

from cds_eks.emulator.engine import encoded, lifecycle
from cds_eks.emulator.engine.state import Node
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.handlers.call import Call, Result, cluster_of, lookup, require_idle
from cds_eks.emulator.protocol.envelope import Page, Refusal


def list_(world: World, call: Call) -> Result:
    """ListNodes [D]: the nodes that pass every filter, a page of them."""
    cluster = cluster_of(world, call)
    index, size = page_of(call)
    present = [node for node in cluster.nodes.values() if node.created + call.lag <= world.now]
    matching = [node for node in present if _passes(node, call)]
    page = matching[(index - 1) * size : index * size]
    return Result(
        data=[encoded.node(cluster, node) for node in page], page=Page(total=len(matching), index=index, size=size)
    )


def page_of(call: Call) -> tuple[int, int]:
    """Return which page is asked for and how long pages are: 0 is "unset", as the Go client sends it [O]."""
    return call.arguments.get("PageIndex") or 1, call.arguments.get("PageSize") or 10


def _passes(node: Node, call: Call) -> bool:
    """Whether a node passes the filters of ListNodes [O]. That case does not matter is inferred [I]."""
    keyword = call.text("Keyword").lower()
    return (
        call.text("NodeStatus") in ("", node.status)
        and call.text("NodeType") in ("", node.role)
        and call.text("SchedulableStr") in ("", str(int(node.schedulable)))
        and call.text("Status") in ("", node.k8s_status)
        and (keyword in node.name.lower() or keyword in node.id.lower())
    )


def delete(world: World, call: Call) -> Result:
    """DeleteNode [D], on the wire DeleteNodes [O]. Masters stay: a cluster can't do without them [I]."""
    cluster = cluster_of(world, call)
    if not call["NodeIds"]:
        raise Refusal("ArgMissing", "NodeIds is empty")
    nodes = [lookup(cluster.nodes, "NodeIds", node_id) for node_id in dict.fromkeys(call["NodeIds"])]
    if any(node.pool is None for node in nodes):
        raise Refusal("PreconditionFailed", "a master node can't be deleted")
    task = lifecycle.delete_nodes(world, require_idle(cluster), nodes, call.request_id)
    return Result(data={"TaskId": task.id})
