"""What the stub answers: bodies in the shapes of the services, made once."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["CLUSTERS", "EKS_CLUSTERS", "LIST_CLUSTERS", "TKE_CLUSTERS", "nodes"]

LIST_CLUSTERS = "/eks/v1?AccessKeyId=bench-key-id&Action=ListClusters&Version=2019-08-08"
"""What the raw HTTP libraries ask for, unsigned: the stub answers it as it does our own call."""


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _envelope(data: list[dict[str, Any]]) -> bytes:
    """Return an answer of this service, a list [O]."""
    return _json(
        {
            "RequestId": "e612e237-49dc-49b8-8142-72014fb48f90",
            "Code": "Success",
            "Msg": "success",
            "Data": data,
            "TotalCount": len(data),
            "PageIndex": 1,
            "PageSize": len(data),
        }
    )


def _cluster(number: int) -> dict[str, Any]:
    """Return a ClusterSummary with every field of its shape [O]."""
    cluster_id = f"e3e70682-c209-4cac-a29f-{number:012x}"
    return {
        "ClusterId": cluster_id,
        "ClusterIp": f"10.0.0.{number}",
        "ClusterName": f"gpu-{number}",
        "ClusterStatus": "running",
        "StatusStr": "Running",
        "CreateTime": "2025-09-08 11:02:22",
        "K8sVersion": "v1.30.14",
        "NodeSum": 4,
        "RegionId": "region-1",
        "RegionName": "Region 1",
        "SlbId": "",
        "SshPort": 22,
        "SubDomain": f"{cluster_id}.eks.invalid",
        "UpdateTime": "2025-09-08 11:02:22",
        "Vip": f"10.0.0.{number}",
        "VpcId": "vpc-1",
        "VpcName": "vpc 1",
    }


def _node(number: int) -> dict[str, Any]:
    """Return a Node with all 28 fields of its shape [O]."""
    return {
        "NodeId": f"eb1167b3-67a9-4378-bc65-{number:012x}",
        "NodeName": f"gpu-1-node-pool-1-{number}",
        "NodeStatus": "running",
        "NodeType": "ecs",
        "ClusterId": "e3e70682-c209-4cac-a29f-000000000001",
        "ClusterName": "gpu-1",
        "CustomerId": "customer-1",
        "UserId": "user-1",
        "VpcId": "vpc-1",
        "SubnetId": "subnet-1",
        "PrivateIp": f"10.0.{number // 250}.{number % 250}",
        "Cpu": 64,
        "Ram": 512,
        "Gpu": 8,
        "GpuType": "H800",
        "FamilyName": "GPU G1",
        "Schedulable": 1,
        "K8sStatus": "Ready",
        "RegionId": "region-1",
        "RegionName": "Region 1",
        "AzName": "Region 1 Zone A",
        "AzId": "region-1-a",
        "SourceType": "ecs",
        "BillingMethod": "0",
        "Duration": 1,
        "IsToMonth": 0,
        "AutoRenew": 0,
        "CreateTime": "2025-09-08 11:02:22",
    }


def nodes(count: int) -> bytes:
    """Return the answer to ListNodes.

    Args:
        count: How many nodes it has.
    """
    return _envelope([_node(number) for number in range(count)])


CLUSTERS = _envelope([_cluster(1), _cluster(2)])
"""The answer to our ListClusters: two clusters."""

EKS_CLUSTERS = _json({"clusters": ["a", "b"]})
"""The answer to ListClusters of Amazon's EKS, which aiobotocore asks for."""

TKE_CLUSTERS = _json(
    {
        "Response": {
            "TotalCount": 2,
            "Clusters": [
                {
                    "ClusterId": f"cls-{number}",
                    "ClusterName": f"gpu-{number}",
                    "ClusterDescription": "",
                    "ClusterVersion": "1.30.0",
                    "ClusterOs": "tlinux",
                    "ClusterType": "MANAGED_CLUSTER",
                    "ClusterNodeNum": 4,
                    "ClusterStatus": "Running",
                    "CreatedTime": "2025-09-08T11:02:22Z",
                }
                for number in (1, 2)
            ],
            "RequestId": "e612e237-49dc-49b8-8142-72014fb48f90",
        }
    }
)
"""The answer to DescribeClusters of Tencent's TKE."""
