"""What each operation of the description is called with: made of the generated tables, for what `World` has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs
import yaml

from cds_eks.cli.description import Field, Operation
from cds_eks.cli.operation_group import operations_of, positional
from cds_eks.cli.operations import GROUPS
from cds_eks.emulator import Emulator

OPERATIONS = [operation for group in GROUPS for operation in operations_of(group)]

SECRET = "Planted-1st!"
CHINESE = "训练集群"

IDS: dict[str, str] = {
    "cluster_id": "c-1",
    "node_pool_id": "p-1",
    "node_id": "n-1",
    "node_ids": "n-1",
    "task_id": "t-1",
    "ecs_id": "e-1",
    "netcard_id": "i-1",
    "scaling_group_id": "g-1",
    "subnet_id": "subnet-1",
    "vpc_id": "vpc-1",
}
"""The ids of what is there, by the fields that ask for them."""

FILLED = ("clusters", "nodes", "node_pools", "network_interfaces", "scaling_groups", "tasks", "events")
"""The groups that `fill` puts something into."""

OTHERS = {("DetachNetworkInterface", "netcard_id"): "i-2", ("UpdateNodePoolConfig", "id"): "p-1"}
"""Where an operation needs another thing: a card that is attached, the pool that is to be changed."""


def fill(emulator: Emulator) -> None:
    """Put there what the ids name."""
    cluster = emulator.add_cluster("c-1", name=CHINESE)
    emulator.add_cluster("c-22", name="gpu-2")
    pool = emulator.add_node_pool(cluster, "p-1", name="工作节点", replicas=2)
    emulator.add_node(cluster, "n-1")
    emulator.add_task("t-1")
    emulator.add_scaling_group("g-1", node_pool_id=pool)
    emulator.add_machine("e-1")
    emulator.add_network_interface("i-1", name="网卡")
    emulator.add_network_interface("i-2", ecs_id="e-1")


@attrs.frozen
class Sample:
    """A call of an operation.

    Attributes:
        command: The words of its command, without options.
        document: What is given with `-f -`; None if nothing is.
    """

    command: tuple[str, ...]
    document: str | None

    @property
    def words(self) -> list[str]:
        """The command line."""
        return [*self.command, *(["-f", "-"] if self.document is not None else [])]


def sample(operation: Operation, **ids: str) -> Sample:
    """Return a call of an operation that the emulator carries out.

    Args:
        operation: The operation.
        ids: The ids of things that came to be since, by field.
    """
    known = {**IDS, **ids} | {field: value for (name, field), value in OTHERS.items() if name == operation.name}
    data = _filled(operation.fields, known, operation.name)
    words: list[str] = []
    for field in positional(operation):
        value = data.pop(field.name)
        words += [
            each if isinstance(each, str) else json.dumps(each)
            for each in (value if isinstance(value, list) else [value])
        ]
    group = operation.group.replace("_", "-")
    document = yaml.safe_dump(data, allow_unicode=True) if data else None
    return Sample((group, operation.command, *words), document)


def makers(operation: Operation) -> dict[str, Operation]:
    """Return the operations that must be carried out before: by the fields that ask for the ids that they give.

    What a list shows that nothing was put into has the field "".
    """
    found: dict[str, Operation] = {}
    for field in operation.fields:
        if field.required and field.name.endswith("_id") and field.name not in IDS:
            give = [each for each in OPERATIONS if each.writes and not each.is_destructive and each.id == field.name]
            found |= dict(zip([field.name], give, strict=False))
    if operation.is_list and operation.group not in FILLED:
        found[""] = next(each for each in OPERATIONS if each.kind == "create" and each.group == operation.group)
    return found


def _filled(fields: Sequence[Field], known: dict[str, str], name: str) -> dict[str, Any]:
    return {field.name: _value(field, known, name) for field in fields if field.required or field.name in _also(name)}


def _also(name: str) -> tuple[str, ...]:
    """Return fields that no rule of the tables requires, but the service does for what is there."""
    return {"UpdateNodePoolConfig": ("id",), "ListNodePools": ("cluster_id",)}.get(name, ())


def _value(field: Field, known: dict[str, str], name: str) -> Any:
    one: Any
    if field.type == "shape":
        one = _filled(field.fields, known, name)
    elif field.secret:
        one = "env:SAMPLE_SECRET"
    elif field.name in known:
        one = known[field.name]
    elif field.type == "int":
        one = field.numbers[-1] if field.numbers else max(1, field.least or 0)
    elif field.type in ("bool", "flag"):
        one = False
    elif field.type == "map":
        one = {"a": "b"}
    elif field.name.endswith("_cidr"):
        one = "10.0.0.0/16"
    else:
        one = field.values[0] if field.values else "sample-1"
    return [one] if field.is_list else one
