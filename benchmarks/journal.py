"""Measure how many durable steps of a fleet's items a second a journal writes, beside one commit for each.

python -m benchmarks.journal
python -m benchmarks.journal --items 2000 --in-flight 64 --kind sqlite
python -m benchmarks.journal --postgres postgresql://user@host/database

Each item goes `planned -> sending -> accepted -> ready`, 256 items at once, each step awaited before the item's next:
what arrives while a commit is on its way is in the next one. The file lies in the folder for temporary files (TMPDIR:
one that is a disk, else nothing is durable); the PostgreSQL server is started for it from Debian's package, with fsync,
unless an address is given. The exit code is 1 if a grouped figure is below the bar.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import attrs

from cds_eks.fleet.items import Change, Item, NewItem, State, cluster_item_id
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.opening import open_journal

BAR = 5_000
STEPS: tuple[State, ...] = ("sending", "accepted", "ready")


@attrs.frozen(kw_only=True)
class Figures:
    """What was measured of one kind of journal, in steps a second."""

    grouped: float
    single: float


def new_items(vpc_id: str, count: int) -> list[NewItem]:
    """Return items of a plan."""
    names = [f"gpu-{n:05d}" for n in range(count)]
    return [
        NewItem(
            id=cluster_item_id(vpc_id, name),
            kind="cluster",
            name=name,
            vpc_id=vpc_id,
            cluster_name=name,
            position=position,
            digest="sha256:" + "0" * 64,
            replicas=8,
        )
        for position, name in enumerate(names)
    ]


async def steps_of(journal: Journal, item: Item) -> None:
    """Bring an item all the way, each step when the one before is durable."""
    for state in STEPS:
        (item,) = await journal.write(
            Change(
                item_id=item.id,
                runner="bench",
                epoch=item.epoch,
                state=state,
                deadline=30.0,
                ids={"cluster_id": f"c-{item.name}", "task_id": f"t-{item.name}"} if state == "accepted" else {},
                origin="created" if state == "accepted" else None,
                request_id=f"r-{item.name}",
                action="CreateCluster",
            )
        )


async def rate(where: str, count: int, in_flight: int) -> float:
    """Return how many steps a second are durable with so many items at once."""
    vpc_id = uuid.uuid4().hex
    limit = anyio.Semaphore(in_flight)

    async def one(journal: Journal, item: Item) -> None:
        async with limit:
            await steps_of(journal, item)

    async with open_journal(where) as journal:
        plan = new_items(vpc_id, count)
        await journal.add(plan)
        ids = {item.id for item in plan}
        items = await journal.claim("bench", limit=count, lease=3600, states=["planned"], ids=ids)
        began = time.perf_counter()
        async with anyio.create_task_group() as group:
            for item in items:
                group.start_soon(one, journal, item)
        took = time.perf_counter() - began
        ready = await journal.items(states=["ready"], ids=ids)
        if len(ready) != count:
            raise RuntimeError(f"only {len(ready)} of {count} items are ready")
    return len(STEPS) * count / took


def measure(where: str, *, items: int, in_flight: int, rounds: int, backend: str) -> Figures:
    """Return the best of some rounds: what else the machine does only slows them."""
    grouped = max(anyio.run(rate, where, items, in_flight, backend=backend) for _ in range(rounds))
    single = max(anyio.run(rate, where, max(1, items // 50), 1, backend=backend) for _ in range(rounds))
    return Figures(grouped=grouped, single=single)


@contextmanager
def places(kinds: list[str], postgres: str | None) -> Iterator[dict[str, str]]:
    """Give where journals can be made, by kind."""
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="cds-eks-journal-") as folder:
        if "sqlite" in kinds:
            found["sqlite"] = str(Path(folder) / "fleet.db")
        if "postgres" not in kinds or postgres is not None:
            yield found if postgres is None else {**found, "postgres": postgres}
            return
        sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
        from support.postgres_server import MISSING, PostgresServer, find_programs

        if find_programs() is None:
            print(f"PostgreSQL is left out: {MISSING}")
            yield found
            return
        server = PostgresServer(fsync=True)
        try:
            yield {**found, "postgres": server.new_database()}
        finally:
            server.close()


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kind", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    parser.add_argument(
        "--postgres", metavar="ADDRESS", help="a database that is there, instead of a server of its own"
    )
    parser.add_argument("--items", type=int, default=5_000, metavar="N")
    parser.add_argument("--in-flight", type=int, default=256, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="the best of them counts")
    parser.add_argument("--backend", choices=["asyncio", "trio"], default="asyncio")
    given = parser.parse_args()
    is_met = True
    with places(given.kind, given.postgres) as found:
        print(f"{'durable steps/s':<16}{'grouped':>10}{'one a commit':>14}{'bar':>8}")
        for kind, where in found.items():
            figures = measure(
                where, items=given.items, in_flight=given.in_flight, rounds=given.rounds, backend=given.backend
            )
            print(f"{kind:<16}{figures.grouped:>10,.0f}{figures.single:>14,.0f}{BAR:>8,}", flush=True)
            is_met = is_met and figures.grouped >= BAR
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
