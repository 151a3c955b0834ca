"""What the service tells of the things it keeps: every field of the contract's answer shapes [O], in its spelling."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import lru_cache
from ipaddress import IPv4Address
from typing import Any
from zlib import crc32

from cds_eks.emulator.engine.state import Cluster, Event, NetworkInterface, Node, NodePool, ScalingGroup, Step

__all__ = [
    "cluster_detail",
    "cluster_event",
    "cluster_summary",
    "event",
    "network_interface",
    "node",
    "node_pool",
    "scaling_group",
    "time_text",
]

_ACCOUNT = {"CustomerId": "emulator-customer", "UserId": "emulator-user"}
_REGION = {"RegionId": "emulated-region-1", "RegionName": "Emulated Region 1"}
_ZONE_ID, _ZONE_NAME = "emulated-region-1-a", "Emulated Region 1 Zone A"

_BEIJING = timezone(timedelta(hours=8))


@lru_cache(maxsize=65536)  # the times of what is listed again and again
def time_text(seconds: float | None) -> str:
    """Return a time as the service writes it, in Beijing's zone [I] without saying so [O]; empty for None."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def cluster_summary(cluster: Cluster) -> dict[str, Any]:
    """Return a ClusterSummary. An address is empty where the cluster is not behind what would have it [O]."""
    return {
        "ClusterId": cluster.id,
        "ClusterIp": _eip(cluster.destination_eip_id)["Ip"],
        "ClusterName": cluster.name,
        "ClusterStatus": cluster.status,
        "StatusStr": cluster.status.capitalize(),
        "CreateTime": time_text(cluster.created),
        "K8sVersion": cluster.k8s_version,
        "NodeSum": len(cluster.nodes),
        **_REGION,
        "SlbId": cluster.slb_id,
        "SshPort": 22,
        "SubDomain": f"{cluster.id}.eks.invalid",
        "UpdateTime": time_text(cluster.updated),
        "Vip": cluster.vip if cluster.nat_id else "",
        "VpcId": cluster.vpc_id,
        "VpcName": f"vpc {cluster.vpc_id}",
    }


def cluster_detail(cluster: Cluster, *, subnets_as_objects: bool = False) -> dict[str, Any]:
    """Return a ClusterDetail.

    Args:
        cluster: The cluster.
        subnets_as_objects: Whether its subnets are told as the Go client of 2025-09-08 alone can read them [O]: each
            list as its first entry, or as a zero struct.
    """
    masters = sum(each.pool is None for each in cluster.nodes.values())
    workers = {subnet_id: None for pool in cluster.pools.values() for subnet_id in pool.config["SubnetIds"]}
    cni = cluster.cni["CniConfig"]
    subnets: dict[str, list[dict[str, Any]]] = {
        "MasterSubnet": [_subnet(cluster.subnets[each]) for each in cluster.master_config["SubnetIds"]],
        "WorkerSubnet": [_subnet(cluster.subnets.get(each, {"SubnetId": each})) for each in workers],
        "SubnetList": [_subnet(each) for each in cluster.subnets.values()],
    }
    return {
        **cluster_summary(cluster),
        **_ACCOUNT,
        "Ak": cluster.ak,
        "DashboardAddr": f"https://{cluster.id}.eks.invalid/dashboard",
        "K8sCaExpiryData": 3650,
        "MasterSum": masters,
        "WorkerSum": len(cluster.nodes) - masters,
        "NatId": cluster.nat_id,
        "NatName": f"nat {cluster.nat_id}" if cluster.nat_id else "",
        "OsName": cluster.master_config["OsImageName"],
        "RuntimeType": cluster.runtime_type,
        "VipId": cluster.vip_id if cluster.nat_id else "",
        "CniInfo": {
            "CniConfig": {
                **{name: cni[name] for name in _OF_ONE_CNI if name in cni},
                "NodePodsNum": cni.get("NodePodsNum") or 64,  # 64 is the default [D]
                "PodCidr": cni["PodCidr"],
                "SubnetList": [_subnet(each) for each in cni.get("SubnetList", [])],
            },
            "CniType": cluster.cni["CniType"],
            "ProxyConfig": cluster.cni["ProxyConfig"],
            "ServiceCidr": cluster.cni["ServiceCidr"],
        },
        "DestinationEip": _eip(cluster.destination_eip_id),
        "SourceEip": _eip(cluster.source_eip_id),
        **({name: (each or [_NO_SUBNET])[0] for name, each in subnets.items()} if subnets_as_objects else subnets),
    }


_OF_ONE_CNI = ("FlannelBackendType", "CalicoBlockSize", "CalicoEncapsulation")
"""What a cluster's network is told beside what every kind of it is: comes back as it was given [O]."""

_NO_SUBNET = dict.fromkeys(("SubnetId", "AvailableZoneId", "Segment", "SelectSegment"), "")


def _subnet(subnet: dict[str, Any]) -> dict[str, Any]:
    return {
        "SubnetId": subnet["SubnetId"],
        "AvailableZoneId": subnet.get("AvailableZoneId") or _ZONE_ID,
        "Segment": subnet.get("Segment") or "10.0.0.0/8",
        "SelectSegment": subnet.get("SelectSegment", ""),
    }


def _zone(cluster: Cluster, subnet_id: str) -> tuple[str, str]:
    """Return id and name of a subnet's availability zone: the emulator's own one, if no request told another."""
    zone_id = cluster.subnets.get(subnet_id, {}).get("AvailableZoneId") or _ZONE_ID
    return zone_id, _ZONE_NAME if zone_id == _ZONE_ID else f"zone {zone_id}"


