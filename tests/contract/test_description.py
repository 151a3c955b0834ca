"""The contract page (our copy) against the API description: nothing of the one may be missing in the other."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.missing_rows import ADVICE, MISSING, needs_every_row
from contract.page_differences import Description, differences
from contract.page_facts import (
    FieldFact,
    answer_shapes,
    further_facts,
    needed_with_prepaid,
    open_lists,
    operations,
    request_shapes,
)
from contract.page_text import PAGE, section
from contract.revised import in_revision

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ORIGINALS = ROOT.parent / "shared" / "contract"
COPIES = ["observed-requests.json", "signing-vectors.json", "wire.md"]


def described() -> Description:
    """What the API description says of the revision that the page describes, as plain data of our own."""
    plain: Description = in_revision(json.loads(_described()), "2025-09-08")
    return plain


@functools.cache
def _described() -> str:
    """The description by way of JSON, which parts what YAML shares."""
    return json.dumps(yaml.safe_load((ROOT / "codegen" / "api.yaml").read_text(encoding="utf-8")))


def test_every_operation_has_a_row_on_the_page() -> None:
    assert not MISSING, ADVICE


@needs_every_row
def test_the_description_says_what_the_page_says() -> None:
    assert differences(described()) == [], "codegen/api.yaml and tests/contract/wire.md don't say the same"


def test_the_description_says_what_the_last_section_says() -> None:
    page, plain = further_facts(), described()
    values = {name: [each["value"] for each in entry["values"]] for name, entry in plain["values"].items()}
    node = re.search(
        r"`NodeType` is the node's part in the cluster, `(\w+)` or `(\w+)`.*?state \((.*?)\),", page, re.DOTALL
    )
    assert node is not None
    assert values["NodeRole"] == [node[1], node[2]]
    assert values["NodeStatus"] == re.findall(r"`(\w+)`", node[3])
    kubernetes = re.search(r"`Status` in the query is the state in Kubernetes \((.*?)\), `SchedulableStr` (\S+)", page)
    assert kubernetes is not None
    assert values["K8sStatus"] == re.findall(r"`(\w+)`", kubernetes[1])
    for shape in ("Node", "ListNodesRequest"):
        assert field_of(plain, shape, "NodeType")["values"] == "NodeRole"
        assert field_of(plain, shape, "NodeStatus")["values"] == "NodeStatus"
    assert field_of(plain, "ListNodesRequest", "Status")["values"] == "K8sStatus"
    further_types = re.search(r"further type names seen: `([^`]+)`", page)
    assert further_types is not None
    assert further_types[1] in values["InstanceType"]
    for place in needed_with_prepaid():
        shape, wire = place.split(".")
        (need,) = plain["shapes"][shape]["needed"]
        assert plain["shapes"][shape]["fields"][need["field"]]["wire"] == wire
        assert need["one_of"] == [*range(1, 13), 24, 36]


def test_the_page_is_read_whole() -> None:
    """The reading of the page can't quietly skip a part of it."""
    assert len(operations()) == len(re.findall(r"\| (?:GET|POST) \|", PAGE)) >= 23
    documented = re.search(r"The document names (\d+) \[D\]", PAGE)
    assert documented is not None
    assert sum(fact.source == "D" for fact in operations()) == int(documented[1])
    for shapes, title in ((request_shapes(), "Request shapes"), (answer_shapes(), "Answer shapes")):
        assert len(shapes) == section(title).count("\n**")
    assert {shape.name: len(shape.fields) for shape in request_shapes()}.items() >= {
        "CreateClusterRequest": 14,
        "CniInfo": 4,
        "CniConfig": 6,
        "SubnetInfo": 4,
        "NodeConfig": 10,
        "BillingSpec": 4,
        "DiskInfo": 3,
        "Specifics": 1,
        "NodePoolConfig": 6,
        "AutoScaling": 6,
        "NodePoolSpec": 6,
    }.items()
    assert {shape.name: len(shape.fields) for shape in answer_shapes()}.items() >= {
        "ClusterSummary": 17,
        "ClusterDetail": 35,
        "ClusterEvent": 7,
        "Node": 28,
        "NodePool": 15,
        "NetworkInterface": 8,
        "Event": 7,
        "ScalingGroup": 13,
    }.items()
    assert len(list(open_lists())) == 7 + 9 + 4 + 3 + 3 + 2 + 4 + 2


