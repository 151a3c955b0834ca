"""The configuration of nodes in one shape, whatever the request.

CreateCluster of revision 2025-09-08 describes nodes under other names than CreateNodePool, and than its newer self. The
service gives back `NodePoolSpec`'s [O], so those are stored. Passwords never get past this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["from_cluster_spec", "from_pool_spec"]


def from_cluster_spec(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `NodeConfig` of a CreateCluster request of 2025-09-08 under the names of `NodePoolSpec`.

    Its password is left behind.
    """
    billing = config["BillingSpec"]
    return {
        "BillingSpec": {
            "InstanceChargeType": "PrePaid" if billing["BillingMethod"] == "1" else "PostPaid",
            "Period": billing.get("Duration", 0),
            "IsToMonth": billing["IsToMonth"],
            "AutoRenew": billing["AutoRenew"],
        },
        "SystemVolume": _volume(config["SystemDisk"]),
        # The Go client sends 0 for a Number that was left unset [O]: one disk.
        "DataVolumes": [_volume(disk) for disk in config["DataDisk"] for _ in range(disk.get("Number") or 1)],
        "OsImageName": config["OsImageName"],
        "SubnetIds": [subnet["SubnetId"] for subnet in config["SubnetList"]],
        "InstanceTypeIds": [each["ProductName"] for each in config["Specifics"]],
        "ExecCommand": config.get("Shell", ""),
        "Labels": config.get("Labels", {}),
    }


def _volume(disk: Mapping[str, Any]) -> dict[str, Any]:
    return {"Type": disk["DiskFeature"].upper(), "Size": disk["DiskSize"]}


def from_pool_spec(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `NodeConfig` of a `NodePoolSpec`, or of a newer CreateCluster request, with all its fields.

    But for the password.
    """
    billing = config["BillingSpec"]
    return {
        "BillingSpec": {"Period": 0, "IsToMonth": 0, "AutoRenew": 0} | billing,
        "SystemVolume": {"Type": "SSD", "Size": 40} | config.get("SystemVolume", {}),
        "DataVolumes": [{"Type": "SSD", "Size": 80} | volume for volume in config.get("DataVolumes", [])],
        "OsImageName": config["OsImageName"],
        "SubnetIds": config["SubnetIds"],
        "InstanceTypeIds": config["InstanceTypeIds"],
        "ExecCommand": config.get("ExecCommand", ""),
        "Labels": config.get("Labels", {}),
    }
