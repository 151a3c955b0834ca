"""What a world's file says, ready to be put into an emulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from cds_eks.emulator.engine.seeding import Seeding
from cds_eks.emulator.faults.fault import Fault

__all__ = ["ClusterSeed", "WorldFile"]

_IDS = {
    "machines": "ecs_id",
    "network_interfaces": "netcard_id",
    "scaling_groups": "scaling_group_id",
    "tasks": "task_id",
    "events": "event_id",
}
"""What the `add_` method of each table calls the id."""


@attrs.frozen(kw_only=True)
class ClusterSeed:
    """One cluster with what is in it, by the keys of the file."""

    values: Mapping[str, Any]
    node_pools: tuple[Mapping[str, Any], ...] = ()
    nodes: tuple[Mapping[str, Any], ...] = ()
    scaling_groups: tuple[Mapping[str, Any], ...] = ()

    def add_to(self, emulator: Seeding) -> None:
        """Put it into an emulator."""
        cluster_id = emulator.add_cluster(**_arguments(self.values, "cluster_id"))
        pools = emulator.node_pool_ids(cluster_id)
        for pool in self.node_pools:
            pools[pool["name"]] = emulator.add_node_pool(cluster_id, **_arguments(pool, "node_pool_id"))
        first = next(iter(pools.values()))
        for node in self.nodes:
            values = _arguments(node, "node_id")
            pool = values.pop("node_pool", None)
            emulator.add_node(cluster_id, node_pool_id=pools[pool] if pool else first, **values)
        for group in self.scaling_groups:
            values = _arguments(group, "scaling_group_id")
            pool = values.pop("node_pool", None)
            emulator.add_scaling_group(node_pool_id=pools[pool] if pool else first, **values)


@attrs.frozen(kw_only=True)
class WorldFile:
    """What a file says.

    Attributes:
        server: Options of the server, by their keys, those that the file has.
        faults: What goes wrong.
        clusters: The clusters.
        others: What else there is, by the names of its tables.
    """

    server: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    faults: tuple[Fault, ...] = ()
    clusters: tuple[ClusterSeed, ...] = ()
    others: Mapping[str, tuple[Mapping[str, Any], ...]] = attrs.field(factory=dict)

    def add_to(self, emulator: Seeding) -> None:
        """Put its world into an emulator that has nothing yet."""
        for cluster in self.clusters:
            cluster.add_to(emulator)
        add: dict[str, Callable[..., str]] = {
            "machines": emulator.add_machine,
            "network_interfaces": emulator.add_network_interface,
            "scaling_groups": emulator.add_scaling_group,
            "tasks": emulator.add_task,
            "events": emulator.add_event,
        }
        for table, method in add.items():
            for values in self.others.get(table, ()):
                method(**_arguments(values, _IDS[table]))


def _arguments(values: Mapping[str, Any], id_name: str) -> dict[str, Any]:
    return {id_name if name == "id" else name: value for name, value in values.items()}