def test_the_marks_of_single_fields_are_read() -> None:
    create, *_ = request_shapes()
    fields = {fact.wire: fact for fact in create.fields}
    assert fields["RuntimeType"] == FieldFact("RuntimeType", types=("str",), required=False, source="O")
    assert fields["MasterNumber"] == FieldFact("MasterNumber", types=("int", "flag"), required=True, source="D")
    assert fields["Sk"] == FieldFact("Sk", types=("str",), required=True, source="D", secret=True)
    assert fields["MasterConfig"].types == ("NodeConfig",)
    subnet = next(shape for shape in request_shapes() if shape.name == "SubnetInfo")
    assert [(fact.wire, fact.source) for fact in subnet.fields][:2] == [("SubnetId", "D"), ("AvailableZoneId", "O")]
    pool = {fact.wire: fact for fact in request_shapes()[-1].fields}
    assert pool["NodeConfig"].members is not None
    inner = {fact.wire: fact for fact in pool["NodeConfig"].members}
    assert inner["Password"].secret
    assert [(fact.wire, fact.types, fact.required) for fact in inner["BillingSpec"].members or ()] == [
        ("InstanceChargeType", ("str",), True),
        ("Period", ("int", "flag"), False),
        ("IsToMonth", ("flag",), False),
        ("AutoRenew", ("flag",), False),
    ]
    assert inner["BillingSpec"].required


CREATE, UPDATE = "CreateClusterRequest", "UpdateNodePoolConfigRequest"
Mutation = Callable[[Description], object]


def field_of(description: Description, shape: str, wire: str) -> dict[str, Any]:
    fields = description["shapes"][shape]["fields"].values()
    found: dict[str, Any] = next(field for field in fields if field["wire"] == wire)
    return found


@pytest.mark.parametrize(
    ("mutate", "place"),
    [
        (lambda d: d["operations"].pop("AddScalingNode"), "operations"),
        (lambda d: d["operations"].update(NewOne=d["operations"]["GetCluster"]), "operations"),
        (lambda d: d["operations"]["GetTaskStatus"].update(action="GetTaskStatus"), "GetTaskStatus"),
        (lambda d: d["operations"]["GetTaskStatus"].update(action_source="D"), "GetTaskStatus"),
        (lambda d: d["operations"]["UpdateNodePoolConfig"].update(source="I"), "UpdateNodePoolConfig"),
        (lambda d: d["operations"]["AddScalingNode"].update(kind="idempotent"), "AddScalingNode"),
        (lambda d: d["operations"]["ListNodes"].update(http="POST"), "ListNodes"),
        (lambda d: d["operations"]["ListNodes"].pop("paged"), "ListNodes"),
        (lambda d: d["operations"]["ListNodes"].update(result="Node"), "ListNodes"),
        (lambda d: d["operations"]["CreateCluster"].update(result_source="O"), "CreateCluster"),
        (lambda d: d["operations"]["CreateCluster"].update(result="TaskReference"), "TaskReference.ClusterId"),
        (lambda d: d["shapes"].pop("ScalingGroup"), "ScalingGroup"),
        (lambda d: d["shapes"].update(Whim=d["shapes"]["Volume"]), "Whim"),
        (lambda d: d["shapes"]["CniInfo"].update(source="O"), "CniInfo"),
        (lambda d: d["shapes"]["NodePoolSpec"].update(use="answer"), "NodePoolSpec"),
        (lambda d: d["shapes"]["ListNodesRequest"]["fields"].pop("keyword"), "ListNodesRequest.Keyword"),
        (lambda d: d["shapes"]["ClusterSubnet"]["fields"].pop("used_ip_num"), "ClusterSubnet.UsedIpNum"),
        (lambda d: d["shapes"]["Volume"]["fields"].pop("size"), "Volume.Size"),
        (lambda d: d["shapes"]["EipInfo"]["fields"].pop("ip"), "EipInfo.Ip"),
        (lambda d: d["shapes"]["EventTask"]["fields"].pop("task_type"), "EventTask.TaskType"),
        (lambda d: d["shapes"]["ClusterDetail"]["fields"].pop("cluster_name"), "ClusterDetail.ClusterName"),
        (lambda d: d["shapes"]["NodePoolList"]["fields"].pop("total"), "NodePoolList.Total"),
        (lambda d: field_of(d, "Node", "Cpu").update(wire="CPU"), "Node.Cpu"),
        (lambda d: field_of(d, "Node", "Cpu").update(type="str"), "Node.Cpu"),
        (lambda d: field_of(d, "Node", "Cpu").update(source="D"), "Node.Cpu"),
        (lambda d: field_of(d, "ListClustersRequest", "VpcId").update(required=True), "ListClustersRequest.VpcId"),
        (lambda d: field_of(d, "ListClustersRequest", "VpcId").update(source="I"), "ListClustersRequest.VpcId"),
        (lambda d: field_of(d, "GetClusterRequest", "ClusterId").pop("required"), "GetClusterRequest.ClusterId"),
        (lambda d: field_of(d, "CniConfig", "PodCidr").pop("required"), "CniConfig.PodCidr"),
        (lambda d: field_of(d, "NodeConfig", "Shell").update(required=True), "NodeConfig.Shell"),
        (lambda d: field_of(d, "NodePoolNodeConfig", "Password").pop("secret"), "NodePoolNodeConfig.Password"),
        (lambda d: field_of(d, "ClusterDetail", "Ak").pop("secret"), "ClusterDetail.Ak"),
        (lambda d: field_of(d, "ClusterDetail", "SubnetList").update(type="str"), "ClusterDetail.SubnetList"),
        (lambda d: field_of(d, "CreateClusterRequest", "Sk").pop("secret"), "CreateClusterRequest.Sk"),
        (lambda d: field_of(d, CREATE, "RuntimeType").update(source="D"), f"{CREATE}.RuntimeType"),
        (lambda d: field_of(d, "SubnetInfo", "Segment").update(source="D"), "SubnetInfo.Segment"),
        (lambda d: field_of(d, "BillingSpec", "Duration").update(type="str"), "BillingSpec.Duration"),
        (lambda d: field_of(d, "DeleteNodeRequest", "NodeIds").update(type="str"), "DeleteNodeRequest.NodeIds"),
        (lambda d: field_of(d, "NodePool", "NodeConfig").update(type="NodeConfig"), "NodePool.NodeConfig"),
        (lambda d: field_of(d, "ScalingGroup", "RovingSize").pop("documented"), "ScalingGroup.RovingSize"),
        (lambda d: field_of(d, "ScalingGroup", "Cpu").update(type="str"), "ScalingGroup.Cpu"),
        (lambda d: field_of(d, "Event", "TaskList").update(type="list[str]"), "Event.TaskList"),
        (lambda d: field_of(d, "AttachmentStatus", "Attached").update(type="str"), "AttachmentStatus.Attached"),
        (lambda d: field_of(d, UPDATE, "Config").pop("needs"), f"{UPDATE}.Config"),
        (lambda d: d["values"]["CniType"]["values"].pop(), "CniInfo.CniType"),
        (lambda d: d["values"]["InstanceType"]["values"].pop(), "InstanceType"),
        (lambda d: d["values"]["TaskState"]["values"][0].update(source="D"), "TaskState"),
        (lambda d: d["values"]["BillingMethod"]["values"].pop(), "BillingSpec.BillingMethod"),
    ],
)  # fmt: skip
def test_a_change_to_the_description_is_told(mutate: Mutation, place: str) -> None:
    description = described()
    before = copy.deepcopy(description)
    mutate(description)
    assert description != before
    assert place in {note.split(": ")[0] for note in differences(description)}


