"""Cut creates off at random moments, and let the service's ledger judge what their callers can learn.

python -m benchmarks.interrupts --creates 1000 --sigint 200
python -m benchmarks.interrupts --creates 200 --sigint 50 --seed 7 --backend native

The emulator runs in a process of its own. Each create is cut off by `asyncio.wait_for`, `asyncio.timeout`, a cancel
scope that swallows it or the cancellation of its task, or by Ctrl-C in a blocking call, before, while or after its
answer comes. The exit code is 1 if a cluster was made and its caller can't learn of it, if what he learns is not so, or
if a call beside it was struck.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

import anyio
from rich.console import Console
from rich.table import Table

from benchmarks.chaos.interrupting import interrupt

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.interrupts", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--creates", type=int, default=1000, help="how many async ones (default: %(default)s)")
    parser.add_argument("--sigint", type=int, default=200, help="how many blocking ones (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default: %(default)s)")
    parser.add_argument("--backend", choices=["httpx", "native", "both"], default="both", help="default: %(default)s")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what came of it.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        The exit code: 0 if all is as it must be, 1 if anything is not.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.creates < 0 or options.sigint < 0:
        parser.error("--creates and --sigint must be at least 0")
    logging.getLogger("cds_eks").addHandler(logging.NullHandler())  # there will be hundreds of warnings
    console = Console(highlight=False)
    violations = 0
    for backend in ("httpx", "native") if options.backend == "both" else (options.backend,):

        async def run(backend: str = backend) -> int:
            verdict = await interrupt(options.creates, options.sigint, seed=options.seed, backend=backend)
            table = Table("way", "the caller learns", "the ledger says", "creates", box=None, header_style="dim")
            for row, count in sorted(verdict.counts.items()):
                table.add_row(*row, str(count))
            console.print(f"{backend}:")
            console.print(table)
            for violation in verdict.violations[:20]:
                console.print(f"VIOLATION: {violation}", soft_wrap=True, markup=False)
            console.print(f"{sum(verdict.counts.values())} creates, {len(verdict.violations)} violations")
            return len(verdict.violations)

        violations += anyio.run(run)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
