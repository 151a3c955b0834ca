"""Entries of long lists as JSON: encoded again only if what they tell has changed."""

from __future__ import annotations

from cds_eks.emulator.engine import views
from cds_eks.emulator.engine.state import Cluster, Node
from cds_eks.emulator.protocol.envelope import Encoded

__all__ = ["cluster_summary", "node"]


def cluster_summary(cluster: Cluster) -> Encoded:
    """Return `views.cluster_summary`. Nothing else that it tells changes while a cluster lives."""
    state = (cluster.status, cluster.updated, len(cluster.nodes))
    if cluster.encoded is None or cluster.encoded[0] != state:
        cluster.encoded = state, Encoded.of(views.cluster_summary(cluster))
    return cluster.encoded[1]


def node(cluster: Cluster, node: Node) -> Encoded:
    """Return `views.node`. Nothing else that it tells changes while a node lives."""
    state = (node.status, cluster.subnets.get(node.subnet_id, {}).get("AvailableZoneId"))
    if node.encoded is None or node.encoded[0] != state:
        node.encoded = state, Encoded.of(views.node(cluster, node))
    return node.encoded[1]
