"""Clusters to be made, and what must then be on the wire in revision 2025-10-11."""

from __future__ import annotations

from cds_eks import models
from operations.cluster_examples import DISK, LEAST_CLUSTER_SENT, PASSWORD
from operations.uses import NASTY

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