def unnoticed(change: Callable[[dict[str, Any]], object], uses: tuple[str, ...]) -> set[str]:
    """The fields that may be changed in this way without a word."""
    silent = set()
    description = described()
    for shape, body in description["shapes"].items():
        for name, whole in body["fields"].items() if body["use"] in uses else ():
            changed = dict(whole)
            change(changed)
            body["fields"][name] = changed
            if not any(note.startswith(f"{shape}.{whole['wire']}: ") for note in differences(description)):
                silent.add(f"{shape}.{whole['wire']}")
            body["fields"][name] = whole
    return silent


EVERYWHERE = ("request", "answer", "both")


@needs_every_row
def test_no_field_can_go_or_change_its_name_type_or_secrecy_unnoticed() -> None:
    assert unnoticed(lambda field: field.update(wire="Other"), EVERYWHERE) == set()
    assert unnoticed(lambda field: field.update(secret=not field.get("secret")), EVERYWHERE) == set()


@needs_every_row
def test_no_field_can_change_its_requirement_unnoticed() -> None:
    """But where the page does not say."""
    assert unnoticed(lambda field: field.update(required=not field.get("required")), ("request", "both")) == {
        "NodePoolSpec.NodeConfig",
        *("ClusterSubnet.SubnetId", "ClusterSubnet.Segment", "ClusterSubnet.UsedIpNum"),
    }


@needs_every_row
def test_no_field_can_change_its_provenance_unnoticed() -> None:
    """But where the page does not say: documented rows without a mark."""
    others = {"D": "O", "O": "I", "I": "D"}
    silent = unnoticed(lambda field: field.update(source=others[field["source"]]), EVERYWHERE)
    assert silent == {
        *("GetClusterRequest.ClusterId", "DeleteClusterRequest.ClusterId", "GetClusterEventsRequest.ClusterId"),
        *("DeleteNodeRequest.ClusterId", "DeleteNodeRequest.NodeIds"),
    }


@pytest.mark.parametrize("name", COPIES if ORIGINALS.is_dir() else [])
def test_our_copy_of_the_contract_is_the_original(name: str) -> None:
    assert (HERE / name).read_bytes() == (ORIGINALS / name).read_bytes()
