"""One row for each public method of the resources: how it is called, and what must then be on the wire.

That the rows agree with the contract page, and that no method is without one, is tested in `test_tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cds_eks import models

NASTY = "a b  &=#%+~*/?;:@!$',()[]{}\\\"<>^`|é中文😀\u200b end "
"""What must come through a query and a body unharmed."""


@dataclass(frozen=True)
class Use:
    """A way to call a method, and what it must send: the query's arguments (all text) or the JSON body.

    `newer` is what it must send in revision 2025-10-11 where that is something else, or the field for which it must be
    refused there.
    """

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    sends: dict[str, Any] = field(default_factory=dict)
    newer: dict[str, Any] | str | None = None


@dataclass(frozen=True)
class Row:
    """A method. `least` sets nothing optional, `most` everything; `others` sets it to what is easily lost."""

    documented: str
    group: str
    method: str
    http: str
    action: str
    answer: str
    least: Use
    most: Use
    others: tuple[Use, ...] = ()
    needed: str | None = None
    """The wire name of the id without which the answer to a create is of no use."""


SUBNET = models.SubnetInfo(
    subnet_id="s-1", available_zone_id="az", segment="10.0.0.0/8", select_segment="", extra={"New": [1]}
)
SUBNET_SENT = {
    "SubnetId": "s-1",
    "AvailableZoneId": "az",
    "Segment": "10.0.0.0/8",
    "SelectSegment": "",
    "New": [1],
}
PASSWORD = 'Aa1!é中&="x'

BILLING = models.BillingSpec(auto_renew=False, billing_method="0", duration=1, is_to_month=True)
BILLING_SENT = {"AutoRenew": 0, "BillingMethod": "0", "Duration": 1, "IsToMonth": 1}
DISK = models.DiskInfo(disk_feature="ssd", disk_size=40)
LEAST_NODES = models.NodeConfig(
    billing_spec=BILLING,
    system_disk=DISK,
    data_disk=[],
    os_image_name="an image of 2030",
    subnet_list=[models.SubnetInfo(subnet_id="s")],
    specifics=[models.Specifics(product_name="Optimized M6,2,4,0")],
    password=PASSWORD,
)
LEAST_NODES_SENT = {
    "BillingSpec": BILLING_SENT,
    "SystemDisk": {"DiskFeature": "ssd", "DiskSize": 40},
    "DataDisk": [],
    "OsImageName": "an image of 2030",
    "SubnetList": [{"SubnetId": "s"}],
    "Specifics": [{"ProductName": "Optimized M6,2,4,0"}],
    "Password": PASSWORD,
}
MOST_NODES = models.NodeConfig(
    billing_spec=models.BillingSpec(auto_renew=1, billing_method="1", duration=36, is_to_month=0),
    system_disk=models.DiskInfo(disk_feature="ssd", disk_size=1, number=0),
    data_disk=[models.DiskInfo(disk_feature="new", disk_size=80, number=2), DISK],
    os_image_name="Ubuntu22.04-CPU-1.26",
    subnet_list=[SUBNET, models.SubnetInfo(subnet_id="s-2")],
    specifics=[models.Specifics(product_name="x"), models.Specifics(product_name=NASTY)],
    shell=f"#!/bin/sh\necho {NASTY}\n",
    password=PASSWORD,
    labels={"a/b": "", NASTY: NASTY},
    annotations={},
)
MOST_NODES_SENT = {
    "BillingSpec": {"AutoRenew": 1, "BillingMethod": "1", "Duration": 36, "IsToMonth": 0},
    "SystemDisk": {"DiskFeature": "ssd", "DiskSize": 1, "Number": 0},
    "DataDisk": [
        {"DiskFeature": "new", "DiskSize": 80, "Number": 2},
        {"DiskFeature": "ssd", "DiskSize": 40},
    ],
    "OsImageName": "Ubuntu22.04-CPU-1.26",
    "SubnetList": [SUBNET_SENT, {"SubnetId": "s-2"}],
    "Specifics": [{"ProductName": "x"}, {"ProductName": NASTY}],
    "Shell": f"#!/bin/sh\necho {NASTY}\n",
    "Password": PASSWORD,
    "Labels": {"a/b": "", NASTY: NASTY},
    "Annotations": {},
}
LEAST_CLUSTER = models.CreateClusterRequest(
    cluster_name="gpu-1",
    vpc_id="vpc",
    cni=models.CniInfo(
        cni_type="flannel",
        cni_config=models.CniConfig(pod_cidr=""),
        proxy_config="ipvs",
        service_cidr="10.0.0.0/16",
    ),
    k8s_version="v1.30.14",
    nat_id="nat",
    source_eip_id="eip-1",
    destination_eip_id="eip-2",
    ak="the ak",
    sk="the sk",
    master_number=3,
    master_config=LEAST_NODES,
    node_pool_config=models.NodePoolConfig(
        pool_name="p",
        node_type="ecs",
        node_config=LEAST_NODES,
        auto_scaling=models.AutoScaling(enable=False, max_replicas=99, min_replicas=1),
    ),
)
LEAST_CLUSTER_SENT = {
    "ClusterName": "gpu-1",
    "VpcId": "vpc",
    "Cni": {
        "CniType": "flannel",
        "CniConfig": {"PodCidr": ""},
        "ProxyConfig": "ipvs",
        "ServiceCidr": "10.0.0.0/16",
    },
    "K8sVersion": "v1.30.14",
    "NatId": "nat",
    "SourceEipId": "eip-1",
    "DestinationEipId": "eip-2",
    "Ak": "the ak",
    "Sk": "the sk",
    "MasterNumber": 3,
    "MasterConfig": LEAST_NODES_SENT,
    "NodePoolConfig": {
        "PoolName": "p",
        "NodeType": "ecs",
        "NodeConfig": LEAST_NODES_SENT,
        "AutoScaling": {"Enable": False, "MaxReplicas": 99, "MinReplicas": 1},
    },
}
MOST_CLUSTER = models.CreateClusterRequest(
    cluster_name="A-9",
    vpc_id=NASTY,
    cni=models.CniInfo(
        cni_type="a network of 2030",
        cni_config=models.CniConfig(
            pod_cidr="10.1.0.0/16",
            flannel_backend_type="",
            node_pods_num=256,
            subnet_list=[SUBNET],
            calico_block_size=0,
            calico_encapsulation="IPIP",
            extra={"Mtu": 1500.5},
        ),
        proxy_config="iptables",
        service_cidr="172.16.0.0/24",
    ),
    k8s_version="v9",
    nat_id=NASTY,
    source_eip_id="eip-1",
    destination_eip_id="eip-2",
    slb_id="",
    ak=NASTY,
    sk=NASTY,
    master_number=7,
    master_config=MOST_NODES,
    node_pool_config=models.NodePoolConfig(
        pool_name="p" * 26,
        node_type="bms",
        subject_id=0,
        node_config=MOST_NODES,
        auto_scaling=models.AutoScaling(
            enable=True,
            max_replicas=1,
            min_replicas=1,
            priority=100,
            subnet_policy="random",
            scaling_group_id="",
        ),
        replicas=0,
    ),
    runtime_type="",
    extra={"New": {"Flag": False, "Nothing": None}},
)
MOST_CLUSTER_SENT = {
    "ClusterName": "A-9",
    "VpcId": NASTY,
    "Cni": {
        "CniType": "a network of 2030",
        "CniConfig": {
            "PodCidr": "10.1.0.0/16",
            "FlannelBackendType": "",
            "NodePodsNum": 256,
            "SubnetList": [SUBNET_SENT],
            "CalicoBlockSize": 0,
            "CalicoEncapsulation": "IPIP",
            "Mtu": 1500.5,
        },
        "ProxyConfig": "iptables",
        "ServiceCidr": "172.16.0.0/24",
    },
    "K8sVersion": "v9",
    "NatId": NASTY,
    "SourceEipId": "eip-1",
    "DestinationEipId": "eip-2",
    "SlbId": "",
    "Ak": NASTY,
    "Sk": NASTY,
    "MasterNumber": 7,
    "MasterConfig": MOST_NODES_SENT,
    "NodePoolConfig": {
        "PoolName": "p" * 26,
        "NodeType": "bms",
        "SubjectId": 0,
        "NodeConfig": MOST_NODES_SENT,
        "AutoScaling": {
            "Enable": True,
            "MaxReplicas": 1,
            "MinReplicas": 1,
            "Priority": 100,
            "SubnetPolicy": "random",
            "ScalingGroupId": "",
        },
        "Replicas": 0,
    },
    "RuntimeType": "",
    "New": {"Flag": False, "Nothing": None},
}

# --- the same clusters in revision 2025-10-11
LEAST_NODES_NEWER = {
    "BillingSpec": {"AutoRenew": 0, "InstanceChargeType": "PostPaid", "Period": 1, "IsToMonth": 1},
    "DataVolumes": [],
    "OsImageName": "an image of 2030",
    "SubnetIds": ["s"],
    "InstanceTypeIds": ["Optimized M6,2,4,0"],
}
LEAST_CLUSTER_NEWER = {
    "ClusterName": "gpu-1",
    "VpcId": "vpc",
    "Cni": LEAST_CLUSTER_SENT["Cni"],
    "K8sVersion": "v1.30.14",
    "NatId": "nat",
    "SourceEip": "eip-1",
    "DestinationEip": "eip-2",
    "Password": PASSWORD,
    "Ak": "the ak",
    "Sk": "the sk",
    "MasterNumber": 3,
    "MasterConfig": LEAST_NODES_NEWER,
    "NodePoolConfig": {"Name": "p", "NodeType": "ecs", "NodeConfig": LEAST_NODES_NEWER},
}
FULL_NODES = models.NodeConfig(
    billing_spec=models.BillingSpec(auto_renew=1, billing_method="1", duration=36, is_to_month=0, extra={"New": {}}),
    system_disk=models.DiskInfo(disk_feature="ssd", disk_size=40, number=1),
    data_disk=[models.DiskInfo(disk_feature="new", disk_size=80, number=2), DISK],
    os_image_name=NASTY,
    subnet_list=[models.SubnetInfo(subnet_id="s-1", segment=""), models.SubnetInfo(subnet_id=NASTY)],
    specifics=[models.Specifics(product_name="x"), models.Specifics(product_name=NASTY)],
    shell=f"#!/bin/sh\necho {NASTY}\n",
    password=PASSWORD,
    labels={"a/b": "", NASTY: NASTY, "SubnetList": "Shell"},
    annotations={},
)
FULL_NODES_SENT = {
    "BillingSpec": {"AutoRenew": 1, "BillingMethod": "1", "Duration": 36, "IsToMonth": 0, "New": {}},
    "SystemDisk": {"DiskFeature": "ssd", "DiskSize": 40, "Number": 1},
    "DataDisk": [
        {"DiskFeature": "new", "DiskSize": 80, "Number": 2},
        {"DiskFeature": "ssd", "DiskSize": 40},
    ],
    "OsImageName": NASTY,
    "SubnetList": [{"SubnetId": "s-1", "Segment": ""}, {"SubnetId": NASTY}],
    "Specifics": [{"ProductName": "x"}, {"ProductName": NASTY}],
    "Shell": f"#!/bin/sh\necho {NASTY}\n",
    "Password": PASSWORD,
    "Labels": {"a/b": "", NASTY: NASTY, "SubnetList": "Shell"},
    "Annotations": {},
}
FULL_NODES_NEWER = {
    "BillingSpec": {"AutoRenew": 1, "InstanceChargeType": "PrePaid", "Period": 36, "IsToMonth": 0, "New": {}},
    "DataVolumes": [{"Type": "new", "Size": 80}, {"Type": "new", "Size": 80}, {"Type": "SSD", "Size": 40}],
    "OsImageName": NASTY,
    "SubnetIds": ["s-1", NASTY],
    "InstanceTypeIds": ["x", NASTY],
    "ExecCommand": f"#!/bin/sh\necho {NASTY}\n",
    "Labels": {"a/b": "", NASTY: NASTY, "SubnetList": "Shell"},
}
FULL_CLUSTER = models.CreateClusterRequest(
    cluster_name="A-9",
    vpc_id=NASTY,
    cni=models.CniInfo(
        cni_type="vpc-cni",
        cni_config=models.CniConfig(
            pod_cidr="",
            flannel_backend_type="vxlan",
            node_pods_num=256,
            subnet_list=[models.SubnetInfo(subnet_id="s-1")],
            extra={"Mtu": 1500.5},
        ),
        proxy_config="iptables",
        service_cidr="172.16.0.0/24",
    ),
    k8s_version="v9",
    nat_id=NASTY,
    source_eip_id="eip-1",
    destination_eip_id="eip-2",
    slb_id="slb",
    ak=NASTY,
    sk=NASTY,
    master_number=5,
    master_config=FULL_NODES,
    node_pool_config=models.NodePoolConfig(
        pool_name="p" * 26,
        node_type="bms",
        subject_id=7,
        node_config=FULL_NODES,
        auto_scaling=models.AutoScaling(
            enable=False, max_replicas=9, min_replicas=2, priority=50, subnet_policy="random", scaling_group_id=""
        ),
        replicas=99,
    ),
    runtime_type="containerd",
    extra={"New": {"Flag": False, "Nothing": None}},
)
FULL_CLUSTER_IN_BOTH = {
    "ClusterName": "A-9",
    "VpcId": NASTY,
    "K8sVersion": "v9",
    "NatId": NASTY,
    "SlbId": "slb",
    "Ak": NASTY,
    "Sk": NASTY,
    "MasterNumber": 5,
    "RuntimeType": "containerd",
    "New": {"Flag": False, "Nothing": None},
}
FULL_CNI_IN_BOTH = {"CniType": "vpc-cni", "ProxyConfig": "iptables", "ServiceCidr": "172.16.0.0/24"}
FULL_CLUSTER_SENT = {
    **FULL_CLUSTER_IN_BOTH,
    "Cni": {
        **FULL_CNI_IN_BOTH,
        "CniConfig": {
            "PodCidr": "",
            "FlannelBackendType": "vxlan",
            "NodePodsNum": 256,
            "SubnetList": [{"SubnetId": "s-1"}],
            "Mtu": 1500.5,
        },
    },
    "SourceEipId": "eip-1",
    "DestinationEipId": "eip-2",
    "MasterConfig": FULL_NODES_SENT,
    "NodePoolConfig": {
        "PoolName": "p" * 26,
        "NodeType": "bms",
        "SubjectId": 7,
        "NodeConfig": FULL_NODES_SENT,
        "AutoScaling": {
            "Enable": False,
            "MaxReplicas": 9,
            "MinReplicas": 2,
            "Priority": 50,
            "SubnetPolicy": "random",
            "ScalingGroupId": "",
        },
        "Replicas": 99,
    },
}
FULL_CLUSTER_NEWER = {
    **FULL_CLUSTER_IN_BOTH,
    "Cni": {**FULL_CNI_IN_BOTH, "CniConfig": {"PodCidr": "", "NodePodsNum": 256, "SubnetIds": ["s-1"], "Mtu": 1500.5}},
    "SourceEip": "eip-1",
    "DestinationEip": "eip-2",
    "Password": PASSWORD,
    "MasterConfig": FULL_NODES_NEWER,
    "NodePoolConfig": {
        "Name": "p" * 26,
        "NodeType": "bms",
        "SubjectId": 7,
        "NodeConfig": FULL_NODES_NEWER,
        "Replicas": 99,
    },
}


def least_pool(**more: Any) -> models.NodePoolSpec:
    return models.NodePoolSpec(
        name="pool-1",
        node_type="ecs",
        replicas=0,
        node_config=models.NodePoolNodeConfig(
            billing_spec=models.NodePoolBillingSpec(instance_charge_type="PostPaid"),
            os_image_name="Ubuntu22.04-CPU-1.30.14",
            subnet_ids=["s-1"],
            instance_type_ids=["CPU Compute C11.4c8g"],
            password=PASSWORD,
        ),
        **more,
    )


LEAST_POOL_SENT = {
    "Name": "pool-1",
    "NodeType": "ecs",
    "Replicas": 0,
    "NodeConfig": {
        "BillingSpec": {"InstanceChargeType": "PostPaid"},
        "OsImageName": "Ubuntu22.04-CPU-1.30.14",
        "SubnetIds": ["s-1"],
        "InstanceTypeIds": ["CPU Compute C11.4c8g"],
        "Password": PASSWORD,
    },
}
MOST_POOL = models.NodePoolSpec(
    id="np-1",
    name="9",
    node_type="ecs",
    subject_id=0,
    replicas=99,
    node_config=models.NodePoolNodeConfig(
        billing_spec=models.NodePoolBillingSpec(
            instance_charge_type="PostPaid", period=0, is_to_month=False, auto_renew=True
        ),
        system_volume=models.Volume(type="SSD", size=40),
        data_volumes=[models.Volume(type="", size=160), models.Volume(size=80)],
        os_image_name="Ubuntu22.04-CPU-1.26",
        subnet_ids=("s-1", NASTY),
        instance_type_ids=["CPU Compute C11.4c8g"],
        password=PASSWORD,
        exec_command="",
        labels={},
    ),
)
MOST_POOL_SENT = {
    "Id": "np-1",
    "Name": "9",
    "NodeType": "ecs",
    "SubjectId": 0,
    "Replicas": 99,
    "NodeConfig": {
        "BillingSpec": {"InstanceChargeType": "PostPaid", "Period": 0, "IsToMonth": 0, "AutoRenew": 1},
        "SystemVolume": {"Type": "SSD", "Size": 40},
        "DataVolumes": [{"Type": "", "Size": 160}, {"Size": 80}],
        "OsImageName": "Ubuntu22.04-CPU-1.26",
        "SubnetIds": ["s-1", NASTY],
        "InstanceTypeIds": ["CPU Compute C11.4c8g"],
        "Password": PASSWORD,
        "ExecCommand": "",
        "Labels": {},
    },
}


def _ids(*names: str) -> tuple[Use, Use]:
    """The uses of a method that takes nothing but ids: plain ones, and ones full of special characters."""
    plain = tuple(f"{name}-1" for name in names)
    return (
        Use(plain, sends=dict(zip(names, plain, strict=True))),
        Use((NASTY,) * len(names), sends=dict.fromkeys(names, NASTY)),
    )


ROWS = (
    Row(
        *("CreateCluster", "clusters", "create", "POST", "CreateCluster", "ClusterTask"),
        least=Use((LEAST_CLUSTER,), sends=LEAST_CLUSTER_SENT, newer=LEAST_CLUSTER_NEWER),
        most=Use((MOST_CLUSTER,), sends=MOST_CLUSTER_SENT, newer="cni.cni_config.calico_encapsulation"),
        others=(Use((FULL_CLUSTER,), sends=FULL_CLUSTER_SENT, newer=FULL_CLUSTER_NEWER),),
        needed="ClusterId",
    ),
    Row("GetCluster", "clusters", "get", "GET", "GetCluster", "ClusterDetail", *_ids("ClusterId")),
    Row(
        *("ListClusters", "clusters", "list", "GET", "ListClusters", "list[ClusterSummary]"),
        least=Use(),
        most=Use(kwargs={"keyword": NASTY, "vpc_id": "v"}, sends={"Keyword": NASTY, "VpcId": "v"}),
        others=(Use(kwargs={"keyword": "", "vpc_id": ""}, sends={"Keyword": "", "VpcId": ""}),),
    ),
    Row("DeleteCluster", "clusters", "delete", "POST", "DeleteCluster", "ClusterTask", *_ids("ClusterId")),
    Row(
        *("GetClusterEvents", "clusters", "list_events", "GET", "GetClusterEvents", "list[ClusterEvent]"),
        *_ids("ClusterId"),
    ),
    Row(
        *("AddClusterSubnet", "clusters", "add_subnets", "POST", "AddClusterSubnet", "none"),
        least=Use(
            ("c", [models.ClusterSubnet(subnet_id="s")]),
            sends={"ClusterId": "c", "SubnetList": [{"SubnetId": "s"}]},
            newer={"ClusterId": "c", "SubnetIds": ["s"]},
        ),
        most=Use(
            ("c",),
            {
                "subnets": (
                    models.ClusterSubnet(subnet_id=NASTY, segment="", used_ip_num=0),
                    models.ClusterSubnet(subnet_id="s", segment="10.0.0.0/8", used_ip_num=2),
                )
            },
            {
                "ClusterId": "c",
                "SubnetList": [
                    {"SubnetId": NASTY, "Segment": "", "UsedIpNum": 0},
                    {"SubnetId": "s", "Segment": "10.0.0.0/8", "UsedIpNum": 2},
                ],
            },
            newer="subnets[1].segment",
        ),
        others=(
            Use(
                (NASTY, [models.ClusterSubnet(subnet_id=NASTY, segment="", used_ip_num=0)]),
                sends={"ClusterId": NASTY, "SubnetList": [{"SubnetId": NASTY, "Segment": "", "UsedIpNum": 0}]},
                newer={"ClusterId": NASTY, "SubnetIds": [NASTY]},
            ),
        ),
    ),
    Row("GetTaskStatus", "tasks", "get_status", "GET", "TaskStatus", "TaskStatus", *_ids("TaskId")),
    Row(
        *("ListNodes", "nodes", "list", "GET", "ListNodes", "list[Node]"),
        least=Use(("c",), sends={"ClusterId": "c"}),
        most=Use(
            ("c",),
            {
                "node_status": "running",
                "node_type": "ecs",
                "schedulable": NASTY,
                "status": "a state of 2030",
                "keyword": NASTY,
                "page_index": 2,
                "page_size": 50,
            },
            {
                "ClusterId": "c",
                "NodeStatus": "running",
                "NodeType": "ecs",
                "SchedulableStr": NASTY,
                "Status": "a state of 2030",
                "Keyword": NASTY,
                "PageIndex": "2",
                "PageSize": "50",
            },
        ),
        others=(
            Use(
                ("c",),
                {"node_status": "", "node_type": "", "schedulable": False, "status": "", "keyword": ""},
                {
                    "ClusterId": "c",
                    "NodeStatus": "",
                    "NodeType": "",
                    "SchedulableStr": "0",
                    "Status": "",
                    "Keyword": "",
                },
            ),
            Use(("c",), {"schedulable": True}, {"ClusterId": "c", "SchedulableStr": "1"}),
            Use(("c",), {"schedulable": ""}, {"ClusterId": "c", "SchedulableStr": ""}),
        ),
    ),
    Row(
        *("DeleteNode", "nodes", "delete", "POST", "DeleteNodes", "TaskReference"),
        least=Use(("c", ["n"]), sends={"ClusterId": "c", "NodeIds": ["n"]}),
        most=Use((NASTY, ("n-1", NASTY, "n-1")), sends={"ClusterId": NASTY, "NodeIds": ["n-1", NASTY, "n-1"]}),
    ),
    Row(
        *("CreateNodePool", "node_pools", "create", "POST", "CreateNodePool", "NodePoolTask"),
        least=Use(
            (models.CreateNodePoolRequest(cluster_id="c", vpc_id="v", config=least_pool()),),
            sends={"ClusterId": "c", "VpcId": "v", "Config": LEAST_POOL_SENT},
        ),
        most=Use(
            (models.CreateNodePoolRequest(cluster_id=NASTY, vpc_id="v", config=MOST_POOL),),
            sends={"ClusterId": NASTY, "VpcId": "v", "Config": MOST_POOL_SENT},
        ),
        needed="NodePoolId",
    ),
    Row(
        *("UpdateNodePoolConfig", "node_pools", "update_config", "POST", "UpdateNodePoolConfig", "TaskReference"),
        least=Use(
            (models.UpdateNodePoolConfigRequest(cluster_id="c", config=least_pool(id="np")),),
            sends={"ClusterId": "c", "Config": {"Id": "np", **LEAST_POOL_SENT}},
        ),
        most=Use(
            (models.UpdateNodePoolConfigRequest(cluster_id="c", vpc_id="", config=MOST_POOL),),
            sends={"ClusterId": "c", "VpcId": "", "Config": MOST_POOL_SENT},
        ),
    ),
    Row(
        *("ScalingNodePoolNum", "node_pools", "scale", "POST", "ScalingNodePool", "TaskReference"),
        least=Use(("c", "np", 0), sends={"ClusterId": "c", "NodePoolId": "np", "Replicas": 0}),
        most=Use((NASTY, NASTY, 99), sends={"ClusterId": NASTY, "NodePoolId": NASTY, "Replicas": 99}),
    ),
    Row(
        *("ListNodePools", "node_pools", "list", "GET", "ListNodePool", "NodePoolList"),
        least=Use(("c",), sends={"ClusterId": "c"}),
        most=Use(
            ("c",),
            {"node_pool_id": "np", "filter": NASTY},
            {"ClusterId": "c", "NodePoolId": "np", "Filter": NASTY},
        ),
        others=(Use(("c",), {"node_pool_id": "", "filter": ""}, {"ClusterId": "c", "NodePoolId": "", "Filter": ""}),),
    ),
    Row(
        *("DeleteNodePool", "node_pools", "delete", "POST", "DeleteNodePool", "TaskReference"),
        *_ids("ClusterId", "NodePoolId"),
    ),
    Row(
        *("CreateNetworkInterface", "network_interfaces", "create", "POST", "CreateNetworkInterface"),
        "NetworkInterfaceEvent",
        least=Use(("s",), sends={"SubnetId": "s"}),
        most=Use(
            ("s",),
            {"netcard_name": NASTY, "vpc_id": "v"},
            {"SubnetId": "s", "NetcardName": NASTY, "VpcId": "v"},
        ),
        others=(Use(("s",), {"netcard_name": "", "vpc_id": ""}, {"SubnetId": "s", "NetcardName": "", "VpcId": ""}),),
        needed="NetcardId",
    ),
    Row(
        *("DeleteNetworkInterface", "network_interfaces", "delete", "POST", "DeleteNetworkInterface", "EventReference"),
        *_ids("NetcardId"),
    ),
    Row(
        *("AttachNetworkInterface", "network_interfaces", "attach", "POST", "AttachNetworkInterface", "EventReference"),
        least=Use(("e", "n"), sends={"EcsId": "e", "NetcardId": "n"}),
        most=Use((NASTY, "n"), {"vlan_id": NASTY}, {"EcsId": NASTY, "NetcardId": "n", "VlanId": NASTY}),
        others=(Use(("e", "n"), {"vlan_id": ""}, {"EcsId": "e", "NetcardId": "n", "VlanId": ""}),),
    ),
    Row(
        *("DetachNetworkInterface", "network_interfaces", "detach", "POST", "DetachNetworkInterface", "EventReference"),
        *_ids("EcsId", "NetcardId"),
    ),
    Row(
        *("DescribeNetworkInterfaces", "network_interfaces", "describe", "GET", "DescribeNetworkInterface"),
        "NetworkInterface",
        *_ids("NetcardId"),
    ),
    Row(
        *("IsAttachedECS", "network_interfaces", "is_attached", "GET", "IsAttachedECS", "AttachmentStatus"),
        *_ids("NetcardId"),
    ),
    Row("QueryEventStatus", "events", "get_status", "GET", "QueryEventStatus", "Event", *_ids("EventId")),
    Row(
        *("DescribeScalingGroup", "scaling_groups", "describe", "GET", "DescribeScalingGroup", "ScalingGroup"),
        *_ids("ScalingGroupId"),
    ),
    Row(
        *("AddScalingNode", "scaling_groups", "add_nodes", "POST", "AddScalingNode", "TaskReference"),
        least=Use(("g", 1), sends={"ScalingGroupId": "g", "AddNum": 1}),
        most=Use((NASTY, 1000), sends={"ScalingGroupId": NASTY, "AddNum": 1000}),
        needed="TaskId",
    ),
)
