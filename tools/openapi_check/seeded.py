"""The world of a run, with known ids, and the document that offers them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cds_eks.emulator import Emulator, ManualClock

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from cds_eks.signing import Credentials

__all__ = ["DOCUMENT", "SEEDED", "World", "seeded_document"]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"

SEEDED: dict[str, tuple[str, ...]] = {
    "ClusterId": ("seeded-cluster",),
    "VpcId": ("vpc-1",),
    "NodePoolId": ("seeded-pool",),
    "Id": ("seeded-pool",),
    "NodeIds": ("seeded-node",),
    "TaskId": ("seeded-task",),
    "EventId": ("seeded-event",),
    "NetcardId": ("seeded-netcard", "seeded-netcard-attached"),
    "EcsId": ("seeded-machine",),
    "ScalingGroupId": ("seeded-group",),
}
"""The ids of the world, by the names of the fields that name one."""

NOT_ALWAYS = {
    "CniConfigResult": ("FlannelBackendType", "CalicoBlockSize", "CalicoEncapsulation"),  # of one kind of network each
    "GetClusterEventsResponse": ("TotalCount", "PageIndex", "PageSize"),
}
"""Fields of responses that the emulator tells only of some things."""

MORE = ("NodePool",)
"""Responses that have something undocumented: of a node pool, the id of its scaling group."""


def seeded_document(path: Path) -> dict[str, Any]:
    """Return a document that takes the same requests, and offers the ids of the world beside any others."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if not name.endswith("Response"):
            for field, inner in schema.get("properties", {}).items():
                schema["properties"][field] = _offering(field, inner)
        if "additionalProperties" not in schema and name != "Error":  # of a response: the emulator tells it all
            optional = NOT_ALWAYS.get(name, ())
            schema |= {"required": [field for field in schema["properties"] if field not in optional]}
            schema |= {"additionalProperties": False} if name not in MORE else {}
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                parameter["schema"] = _offering(parameter["name"], parameter["schema"])
    return document


def _offering(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name not in SEEDED:
        return schema
    if schema.get("type") == "array":
        return schema | {"items": _offering(name, schema["items"])}
    return schema | {"format": f"seeded-{name}"} if schema.get("type") == "string" else schema


class World:
    """An ASGI app that is a fresh emulator after each request that has changed something."""

    def __init__(self) -> None:
        self._emulator = _seeded()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        emulator = self._emulator
        await emulator(scope, receive, send)
        entry = emulator.ledger.requests[-1] if emulator.ledger.requests else None
        if entry is not None and entry.committed and entry.method == "POST":
            self._emulator = _seeded()

    @property
    def credentials(self) -> Credentials:
        """The key that it knows."""
        return self._emulator.credentials


def _seeded() -> Emulator:
    emulator = Emulator(clock=ManualClock())
    cluster = emulator.add_cluster("seeded-cluster", vpc_id="vpc-1")
    pool = emulator.add_node_pool(cluster, "seeded-pool", replicas=2)
    emulator.add_node(cluster, "seeded-node", node_pool_id=pool)
    emulator.add_task("seeded-task")
    emulator.add_event("seeded-event")
    emulator.add_machine("seeded-machine")
    emulator.add_network_interface("seeded-netcard")
    emulator.add_network_interface("seeded-netcard-attached", ecs_id="seeded-machine")
    emulator.add_scaling_group("seeded-group", node_pool_id=pool)
    return emulator
