"""What machines are made of: the specification of a node pool in one shape, and the hardware that a product name tells.

CreateCluster of revision 2025-09-08 describes nodes under other names than CreateNodePool, and than its newer self. The
service gives back `NodePoolSpec`'s [O], so those are stored. Passwords never get past this file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["Hardware", "from_cluster_spec", "from_pool_spec", "has_no_gpu"]

# `Optimized M6,2,4,0`: family, CPUs, GB of memory, GPUs [O]
_PRODUCT = re.compile(r"(?P<family>.+),(?P<cpu>[0-9]{1,4}),(?P<ram>[0-9]{1,5}),(?P<gpu>[0-9]{1,3})")
# `Inference gch c8 nr4.16c64g1gpu`, `CPU Compute C11.8c16g` [O]
_INSTANCE_TYPE = re.compile(r"(?P<family>.+)\.(?P<cpu>[0-9]{1,4})c(?P<ram>[0-9]{1,5})g(?:(?P<gpu>[0-9]{1,3})gpu)?")


@attrs.frozen(kw_only=True)
class Hardware:
    """What a machine has: CPUs, GB of memory, GPUs, and the kind of the GPUs (empty without any)."""

    family: str
    cpu: int
    ram: int
    gpu: int
    gpu_type: str

    @classmethod
    def of(cls, product: str) -> Hardware:
        """Read the name of a product or instance type. One that can't be read is a small machine [I]."""
        match = _parts_of(product)
        if match is None:
            return cls(family=product, cpu=2, ram=4, gpu=0, gpu_type="")
        gpu = int(match["gpu"] or 0)
        return cls(
            family=match["family"],
            cpu=int(match["cpu"]),
            ram=int(match["ram"]),
            gpu=gpu,
            gpu_type="NVIDIA GeForce RTX 4090" if gpu else "",  # [I]
        )


def _parts_of(product: str) -> re.Match[str] | None:
    return _PRODUCT.fullmatch(product) or _INSTANCE_TYPE.fullmatch(product)


def has_no_gpu(product: str) -> bool:
    """Whether the name of a product or instance type says that there is no GPU in it."""
    return _parts_of(product) is not None and not Hardware.of(product).gpu


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
