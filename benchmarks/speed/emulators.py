"""An emulator with so many clusters, a process of its own: `python -m benchmarks.speed.emulators --clusters 100`.

It prints its URL, and lives until its standard input ends.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence

from benchmarks.speed.machine import pin, raise_fd_limit
from cds_eks.emulator import Emulator
from cds_eks.emulator.__main__ import GC_THRESHOLDS

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends.

    Args:
        arguments: The command line; by default that of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.emulators", description=(__doc__ or "").split(":")[0]
    )
    parser.add_argument("--core", type=int, help="run on that core only")
    parser.add_argument("--clusters", type=int, default=0, help="how many there are (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.core is not None:
        pin(options.core)
    raise_fd_limit()
    gc.set_threshold(*GC_THRESHOLDS)  # as `python -m cds_eks.emulator` does
    emulator = Emulator(speed=60)
    for number in range(options.clusters):
        emulator.add_cluster(f"c-{number:05d}", name=f"gpu-{number:05d}")
    with emulator.serve() as url:
        print(url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
