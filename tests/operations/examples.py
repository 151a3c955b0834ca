"""What only a person can say of an operation: how it is called, and what must then be on the wire.

An operation that is not here is called as its description says, see `described_examples`.
"""

from __future__ import annotations

from cds_eks import models
from operations.cluster_examples import LEAST_CLUSTER, LEAST_CLUSTER_SENT, MOST_CLUSTER, MOST_CLUSTER_SENT
from operations.pool_examples import LEAST_POOL_SENT, MOST_POOL, MOST_POOL_SENT, least_pool
from operations.revision_examples import FULL_CLUSTER, FULL_CLUSTER_NEWER, FULL_CLUSTER_SENT, LEAST_CLUSTER_NEWER
from operations.uses import NASTY, Example, Use


def _ids(*names: str) -> tuple[Use, Use]:
    """The uses of a method that takes nothing but ids: plain ones, and ones full of special characters."""
    plain = tuple(f"{name}-1" for name in names)
    return (
        Use(plain, sends=dict(zip(names, plain, strict=True))),
        Use((NASTY,) * len(names), sends=dict.fromkeys(names, NASTY)),
    )


EXAMPLES: dict[str, Example] = {
    "CreateCluster": Example(
        "clusters.create",
        "ClusterTask",
        least=Use((LEAST_CLUSTER,), sends=LEAST_CLUSTER_SENT, newer=LEAST_CLUSTER_NEWER),
        most=Use((MOST_CLUSTER,), sends=MOST_CLUSTER_SENT, newer="cni.cni_config.calico_encapsulation"),
        others=(Use((FULL_CLUSTER,), sends=FULL_CLUSTER_SENT, newer=FULL_CLUSTER_NEWER),),
        needed="ClusterId",
    ),
    "GetCluster": Example("clusters.get", "ClusterDetail", *_ids("ClusterId")),
    "ListClusters": Example(
        "clusters.list",
        "list[ClusterSummary]",
        least=Use(),
        most=Use(kwargs={"keyword": NASTY, "vpc_id": "v"}, sends={"Keyword": NASTY, "VpcId": "v"}),
        others=(Use(kwargs={"keyword": "", "vpc_id": ""}, sends={"Keyword": "", "VpcId": ""}),),
    ),
    "DeleteCluster": Example("clusters.delete", "ClusterTask", *_ids("ClusterId")),
    "GetClusterEvents": Example("clusters.list_events", "list[ClusterEvent]", *_ids("ClusterId")),
    "AddClusterSubnet": Example(
        "clusters.add_subnets",
        "none",
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
    "GetTaskStatus": Example("tasks.get_status", "TaskStatus", *_ids("TaskId")),
    "ListNodes": Example(
        "nodes.list",
        "list[Node]",
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
    "DeleteNode": Example(
        "nodes.delete",
        "TaskReference",
        least=Use(("c", ["n"]), sends={"ClusterId": "c", "NodeIds": ["n"]}),
        most=Use((NASTY, ("n-1", NASTY, "n-1")), sends={"ClusterId": NASTY, "NodeIds": ["n-1", NASTY, "n-1"]}),
    ),
    "CreateNodePool": Example(
        "node_pools.create",
        "NodePoolTask",
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
    "UpdateNodePoolConfig": Example(
        "node_pools.update_config",
        "TaskReference",
        least=Use(
            (models.UpdateNodePoolConfigRequest(cluster_id="c", config=least_pool(id="np")),),
            sends={"ClusterId": "c", "Config": {"Id": "np", **LEAST_POOL_SENT}},
        ),
        most=Use(
            (models.UpdateNodePoolConfigRequest(cluster_id="c", vpc_id="", config=MOST_POOL),),
            sends={"ClusterId": "c", "VpcId": "", "Config": MOST_POOL_SENT},
        ),
    ),
    "ScalingNodePoolNum": Example(
        "node_pools.scale",
        "TaskReference",
        least=Use(("c", "np", 0), sends={"ClusterId": "c", "NodePoolId": "np", "Replicas": 0}),
        most=Use((NASTY, NASTY, 99), sends={"ClusterId": NASTY, "NodePoolId": NASTY, "Replicas": 99}),
    ),
    "ListNodePools": Example(
        "node_pools.list",
        "NodePoolList",
        least=Use(("c",), sends={"ClusterId": "c"}),
        most=Use(
            ("c",),
            {"node_pool_id": "np", "filter": NASTY},
            {"ClusterId": "c", "NodePoolId": "np", "Filter": NASTY},
        ),
        others=(Use(("c",), {"node_pool_id": "", "filter": ""}, {"ClusterId": "c", "NodePoolId": "", "Filter": ""}),),
    ),
    "DeleteNodePool": Example("node_pools.delete", "TaskReference", *_ids("ClusterId", "NodePoolId")),
    "CreateNetworkInterface": Example(
        "network_interfaces.create",
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
    "DeleteNetworkInterface": Example("network_interfaces.delete", "EventReference", *_ids("NetcardId")),
    "AttachNetworkInterface": Example(
        "network_interfaces.attach",
        "EventReference",
        least=Use(("e", "n"), sends={"EcsId": "e", "NetcardId": "n"}),
        most=Use((NASTY, "n"), {"vlan_id": NASTY}, {"EcsId": NASTY, "NetcardId": "n", "VlanId": NASTY}),
        others=(Use(("e", "n"), {"vlan_id": ""}, {"EcsId": "e", "NetcardId": "n", "VlanId": ""}),),
    ),
    "DetachNetworkInterface": Example("network_interfaces.detach", "EventReference", *_ids("EcsId", "NetcardId")),
    "DescribeNetworkInterfaces": Example("network_interfaces.describe", "NetworkInterface", *_ids("NetcardId")),
    "IsAttachedECS": Example("network_interfaces.is_attached", "AttachmentStatus", *_ids("NetcardId")),
    "QueryEventStatus": Example("events.get_status", "Event", *_ids("EventId")),
    "DescribeScalingGroup": Example("scaling_groups.describe", "ScalingGroup", *_ids("ScalingGroupId")),
    "AddScalingNode": Example(
        "scaling_groups.add_nodes",
        "TaskReference",
        least=Use(("g", 1), sends={"ScalingGroupId": "g", "AddNum": 1}),
        most=Use((NASTY, 1000), sends={"ScalingGroupId": NASTY, "AddNum": 1000}),
        needed="TaskId",
    ),
}
"""By documented name."""
