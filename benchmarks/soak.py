"""Provision through every fault at once, and let the service's ledger judge each call.

python -m benchmarks.soak --creates 10000 --seed 1
python -m benchmarks.soak --creates 2000 --seed 7 --in-flight 100 --seconds 60 --json soak.json

The emulator runs in a process of its own, with faults of all kinds; the real client calls it over sockets, hundreds of
calls at once, and some are cancelled at any moment. At the end the ledger is asked what became of each call: none may
have been carried out twice, and what the client says of each must be true. The exit code is 1 if anything is not so.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
from rich.console import Console

from benchmarks.chaos.report import Progress, report, to_plain
from benchmarks.chaos.run import Settings, soak

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    usual = Settings()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--creates", type=int, default=usual.creates, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=usual.seed, help="of everything random (default: %(default)s)")
    parser.add_argument("--in-flight", type=int, default=usual.in_flight, help="calls at once (default: %(default)s)")
    parser.add_argument("--fault-rate", type=float, default=usual.fault_rate, help="from 0 to 1 (default: %(default)s)")
    parser.add_argument(
        "--cancel-rate", type=float, default=usual.cancel_rate, help="from 0 to 1 (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, help="begin no create later than that")
    parser.add_argument("--backend", choices=["httpx", "native"], default=usual.backend, help="default: %(default)s")
    parser.add_argument(
        "--most-growth", type=float, default=usual.most_growth, help="MB for each 1,000 calls (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak and print what came of it.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        The exit code: 0 if all is as it must be, 1 if anything is not.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.creates < 1 or options.in_flight < 1:
        parser.error("--creates and --in-flight must be at least 1")
    if not (0 <= options.fault_rate <= 1 and 0 <= options.cancel_rate <= 1):
        parser.error("--fault-rate and --cancel-rate must be from 0 to 1")
    settings = Settings(
        creates=options.creates,
        seed=options.seed,
        in_flight=options.in_flight,
        fault_rate=options.fault_rate,
        cancel_rate=options.cancel_rate,
        seconds=options.seconds,
        backend=options.backend,
        most_growth=options.most_growth,
    )
    logging.getLogger("cds_eks").addHandler(logging.NullHandler())  # each open create is a warning
    console = Console(highlight=False)
    with Progress(console, settings.creates) as progress:
        result = anyio.run(soak, settings, progress.show)
    report(console, result)
    if options.json is not None:
        options.json.write_text(json.dumps(to_plain(result), indent=1) + "\n", encoding="utf-8")
    return 1 if result.judgement.violations else 0


if __name__ == "__main__":
    sys.exit(main())
