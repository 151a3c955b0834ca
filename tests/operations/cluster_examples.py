"""Clusters to be made, and what must then be on the wire in revision 2025-09-08."""

from __future__ import annotations

from cds_eks import models
from operations.uses import NASTY

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