def _eip(eip_id: str) -> dict[str, Any]:
    """EIPs are not stored: one id always has the same address, of the network for documentation (RFC 5737).

    Of the address that the Go client of 2025-10-11 may give instead [O], it is that one.
    """
    id_, address = _eip_parts(eip_id)
    return {"EipId": id_, "Ip": address}


@lru_cache(maxsize=4096)
def _eip_parts(eip_id: str) -> tuple[str, str]:
    if not eip_id:
        return "", ""
    number = crc32(eip_id.encode("utf-8", "replace"))
    try:
        return f"eip-{number:08x}", str(IPv4Address(eip_id))
    except ValueError:
        return eip_id, f"203.0.113.{number % 254 + 1}"


def cluster_event(step: Step, now: float) -> dict[str, Any]:
    """Return a ClusterEvent."""
    ended = now if step.ended is None else step.ended
    return {
        "Status": "error" if step.error else "doing" if step.ended is None else "finish",
        "SubtaskName": step.name,
        "SubtaskType": step.kind,
        "SubtaskStartTime": time_text(step.began),
        "SubtaskElapsedTime": f"{ended - step.began:.0f}s",
        "ErrorInfo": step.error,
        "Frontend": "",
    }


def node(cluster: Cluster, node: Node) -> dict[str, Any]:
    """Return a Node. Its `NodeType` is its part in the cluster, its `SourceType` the kind of machine [O]."""
    zone_id, zone_name = _zone(cluster, node.subnet_id)
    return {
        "NodeId": node.id,
        "NodeName": node.name,
        "NodeStatus": node.status,
        "NodeType": node.role,
        "ClusterId": cluster.id,
        "ClusterName": cluster.name,
        **_ACCOUNT,
        "VpcId": cluster.vpc_id,
        "SubnetId": node.subnet_id,
        "PrivateIp": node.ip,
        "Cpu": node.hardware.cpu,
        "Ram": node.hardware.ram,
        "Gpu": node.hardware.gpu,
        "GpuType": node.hardware.gpu_type,
        "FamilyName": node.hardware.family,
        "Schedulable": int(node.schedulable),
        "K8sStatus": node.k8s_status,
        **_REGION,
        "AzName": zone_name,
        "AzId": zone_id,
        "SourceType": node.source_type,
        "BillingMethod": "1" if node.billing["InstanceChargeType"] == "PrePaid" else "0",
        "Duration": node.billing["Period"],
        "IsToMonth": node.billing["IsToMonth"],
        "AutoRenew": node.billing["AutoRenew"],
        "CreateTime": time_text(node.created),
    }


def node_pool(pool: NodePool) -> dict[str, Any]:
    """Return a NodePool; one with a scaling group carries the group's id too [I]: it is the way to learn it."""
    nodes = pool.nodes
    zone_id, zone_name = _zone(pool.cluster, next(iter(pool.config["SubnetIds"]), ""))
    answer = {
        "AvailableNodeCount": sum(each.ready for each in nodes),
        "TotalNodeCount": len(nodes),
        "Replicas": pool.replicas,
        "Id": pool.id,
        "Name": pool.name,
        "NodeType": pool.node_type,
        "NodeConfig": pool.config,
        "Status": pool.status,
        "ClusterId": pool.cluster.id,
        **_ACCOUNT,
        "AvailableZoneId": zone_id,
        "AvailableZoneName": zone_name,
        "CreateTime": time_text(pool.created),
        "UpdateTime": time_text(pool.updated),
    }
    return answer if pool.group is None else answer | {"ScalingGroupId": pool.group.id}


def network_interface(interface: NetworkInterface) -> dict[str, Any]:
    """Return a NetworkInterface."""
    return {
        "NetcardId": interface.id,
        "MacAddress": interface.mac,
        "SubnetId": interface.subnet_id,
        "EcsId": interface.ecs_id,
        "IsValid": interface.valid,
        "IpAddress": interface.ip,
        "Mask": 24,
        "NetcardName": interface.name,
    }


def event(event: Event, now: float) -> dict[str, Any]:
    """Return an Event, which has one task."""
    updated = now if event.ended is None else event.ended
    return {
        "EventId": event.id,
        "EventStatus": event.status,
        "EventStatusDisplay": event.status.capitalize(),
        "EventType": event.action,
        "EventTypeDisplay": _words(event.action),
        "CreateTime": time_text(event.created),
        "TaskList": [
            {
                "TaskId": event.task_id,
                "Status": event.status,
                "StatusDisplay": event.status.capitalize(),
                "ResourceId": event.resource_id,
                "CreateTime": time_text(event.created),
                "UpdateTime": time_text(updated),
                "EndTime": time_text(event.ended),
                "ResourceType": "network_interface",
                "ResourceDisplay": "Network interface",
                "TaskType": event.action,
                "TaskTypeDisplay": _words(event.action),
            }
        ],
    }


def _words(action: str) -> str:
    """Return the words of an action: `AttachNetworkInterface` is "Attach network interface"."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in action).strip().capitalize()


def scaling_group(group: ScalingGroup) -> dict[str, Any]:
    """Return a ScalingGroup. The wire spells RemovingSize `RovingSize` [O]."""
    nodes, hardware = group.pool.nodes, group.pool.hardware
    active = sum(each.ready for each in nodes)
    removing = sum(each.status == "deleting" for each in nodes)
    return {
        "Cpu": hardware.cpu,
        "Ram": hardware.ram,
        "Gpu": hardware.gpu,
        "MaxSize": group.max_size,
        "MinSize": group.min_size,
        "ActivitySize": active,
        "PendingSize": max(group.pool.replicas - active, 0),
        "RovingSize": removing,
        "TotalScalingSize": group.pool.replicas,
        "GpuShowType": hardware.gpu_type,
        "ScalingGroupId": group.id,
        "Status": group.pool.status,
        "StatusStr": group.pool.status.capitalize(),
    }
