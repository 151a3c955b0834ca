"""A life of a cluster as the vendor's Go client of either revision lives it: its zero values, nulls and spellings.

The Go client sends every field of its structs: "" and 0 for what its caller left out, null for a list or a map, and a
struct of such values for a struct. Its queries have all arguments too, and are signed in the order of their names.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from cds_eks.emulator.protocol.api import REVISIONS
from cds_eks.signing import signature

from .caller import Caller, common_parameters

pytestmark = pytest.mark.anyio

OLDER, NEWER = REVISIONS

WIRE = (Path(__file__).parent.parent / "contract" / "wire.md").read_text(encoding="utf-8")

NO_SUBNET = {"AvailableZoneId": "", "SubnetId": "", "Segment": "", "SelectSegment": ""}
OLDER_NODES: dict[str, Any] = {
    "BillingSpec": {"BillingMethod": "0", "Duration": 0, "IsToMonth": 0, "AutoRenew": 0},
    "SystemDisk": {"DiskFeature": "ssd", "DiskSize": 40, "Number": 0},
    "DataDisk": None,
    "OsImageName": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
    "SubnetList": [NO_SUBNET | {"SubnetId": "s-1"}],
    "Specifics": [{"ProductName": "Optimized M6,4,8,0"}],
    "Password": "Passw0rd!x",
    "Shell": "",
    "Labels": None,
    "Annotations": None,
}
NEWER_NODES: dict[str, Any] = {
    "BillingSpec": {"InstanceChargeType": "PostPaid", "Period": 0, "IsToMonth": 0, "AutoRenew": 0},
    "DataVolumes": None,
    "OsImageName": "Ubuntu22.04-CPU-1.30.14",
    "SubnetIds": ["s-1"],
    "InstanceTypeIds": ["CPU Compute C11.8c16g"],
    "ExecCommand": "",
    "Labels": None,
}
CLUSTER = {
    "ClusterName": "gpu-1",
    "VpcId": "vpc-a",
    "RuntimeType": "",
    "NatId": "nat-a",
    "SlbId": "",
    "Ak": "ccm-ak",
    "Sk": "ccm-sk",
    "MasterNumber": 3,
}
CNI = {"CniType": "flannel", "ProxyConfig": "ipvs", "ServiceCidr": "192.168.0.0/16"}
CREATES: dict[str, dict[str, Any]] = {
    OLDER: {
        **CLUSTER,
        "K8SVersion": "v1.30.14",
        "SourceEipId": "eip-a",
        "DestinationEipId": "eip-a",
        "Cni": {
            **CNI,
            "CniConfig": {
                "FlannelBackendType": "vxlan",
                "CalicoBlockSize": 0,
                "CalicoEncapsulation": "",
                "NodePodsNum": 0,
                "PodCidr": "",
                "SubnetList": None,
            },
        },
        "MasterConfig": OLDER_NODES,
        "NodePoolConfig": {
            "PoolName": "workers",
            "NodeType": "ecs",
            "SubjectId": 0,
            "NodeConfig": OLDER_NODES,
            "AutoScaling": {
                "Enable": False,
                "MaxReplicas": 0,
                "MinReplicas": 0,
                "Priority": 0,
                "SubnetPolicy": "",
                "ScalingGroupId": "",
            },
            "Replicas": 2,
        },
    },
    NEWER: {
        **CLUSTER,
        "K8sVersion": "v1.30.14",
        "SourceEip": "203.0.113.7",
        "DestinationEip": "203.0.113.7",
        "Password": "Passw0rd!x",
        "Cni": {**CNI, "CniConfig": {"NodePodsNum": 0, "PodCidr": "172.16.0.0/16", "SubnetIds": None}},
        "MasterConfig": NEWER_NODES,
        "NodePoolConfig": {
            "Name": "workers",
            "NodeType": "ecs",
            "SubjectId": 0,
            "NodeConfig": NEWER_NODES,
            "Replicas": 2,
        },
    },
}
POOL: dict[str, Any] = {
    "Name": "more",
    "NodeType": "ecs",
    "SubjectId": 0,
    "NodeConfig": {
        "BillingSpec": {"InstanceChargeType": "PostPaid", "Period": 0, "IsToMonth": 0, "AutoRenew": 0},
        "SystemVolume": {},
        "DataVolumes": None,
        "OsImageName": "Ubuntu22.04-GPU-Geforce-1.26",
        "SubnetIds": ["s-1"],
        "InstanceTypeIds": ["Inference gch c8 nr4.16c64g1gpu"],
        "Password": "Passw0rd!x",
        "ExecCommand": "",
        "Labels": None,
    },
    "Replicas": 1,
}
SUBNETS: dict[str, dict[str, Any]] = {
    OLDER: {"SubnetList": [{"SubnetId": "s-2", "Segment": "", "UsedIpNum": 0}]},
    NEWER: {"SubnetIds": ["s-2"]},
}
POOL_QUERY: dict[str, dict[str, str]] = {OLDER: {}, NEWER: {"NodePoolId": "", "Filter": ""}}
ALL_NODES = {"NodeStatus": "", "NodeType": "", "SchedulableStr": "", "Status": "", "Keyword": ""}


class GoClient:
    """Sends as the vendor's client does: a query encoded as forms are, an id of the call and the body's digest."""

    def __init__(self, call: Caller) -> None:
        self.call = call
        self.sent = 0

    async def __call__(self, method: str, action: str, arguments: dict[str, Any]) -> Any:
        params = common_parameters(self.call.emulator.credentials, action)
        if method == "GET":
            params |= arguments
        content = b"null" if method == "GET" else json.dumps(arguments).encode()
        secret = self.call.emulator.credentials.secret_access_key
        query = urlencode(sorted({**params, "Signature": signature(secret, method, params)}.items()))
        headers = {
            "Content-Type": "application/json;charset=utf-8",
            "Content-MD5": base64.b64encode(hashlib.md5(content).digest()).decode(),
            "cds-request-id": str(uuid.UUID(int=self.sent)),
            "User-Agent": "cds-sdk-go",
        }
        response = await self.call.client.request(method, f"/eks/v1?{query}", content=content, headers=headers)
        answer = response.json()
        assert (response.status_code, answer["Code"]) == (200, "Success"), (action, answer)
        self.sent += 1
        return answer["Data"]

    async def finish(self, task: dict[str, Any]) -> None:
        for _ in range(100):
            status = await self("GET", "TaskStatus", {"TaskId": task["TaskId"]})
            if status["TaskStatus"] == "finish":
                return
            assert status["TaskStatus"] == "doing"
            self.call.advance(5)
        raise AssertionError("it never finished")

    async def succeed(self, event: dict[str, Any]) -> None:
        self.call.advance(20)
        assert (await self("GET", "QueryEventStatus", {"EventId": event["EventId"]}))["EventStatus"] == "success"


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_life_of_a_cluster(call: Caller, revision: str) -> None:
    go = GoClient(call)
    created = await go("POST", "CreateCluster", copy.deepcopy(CREATES[revision]))
    cluster = {"ClusterId": created["ClusterId"]}
    await go.finish(created)
    detail = await go("GET", "GetCluster", cluster)
    assert (detail["ClusterStatus"], detail["NodeSum"], detail["MasterSum"], detail["WorkerSum"]) == (
        "running",
        5,
        3,
        2,
    )
    assert detail["ClusterIp"] == detail["DestinationEip"]["Ip"]
    [listed] = await go("GET", "ListClusters", {"Keyword": "", "VpcId": ""})
    assert listed["ClusterId"] == created["ClusterId"]
    assert all(each["Status"] == "finish" for each in await go("GET", "GetClusterEvents", cluster))
    nodes = await go("GET", "ListNodes", {**cluster, **ALL_NODES, "PageIndex": "0", "PageSize": "0"})
    assert [node["NodeType"] for node in nodes] == ["master"] * 3 + ["worker"] * 2

    pool = await go("POST", "CreateNodePool", {**cluster, "VpcId": "vpc-a", "Config": copy.deepcopy(POOL)})
    await go.finish(pool)
    pools = await go("GET", "ListNodePool", {**cluster, **POOL_QUERY[revision]})
    assert [each["Name"] for each in pools["NodePool"]] == ["workers", "more"]
    assert "Passw0rd!x" not in json.dumps(pools)
    update = {**copy.deepcopy(POOL), "Id": pool["NodePoolId"], "Name": "", "Replicas": 2}
    await go.finish(await go("POST", "UpdateNodePoolConfig", {**cluster, "VpcId": "", "Config": update}))
    of_pool = {**cluster, "NodePoolId": pool["NodePoolId"]}
    await go.finish(await go("POST", "ScalingNodePool", {**of_pool, "Replicas": 3}))
    assert await go("POST", "AddClusterSubnet", {**cluster, **SUBNETS[revision]}) is None
    detail = await go("GET", "GetCluster", cluster)
    assert [each["SubnetId"] for each in detail["CniInfo"]["CniConfig"]["SubnetList"]] == ["s-2"]

    filters = {**ALL_NODES, "NodeType": "worker", "Status": "Ready", "SchedulableStr": "1", "Keyword": "more"}
    nodes = await go("GET", "ListNodes", {**cluster, **filters, "PageIndex": "0", "PageSize": "0"})
    assert [node["Gpu"] for node in nodes] == [1, 1, 1]
    ecs = {"EcsId": nodes[0]["NodeId"]}
    card = await go("POST", "CreateNetworkInterface", {"SubnetId": "s-1", "NetcardName": "", "VpcId": ""})
    await go.succeed(card)
    on = {**ecs, "NetcardId": card["NetcardId"]}
    await go.succeed(await go("POST", "AttachNetworkInterface", {**on, "VlanId": ""}))
    assert (await go("GET", "IsAttachedECS", {"NetcardId": card["NetcardId"]}))["Attached"] is True
    told = await go("GET", "DescribeNetworkInterface", {"NetcardId": card["NetcardId"]})
    assert (told["EcsId"], told["IsValid"]) == (ecs["EcsId"], True)
    await go.succeed(await go("POST", "DetachNetworkInterface", on))
    await go.succeed(await go("POST", "DeleteNetworkInterface", {"NetcardId": card["NetcardId"]}))

    await go.finish(await go("POST", "DeleteNodes", {**cluster, "NodeIds": [ecs["EcsId"]]}))
    await go.finish(await go("POST", "DeleteNodePool", of_pool))
    await go.finish(await go("POST", "DeleteCluster", cluster))
    assert await go("GET", "ListClusters", {"Keyword": "", "VpcId": ""}) == []
    ledger = call.emulator.ledger
    assert ledger.count(code="Success") == ledger.count() == go.sent
    assert all(each.deleted_at for each in ledger.resources)
