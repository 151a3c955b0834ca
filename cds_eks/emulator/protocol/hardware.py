"""The hardware that the name of a machine type tells."""

from __future__ import annotations

import re
from functools import lru_cache

import attrs

__all__ = ["Hardware", "has_no_gpu"]

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

    @staticmethod
    def of(product: str) -> Hardware:
        """Read the name of a product or instance type. One that can't be read is a small machine [I]."""
        return _read(product)


@lru_cache(maxsize=1024)  # every node asks, and nearly all are of a few types
def _read(product: str) -> Hardware:
    match = _parts_of(product)
    if match is None:
        return Hardware(family=product, cpu=2, ram=4, gpu=0, gpu_type="")
    gpu = int(match["gpu"] or 0)
    return Hardware(
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
