"""Rules of the service that the description does not say: which fields go together, and what a name or id may be.

Each rule is what the service says [O], unless marked [I]. None of them looks at what is there already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cds_eks.emulator.protocol.envelope import Refusal
from cds_eks.emulator.protocol.hardware import has_no_gpu
from cds_eks.emulator.protocol.schema import Field

__all__ = ["MAY_BE_EMPTY", "check_together", "check_value", "has_rule"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,24}[A-Za-z0-9])?")
MAY_BE_EMPTY = frozenset({("NodePoolSpec", "Name")})
"""Names that an update leaves empty for "as before"; the handler of CreateNodePool looks at its own."""

_NOT_EMPTY = {
    *(("CreateClusterRequest", name) for name in ("VpcId", "Ak", "Sk", "DestinationEipId", "DestinationEip")),
    ("NodeConfig", "SubnetIds"),
    ("NodeConfig", "InstanceTypeIds"),
    ("NodePoolNodeConfig", "SubnetIds"),
    ("NodePoolNodeConfig", "InstanceTypeIds"),
    ("CniConfig", "SubnetIds"),
    ("SubnetInfo", "SubnetId"),
    ("Specifics", "ProductName"),
    ("ClusterSubnet", "SubnetId"),
    ("AddClusterSubnetRequest", "SubnetIds"),
    ("CreateNodePoolRequest", "VpcId"),
    ("CreateNetworkInterfaceRequest", "SubnetId"),
}
"""Ids of what new resources are made of: there must be one, as there must be a name. Of a list, that is each entry."""

_MONTHS = (*range(1, 13), 24, 36)


def has_rule(shape: str, field: Field) -> bool:
    """Whether `check_value` has anything to look at in a field of a shape."""
    return field.is_name or (shape, field.wire) in _NOT_EMPTY


def check_value(shape: str, field: Field, value: Any, path: str) -> None:
    """Check a name or an id.

    Args:
        shape: The name of the shape that it is in.
        field: Its description.
        value: What it is.
        path: Where in the request it is, for the message.

    Raises:
        Refusal: `ArgMissing` if it is empty, `InvalidParameter` if it breaks the rule for names.
    """
    must_be = field.is_name and (shape, field.wire) not in MAY_BE_EMPTY
    if (must_be or (shape, field.wire) in _NOT_EMPTY) and _is_empty(value):
        raise Refusal("ArgMissing", f"{path} is empty")
    if field.is_name and value and not _NAME.fullmatch(value):
        rule = "must have 1 to 26 letters, digits and dashes, the first and the last a letter or digit"
        raise Refusal("InvalidParameter", f"{path} {rule}")


def _is_empty(value: Any) -> bool:
    return not (all(value) if isinstance(value, list) else value)


def check_together(shape: str, arguments: Mapping[str, Any], path: str) -> None:
    """Check what the fields of a shape must be together.

    Args:
        shape: The name of the shape.
        arguments: Its checked fields.
        path: Where in the request it is, with a dot at the end if it is not the request itself.

    Raises:
        Refusal: Naming the field that does not go with the others.
    """
    if (check := _CHECKS.get(shape)) is not None:
        check(arguments, path)


def _ways_out(arguments: Mapping[str, Any], path: str) -> None:
    """A cluster is behind a NAT gateway, with an EIP of its own, or else behind a load balancer [I]."""
    if not arguments["NatId"] and not arguments.get("SlbId"):
        raise Refusal("ArgMissing", f"{path}NatId is empty, and so is SlbId")
    name = "SourceEipId" if "SourceEipId" in arguments else "SourceEip"
    if arguments["NatId"] and not arguments[name]:
        raise Refusal("ArgMissing", f"{path}{name} is empty")


def _billing(arguments: Mapping[str, Any], path: str) -> None:
    """A period belongs to prepaid nodes alone: 0 is sent with those that are paid for as they go."""
    method, name = ("BillingMethod", "Duration") if "BillingMethod" in arguments else ("InstanceChargeType", "Period")
    if arguments[method] in ("1", "PrePaid") and arguments.get(name, 0) not in _MONTHS:
        raise Refusal("InvalidParameter", f"{path}{name} must be from 1 to 12, 24 or 36 with prepaid billing")


def _bounds(arguments: Mapping[str, Any], path: str) -> None:
    """The bounds of a pool; of one that does not scale itself they may be the zeros of what was left unset."""
    least, most = arguments["MinReplicas"], arguments["MaxReplicas"]
    if least > most:
        raise Refusal("InvalidParameter", f"{path}MinReplicas must not be more than {path}MaxReplicas")
    if arguments["Enable"] and not 1 <= least <= most <= 99:
        raise Refusal("InvalidParameter", f"{path}MinReplicas and {path}MaxReplicas must be from 1 to 99")


def _machines(arguments: Mapping[str, Any], path: str) -> None:
    """Bare metal takes types with GPUs only. The lists are open: a type that can't be read passes."""
    config = arguments["NodeConfig"]
    types = config.get("InstanceTypeIds") or [each["ProductName"] for each in config.get("Specifics", [])]
    if arguments["NodeType"] == "bms" and any(has_no_gpu(each) for each in types):
        raise Refusal("InvalidParameter", f"{path}NodeConfig must name types with GPUs: bms takes no others")


def _one_zone(arguments: Mapping[str, Any], path: str) -> None:
    """The subnets of one pool share one availability zone, as far as the request tells."""
    zones = {each["AvailableZoneId"] for each in arguments.get("SubnetList", []) if each.get("AvailableZoneId")}
    if len(zones) > 1:
        raise Refusal("InvalidOperation.AzMismatch", f"{path}SubnetList is in more than one availability zone")


_CHECKS: dict[str, Callable[[Mapping[str, Any], str], None]] = {
    "CreateClusterRequest": _ways_out,
    "BillingSpec": _billing,
    "NodePoolBillingSpec": _billing,
    "AutoScaling": _bounds,
    "NodePoolConfig": _machines,
    "NodePoolSpec": _machines,
    "NodeConfig": _one_zone,
}
