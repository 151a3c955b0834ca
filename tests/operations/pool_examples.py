"""Node pools to be made, and what must then be on the wire."""

from __future__ import annotations

from typing import Any

from cds_eks import models
from operations.cluster_examples import PASSWORD
from operations.uses import NASTY


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
