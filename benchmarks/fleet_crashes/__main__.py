"""Kill the processes that carry a fleet out, at random moments, and start them again: is everything there once?

python -m benchmarks.fleet_crashes --kills 50
python -m benchmarks.fleet_crashes --kills 50 --journal postgresql --faults 0.2 --stale 10 --late --runners 2
python -m benchmarks.fleet_crashes --kills 5 --journal postgresql --outage 5

The emulator, in a process of its own, is the judge: each cluster and each node pool was made once, and the report of
every process that was let end says the same as the ledger. Everything is 60 times as fast as in reality. The exit code
is 1 if anything is wrong. A campaign takes one to two minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks.fleet_crashes.campaign import Campaign
from benchmarks.fleet_crashes.faults import SPEED
from benchmarks.fleet_crashes.journals import journals

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fleet_crashes", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--kills", type=int, default=50, help="how many processes are killed (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all moments (default: %(default)s)")
    parser.add_argument("--clusters", type=int, default=12, help="of each fleet (default: %(default)s)")
    parser.add_argument("--journal", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--faults", type=float, default=0.0, metavar="SHARE", help="of requests that go wrong")
    parser.add_argument("--stale", type=float, default=0.0, metavar="SECONDS", help="by which lists lag behind")
    parser.add_argument("--late", action="store_true", help="deliver creates when their sender has given them up")
    parser.add_argument("--runners", type=int, default=1, metavar="N", help="processes on one fleet at once")
    parser.add_argument("--speed", type=float, default=SPEED, help="of the service (default: %(default)s)")
    parser.add_argument("--outage", type=float, metavar="SECONDS", help="stop PostgreSQL for so long in each fleet")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; return the exit code."""
    given = _parser().parse_args(arguments)
    seconds: float | None = given.outage
    with journals(given.journal) as (new_journal, outage):
        campaign = Campaign(
            new_journal=new_journal,
            kills=given.kills,
            seed=given.seed,
            clusters=given.clusters,
            runners=given.runners,
            faults=given.faults,
            stale=given.stale,
            late=given.late,
            speed=given.speed,
            outage=None if seconds is None else lambda: outage(seconds),
        )
        outcome = campaign.run(print)
    for wrong in outcome.wrong:
        print("WRONG", wrong)
    told = ", ".join(f"{count} {origin}" for origin, count in sorted(outcome.origins.items()))
    print(
        f"{outcome.kills} kills in {outcome.rounds} fleets, {told}: {len(outcome.wrong)} wrong, {outcome.seconds:.0f} s"
    )
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
