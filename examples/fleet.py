"""A fleet from one plan: each cluster and each node pool exactly once, whatever fails on the way.

python examples/fleet.py --emulated              against an emulator on this machine, with faults
python examples/fleet.py --plan my_fleet.toml    against the cloud (CDS_SECRET_ID, CDS_SECRET_KEY)

Interrupt it or kill it, and run it again with the same journal: it goes on where it was.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from fleet_progress import FleetProgress

from cds_eks import AsyncEksClient, errors, fleet
from cds_eks.fleet.items import OPEN
from cds_eks.fleet.journal.base import Journal

SAMPLE = Path(__file__).with_name("fleet.toml")
SAMPLE_SECRETS = {"CDS_CLOUD_AK": "a-made-up-key", "CDS_CLOUD_SK": "a-made-up-secret", "NODE_PASSWORD": "Made-up-1st!"}

FAULTS = (
    "CreateCluster:reset_after_commit:count=2:skip=3",  # made, but the answer is lost
    "CreateCluster:reset_before_commit:count=1:skip=8",  # lost on the way: nothing is made, and nobody knows
    "CreateCluster:late:seconds=30:count=1:skip=10",  # given up by its client, and made half a minute later
    "CreateCluster:throttle:count=2",
    "CreateNodePool:reset_after_commit:count=2:skip=4",
    "ListClusters:lag:seconds=20:probability=0.5",  # lists leave out what was made just now
    "read:status=503:probability=0.05",
)
"""What goes wrong at the emulator, in the words of `python -m cds_eks.emulator --fault`."""


class Options(argparse.Namespace):
    """What the command line says."""

    emulated: bool
    speed: float
    fault: list[str]
    plan: Path | None
    journal: str | None
    report: Path | None
    poll_interval: float


def options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Carry a plan of clusters and node pools out.")
    parser.add_argument(
        "--emulated", action="store_true", help="run against an emulator on this machine: no account needed"
    )
    parser.add_argument("--speed", type=float, default=60.0, help="how fast the emulator's time goes (default: 60)")
    parser.add_argument("--fault", action="append", default=[], help="one more fault for the emulator")
    parser.add_argument("--plan", type=Path, help="the plan, a file like examples/fleet.toml")
    parser.add_argument("--journal", help="fleet.db (default; with --emulated a new file), or postgresql://…")
    parser.add_argument("--report", type=Path, help="where to write the report's page (default: beside the journal)")
    parser.add_argument("--poll-interval", type=float, default=5.0, help="seconds between two polls (default: 5)")
    chosen = parser.parse_args(namespace=Options())
    if not chosen.emulated and chosen.plan is None:
        parser.error(f"the cloud needs your own --plan (copy {SAMPLE.name}); or say --emulated")
    if chosen.emulated and chosen.journal is not None and Path(chosen.journal).exists():
        parser.error(
            "this journal tells of another service than a new emulator; "
            "start `python -m cds_eks.emulator` to have one that stays, and leave --emulated out"
        )
    return chosen


@asynccontextmanager
async def client(chosen: Options) -> AsyncIterator[AsyncEksClient]:
    """Yield a client: of the cloud, or of an emulator with faults, over real HTTP on a real socket."""
    if not chosen.emulated:
        async with AsyncEksClient() as eks:
            yield eks
        return
    from cds_eks.emulator import Emulator, parse_fault

    for name, value in SAMPLE_SECRETS.items():
        os.environ.setdefault(name, value)
    faults = [parse_fault(text) for text in (*chosen.fault, *FAULTS)]
    emulator = Emulator(speed=chosen.speed, seed=20, faults=faults)
    async with emulator.serve() as url, AsyncEksClient(emulator.credentials, endpoint=url) as eks:
        print(f"an emulated service at {url}, where a minute takes {60 / chosen.speed:g} s")
        yield eks
        struck = ", ".join(f"{count}x {kind}" for kind, count in emulator.faults.struck.items())
        print(f"faults on the way: {struck or 'none'}")
        made = Counter(resource.name for resource in emulator.ledger.created("cluster"))
        print(f"the service's ledger: {made.total()} clusters created, {made.total() - len(made)} of them twice")


def waiting_limits(chosen: Options) -> tuple[float, fleet.FleetLimits]:
    """Return for how long a lost create is looked for, and the limits: an emulator's time goes faster."""
    if not chosen.emulated:
        return 60.0, fleet.FleetLimits(poll_interval=chosen.poll_interval)
    pace = 60 / chosen.speed
    return 3.0 * pace, fleet.FleetLimits(creates=8, poll_interval=0.4 * pace, pool_fallback=2.0 * pace)


async def carry_out(eks: AsyncEksClient, plan: fleet.Plan, journal: Journal, chosen: Options) -> fleet.FleetReport:
    """Carry the plan out, and show how far it is."""
    planned = plan.items()
    known = await journal.items(ids=[item.id for item in planned])
    settle, limits = waiting_limits(chosen)
    run = fleet.provision(eks, plan, journal=journal, settle=settle, limits=limits)
    with FleetProgress(known, Counter(item.kind for item in planned)) as progress:
        try:
            async for event in run:
                progress.see(event)
        except anyio.get_cancelled_exc_class():  # Ctrl-C: what was under way has ended
            with anyio.CancelScope(shield=True):
                left = [item.name for item in await journal.items(states=OPEN)]
            progress.say(f"interrupted; open: {', '.join(left) or 'nothing'}; run it again to go on")
            raise
    return await run.report()


async def main() -> int:
    """Run it, and say what became of it."""
    chosen = options()
    try:
        plan = fleet.Plan.load(chosen.plan or SAMPLE)
        plan.items()  # refuses faults, as long as there is no file of this run
        journal_at = chosen.journal
        if journal_at is None:
            journal_at = str(Path(tempfile.mkdtemp(prefix="fleet-")) / "fleet.db") if chosen.emulated else "fleet.db"
        page = chosen.report or (Path("fleet.html") if "://" in journal_at else Path(journal_at).with_suffix(".html"))
        # `delay`: no file as long as there is nothing to say
        logging.basicConfig(handlers=[logging.FileHandler(page.with_suffix(".log"), delay=True)], level=logging.INFO)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses, signatures and all
        async with client(chosen) as eks, fleet.open_journal(journal_at) as journal:
            report = await carry_out(eks, plan, journal, chosen)
        print(report)
        print(f"journal: {journal_at}")
        print(f"report: {await anyio.to_thread.run_sync(report.to_html, page)}")
    except (errors.EksError, OSError) as error:  # OSError: a file that is not there, or can't be written
        print(f"{type(error).__name__}: {error}")
        return 1
    return 0 if report.ok else 1


if __name__ == "__main__":
    try:
        raise SystemExit(anyio.run(main))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
