"""A journal is about the service at one endpoint: ids say nothing elsewhere, and what is open would be made again."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, fleet
from cds_eks.emulator import Emulator
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.sqlite_schema import VERSION_1, migrate
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.service import service_of
from cds_eks.signing import Credentials
from fleet.run.world import LIMITS, World, in_world, plan_of, savable

ELSEWHERE = "https://region-b.example:8443"
Call = Callable[[AsyncEksClient, Plan, Journal, Path], Awaitable[Any]]


async def saved_and_applied(eks: AsyncEksClient, plan: Plan, journal: Journal, folder: Path) -> Any:
    return await (await fleet.apply(eks, folder / "plan.json", journal=journal)).report()


CALLS: dict[str, Call] = {
    "provision": lambda eks, plan, journal, _: fleet.provision(eks, plan, journal=journal, limits=LIMITS).report(),
    "destroy": lambda eks, plan, journal, _: fleet.destroy(eks, plan, journal=journal, limits=LIMITS).report(),
    "status": lambda eks, plan, journal, _: fleet.status(eks, plan, journal=journal),
    "diff": lambda eks, plan, journal, _: fleet.diff(eks, plan, journal=journal),
    "orphans": lambda eks, plan, journal, _: fleet.orphans(eks, plan, journal=journal),
    "import_": lambda eks, plan, journal, _: fleet.import_(eks, plan, journal=journal),
    "save": lambda eks, plan, journal, folder: fleet.save(eks, plan, folder / "again.json", journal=journal),
    "apply": saved_and_applied,
}


@pytest.mark.parametrize("name", CALLS)
def test_a_client_of_another_endpoint_is_refused_before_anything_is_sent(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = savable(monkeypatch, 2)

    async def body(world: World) -> None:
        other = World(world.clock, Emulator(clock=world.clock, wall_clock=world.clock.now, seed=7), world.journal)
        async with world.client() as eks:
            assert (await world.provision(eks, plan).report()).ok
            await fleet.save(eks, plan, tmp_path / "plan.json", journal=world.journal)
        rows = dict(world.journal.rows)
        async with other.client(endpoint=ELSEWHERE) as eks:
            with pytest.raises(ConfigurationError, match=r"belongs to the service at api\.capitalonline\.net.*rebind"):
                await CALLS[name](eks, plan, world.journal, tmp_path)
        assert not other.emulator.ledger.requests
        assert world.journal.rows == rows
        assert len(world.emulator.ledger.created("cluster")) == 2

    in_world(body, "asyncio")


def test_an_open_create_is_not_made_again_in_another_place() -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        other = World(world.clock, Emulator(clock=world.clock, wall_clock=world.clock.now, seed=7), world.journal)
        async with world.client() as eks, other.client(endpoint=ELSEWHERE) as elsewhere:
            run = world.provision(eks, plan)
            async for event in run:
                if isinstance(event, fleet.ItemChanged) and event.item.state == "sending":
                    run.stop("enough")
            with pytest.raises(ConfigurationError, match="what is open would be made again"):
                await world.provision(elsewhere, plan).report()
            assert (await world.provision(eks, plan).report()).ok
        assert world.made("cluster") == {"gpu-001": 1}
        assert not other.emulator.ledger.requests

    in_world(body, "asyncio")


def test_another_key_goes_on_with_the_same_journal() -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            assert (await world.provision(eks, plan).report()).ok
        other = Credentials("another-key", "another-secret")
        emulator = Emulator(
            credentials=other, clock=world.clock, wall_clock=world.clock.now, seed=7, timestamp_window=10**12
        )
        emulator._world = world.emulator._world
        async with World(world.clock, emulator, world.journal).client() as eks:
            assert (await world.provision(eks, plan).report()).ok
        assert emulator.ledger.created("cluster") == []

    in_world(body, "asyncio")


@pytest.mark.parametrize(
    ("endpoint", "service"),
    [
        ("https://api.capitalonline.net", "api.capitalonline.net"),
        ("http://API.capitalonline.net:80", "api.capitalonline.net"),
        ("https://api.capitalonline.net:443/", "api.capitalonline.net"),
        ("https://api.capitalonline.net:80", "api.capitalonline.net:80"),
        ("https://api.capitalonline.net/b/", "api.capitalonline.net/b"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_a_service_is_called_by_its_host_port_and_path(endpoint: str, service: str) -> None:
    assert service_of(endpoint) == service


def test_a_file_of_before_takes_the_first_service_and_rebind_another_one(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        async with world.client() as eks, world.client(endpoint=ELSEWHERE) as elsewhere:
            async with fleet.open_journal(path) as journal:
                assert [item.name for item in await journal.items()] == ["gpu-000"]
                await fleet.status(eks, plan, journal=journal)
                with pytest.raises(ConfigurationError, match="rebind=True"):
                    await fleet.status(elsewhere, plan, journal=journal)
            async with fleet.open_journal(path, rebind=True) as journal:
                await fleet.status(elsewhere, plan, journal=journal)
            async with fleet.open_journal(path) as journal:
                await fleet.status(elsewhere, plan, journal=journal)
                with pytest.raises(ConfigurationError, match=r"belongs to the service at region-b\.example:8443"):
                    await fleet.status(eks, plan, journal=journal)
                noted = [entry.action for entry in await journal.audit() if not entry.item_id]
        assert noted == ["belongs to api.capitalonline.net", "belongs to region-b.example:8443"]

    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, str(path), 0.0, (VERSION_1,))
    connection.execute(
        "INSERT INTO items (id, kind, name, vpc_id, cluster_name, position, digest, replicas, protect, state, epoch, "
        "ids, changed_at) VALUES ('cluster/vpc-1/gpu-000', 'cluster', 'gpu-000', 'vpc-1', 'gpu-000', 0, '', 0, 0, "
        "'ready', 1, '{\"cluster_id\": \"eks-0\"}', 0)"
    )
    connection.close()
    anyio.run(body, World.make())
