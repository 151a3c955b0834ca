"""The shapes of the answers, by wire name, and canned answers made from them: full ones and degraded ones.

Kinds: `str`, `int`, `bool` (None when the service leaves it out), `id` (text that is "" then), `Shape`, `Shape!` (never
None), `[Shape]`, `[str]`, `{str}`; a `?` for lists and maps that may be None. Those that were written by hand are
`PINNED`, the others are read from the description. That they agree with each other and with the contract page is tested
in `test_tables.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import Any

from codegen.description import Field
from support.api_description import API

SUMMARY = (
    "ClusterId:id ClusterIp ClusterName ClusterStatus StatusStr CreateTime K8sVersion NodeSum:int RegionId RegionName "
    "SlbId SshPort:int SubDomain UpdateTime Vip VpcId VpcName"
)
PINNED: dict[str, dict[str, str]] = {
    name: {field.partition(":")[0]: field.partition(":")[2] or "str" for field in fields.split()}
    for name, fields in {
        "ClusterTask": "ClusterId:id TaskId:id",
        "NodePoolTask": "NodePoolId:id TaskId:id",
        "TaskReference": "TaskId:id",
        "EventReference": "EventId:id",
        "NetworkInterfaceEvent": "NetcardId:id EventId:id",
        "AttachmentStatus": "Attached:bool",
        "TaskStatus": "TaskId:id TaskStatus TaskMsg",
        "ClusterSummary": SUMMARY,
        "ClusterDetail": SUMMARY
        + " Ak CustomerId UserId DashboardAddr K8sCaExpiryData:int MasterSum:int WorkerSum:int NatId NatName OsName "
        "RuntimeType VipId CniInfo:CniInfo DestinationEip:EipInfo SourceEip:EipInfo MasterSubnet:[SubnetInfo] "
        "WorkerSubnet:[SubnetInfo] SubnetList:[SubnetInfo]",
        "CniInfo": "CniConfig:CniConfig! CniType:id ProxyConfig:id ServiceCidr:id",
        "CniConfig": "NodePodsNum:int PodCidr:id SubnetList:[SubnetInfo]?",
        "SubnetInfo": "SubnetId:id AvailableZoneId Segment SelectSegment",
        "EipInfo": "EipId Ip",
        "ClusterEvent": "Status SubtaskName SubtaskType SubtaskStartTime SubtaskElapsedTime ErrorInfo Frontend",
        "Node": "NodeId:id NodeName NodeStatus NodeType ClusterId ClusterName CustomerId UserId VpcId SubnetId "
        "PrivateIp Cpu:int Ram:int Gpu:int GpuType FamilyName Schedulable:int K8sStatus RegionName RegionId AzName "
        "AzId SourceType BillingMethod Duration:int IsToMonth:int AutoRenew:int CreateTime",
        "NodePoolList": "Total:int NodePool:[NodePool]",
        "NodePool": "AvailableNodeCount:int TotalNodeCount:int Replicas:int Id:id Name NodeType "
        "NodeConfig:NodePoolNodeConfig Status ClusterId CustomerId UserId AvailableZoneId AvailableZoneName CreateTime "
        "UpdateTime",
        "NodePoolNodeConfig": "BillingSpec:NodePoolBillingSpec! SystemVolume:Volume DataVolumes:[Volume]? "
        "OsImageName:id SubnetIds:[str] InstanceTypeIds:[str] Password:id ExecCommand Labels:{str}?",
        "NodePoolBillingSpec": "InstanceChargeType:id Period:int IsToMonth:int AutoRenew:int",
        "Volume": "Type Size:int",
        "NetworkInterface": "NetcardId:id MacAddress SubnetId EcsId IsValid:bool IpAddress Mask:int NetcardName",
        "Event": "EventId:id EventStatus EventStatusDisplay EventType EventTypeDisplay CreateTime TaskList:[EventTask]",
        "EventTask": "TaskId:id Status StatusDisplay ResourceId CreateTime UpdateTime EndTime ResourceType "
        "ResourceDisplay TaskType TaskTypeDisplay",
        "ScalingGroup": "Cpu:int Ram:int Gpu:int MaxSize:int MinSize:int ActivitySize:int PendingSize:int "
        "RovingSize:int TotalScalingSize:int GpuShowType ScalingGroupId:id Status StatusStr",
    }.items()
}


def kind_of(field: Field, use: str) -> str:
    """The kind of a field of an answer."""
    is_present = field.always if use == "answer" else field.required
    may_be_none = "?" if use != "answer" and not field.required else ""
    if field.container == "map":
        return f"{{str}}{may_be_none}"
    if field.container == "list":
        return f"[{field.inner}]{may_be_none}"
    if field.type in API.shapes:
        return f"{field.type}!" if is_present else field.type
    if field.type in ("str", "flag_text"):
        return "id" if is_present else "str"
    return {"int": "int", "flag": "int", "bool": "bool"}[field.type]


DESCRIBED: dict[str, dict[str, str]] = {
    name: {field.name: kind_of(field, shape.use) for field in shape.fields.values()}
    for name, shape in API.shapes.items()
    if shape.use != "request"
}

SHAPES = {**DESCRIBED, **PINNED}


def python_name(wire: str) -> str:
    """The contract's rule: snake_case of the wire name; but for what the wire misspells."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", {"RovingSize": "RemovingSize"}.get(wire, wire)).lower()


@dataclass(frozen=True)
class Made:
    """What an object of the answer must have become: the name of its model, its attributes, what goes to `extra`."""

    shape: str
    attributes: dict[str, Any]
    extra: dict[str, Any]


