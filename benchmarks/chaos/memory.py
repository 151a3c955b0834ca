"""How much memory the client's process has, and what of the SDK is left in it."""

from __future__ import annotations

import gc
import importlib
import os
import resource
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cds_eks import models

__all__ = ["Sample", "growth", "kept_objects", "resident"]

Sample = tuple[int, float]
"""How many calls had ended, and how many MB the process had then."""

WARM_UP = 4000
"""How many calls memory may grow for: connections, caches, the allocator's arenas."""

WARM_UP_SHARE = 0.3
"""The same as a share of all calls; the longer of the two counts."""


def resident() -> float:
    """Return the MB of this process that are in memory; where the system does not tell, the most that ever were."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


def kept_objects() -> Counter[str]:
    """Return how many objects of each class of the SDK there are: what a call has left behind is among them.

    Without those of the backends, which keep their connections, the forms of requests that a signer keeps, of which
    there is a most, and what is looked for of the client's own key: `Truncated`, which has it, is counted.
    """
    importlib.import_module("cds_eks.redaction.echoes")  # what a module is made of is not left behind
    for name in models.__all__:
        getattr(models, name)  # imports it, if that was not done yet
    gc.collect()
    kinds = [(str(type(each).__module__), type(each).__qualname__) for each in gc.get_objects()]
    return Counter(
        name
        for module, name in kinds
        if module.startswith("cds_eks.")
        and not module.startswith("cds_eks.backend.")
        and name not in ("_Form", "_Beginning")
    )


def growth(samples: Sequence[Sample]) -> float:
    """Return how many MB memory grew for each 1,000 calls after the warm-up: the slope of the best line (Theil-Sen).

    Args:
        samples: Taken along the run.
    """
    if not samples:
        return 0.0
    warm = [each for each in samples if each[0] >= max(WARM_UP, WARM_UP_SHARE * samples[-1][0])]
    step = max(1, len(warm) // 200)
    warm = warm[::step]
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0]) * 1000
        for at, earlier in enumerate(warm)
        for later in warm[at + 1 :]
        if later[0] > earlier[0]
    ]
    return statistics.median(slopes) if slopes else 0.0