class Full:
    """Every field there, of its own type, each with a value of its own."""

    def __init__(self) -> None:
        self.numbers = count(7)

    def text(self, wire: str) -> tuple[Any, Any]:
        value = f"{wire} {next(self.numbers)} 中"
        return value, value

    def id(self, wire: str) -> tuple[Any, Any]:
        return self.text(wire)

    def number(self, wire: str) -> tuple[Any, Any]:
        value = next(self.numbers)
        return value, value

    def flag(self) -> tuple[Any, Any]:
        return True, True

    def shape(self, name: str, *, is_required: bool = False) -> tuple[Any, Any]:
        wire: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for index, (field, kind) in enumerate(SHAPES[name].items()):
            sent, expected = self.field(field, kind)
            wire[self.spelt(field, index)] = sent
            attributes[python_name(field)] = expected
        return {**wire, **self.unknown()}, Made(name, attributes, self.unknown())

    def spelt(self, wire: str, index: int) -> str:
        return wire

    def unknown(self) -> dict[str, Any]:
        return {}

    def shapes(self, name: str, *, is_optional: bool = False) -> tuple[Any, Any]:
        pairs = [self.shape(name), self.shape(name)]
        return [wire for wire, _ in pairs], [expected for _, expected in pairs]

    def texts(self, wire: str) -> tuple[Any, Any]:
        return [f"{wire}-1", f"{wire}-2"], [f"{wire}-1", f"{wire}-2"]

    def mapping(self) -> tuple[Any, Any]:
        return {"team": "a", "空 间": ""}, {"team": "a", "空 间": ""}

    def field(self, wire: str, kind: str) -> tuple[Any, Any]:
        if kind == "str":
            return self.text(wire)
        if kind == "id":
            return self.id(wire)
        if kind == "int":
            return self.number(wire)
        if kind == "bool":
            return self.flag()
        if kind == "[str]":
            return self.texts(wire)
        if kind.startswith("{str}"):
            return self.mapping()
        if kind.startswith("["):
            return self.shapes(kind[1 : kind.index("]")], is_optional=kind.endswith("?"))
        return self.shape(kind.rstrip("!"), is_required=kind.endswith("!"))

    def data(self, answer: str) -> tuple[Any, Any]:
        """The `Data` of an answer (`none`, `Shape` or `list[Shape]`), and what it must become."""
        if answer == "none":
            return None, None
        if answer.startswith("list["):
            return self.shapes(answer[5:-1])
        return self.shape(answer)


class OtherTypes(Full):
    """Numbers as text, text as numbers, names in another case, a list of one for an object and the reverse."""

    def text(self, wire: str) -> tuple[Any, Any]:
        value = next(self.numbers)
        return (value, str(value)) if value % 3 else (value + 0.5, str(value + 0.5))

    def number(self, wire: str) -> tuple[Any, Any]:
        value = next(self.numbers)
        return ((str(value), f" {value} ", f"{value}.0", float(value))[value % 4], value)

    def flag(self) -> tuple[Any, Any]:
        return "True", True

    def spelt(self, wire: str, index: int) -> str:
        return wire.upper() if index % 2 else wire.lower()

    def shape(self, name: str, *, is_required: bool = False) -> tuple[Any, Any]:
        wire, expected = super().shape(name)
        return [wire], expected

    def shapes(self, name: str, *, is_optional: bool = False) -> tuple[Any, Any]:
        wire, expected = super().shape(name)
        return wire, [expected]

    def texts(self, wire: str) -> tuple[Any, Any]:
        return f"{wire}-1", [f"{wire}-1"]

    def mapping(self) -> tuple[Any, Any]:
        return {"n": 1, "b": True, "none": None}, {"n": "1", "b": "true", "none": ""}


class Nulls(Full):
    """Every field null, but for those that the operation can't do without."""

    def __init__(self, needed: str | None) -> None:
        super().__init__()
        self.needed = needed

    def text(self, wire: str) -> tuple[Any, Any]:
        return None, None

    def id(self, wire: str) -> tuple[Any, Any]:
        return (wire, wire) if wire == self.needed else (None, "")

    def number(self, wire: str) -> tuple[Any, Any]:
        return None, None

    def flag(self) -> tuple[Any, Any]:
        return None, None

    def shapes(self, name: str, *, is_optional: bool = False) -> tuple[Any, Any]:
        return None, None if is_optional else []

    def texts(self, wire: str) -> tuple[Any, Any]:
        return None, []

    def mapping(self) -> tuple[Any, Any]:
        return None, None

    def field(self, wire: str, kind: str) -> tuple[Any, Any]:
        return (None, None) if kind in SHAPES else super().field(wire, kind)


class Hollow(Nulls):
    """Objects with next to nothing in them: what is missing is as good as null."""

    def shape(self, name: str, *, is_required: bool = False) -> tuple[Any, Any]:
        wire, expected = super().shape(name)
        kept = {field: sent for field, sent in wire.items() if isinstance(sent, dict) or field == self.needed}
        return {**kept, **self.unknown()}, expected

    def field(self, wire: str, kind: str) -> tuple[Any, Any]:
        if kind.endswith("!"):  # not sent, and made all the same
            _, expected = Nulls(None).shape(kind.rstrip("!"))
            return None, expected
        return Full.field(self, wire, kind)

    def unknown(self) -> dict[str, Any]:
        return {"Newer": 1}


class Foreign(Full):
    """Fields and values that nobody has heard of, at every level."""

    def unknown(self) -> dict[str, Any]:
        return {"NewField": {"Deep": [1, None, "x"]}, "another one": "~", "": False}
