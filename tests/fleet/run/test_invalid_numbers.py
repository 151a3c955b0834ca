"""Numbers that make no sense are refused before anything is sent, wherever they are passed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cds_eks import AsyncEksClient, EksClient, fleet
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.plan.model import Plan
from fleet.run.world import LIMITS, World, in_world, plan_of

NO_SECONDS = [float("nan"), float("inf"), -1.0, -100, 10**400, "60", None, True]

Entry = Callable[[AsyncEksClient, World, Plan, Any], Awaitable[object]]


@pytest.mark.parametrize("value", NO_SECONDS, ids=lambda value: str(value)[:8])
@pytest.mark.parametrize("what", ["provision", "destroy", "launch", "journal_timeout"])
def test_seconds_that_make_no_sense_are_refused_before_anything_is_sent(
    what: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fleet.db"

    async def body(world: World) -> None:
        plan = plan_of(1, 1)

        async def begin(eks: AsyncEksClient) -> object:
            if what == "launch":
                return await fleet.launch(plan, journal=path, settle=value)
            if what == "journal_timeout":
                return await fleet.launch(plan, journal=path, journal_timeout=value)
            make = fleet.provision if what == "provision" else fleet.destroy
            return make(eks, plan, journal=world.journal, settle=value)

        async with world.client() as eks:
            with pytest.raises(ConfigurationError, match=r"(settle|journal_timeout) must be a number of seconds"):
                await begin(eks)
        assert not world.emulator.ledger.requests
        assert not world.journal.rows
        assert not path.exists()

    in_world(body, "asyncio")


@pytest.mark.parametrize("value", NO_SECONDS, ids=lambda value: str(value)[:8])
def test_a_journal_that_is_to_be_tried_for_no_time_that_makes_sense_is_not_made(value: Any, tmp_path: Path) -> None:
    async def body(_: World) -> None:
        with pytest.raises(ConfigurationError, match="timeout must be a number of seconds"):
            async with fleet.open_journal(tmp_path / "fleet.db", timeout=value):
                pass

    in_world(body, "asyncio")
    assert not list(tmp_path.iterdir())


ENTRIES: dict[str, Entry] = {}


def entry(function: Entry) -> Entry:
    ENTRIES[function.__name__] = function
    return function


@entry
async def provision(eks: AsyncEksClient, world: World, plan: Plan, limits: Any) -> object:
    return await fleet.provision(eks, plan, journal=world.journal, limits=limits).report()


@entry
async def destroy(eks: AsyncEksClient, world: World, plan: Plan, limits: Any) -> object:
    return await fleet.destroy(eks, plan, journal=world.journal, limits=limits).report()


@entry
async def diff(eks: AsyncEksClient, world: World, plan: Plan, limits: Any) -> object:
    return await fleet.diff(eks, plan, journal=world.journal, limits=limits)


@entry
async def import_(eks: AsyncEksClient, world: World, plan: Plan, limits: Any) -> object:
    return await fleet.import_(eks, plan, journal=world.journal, limits=limits)


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("limits", [{"creates": 2}, 3, "all"])
def test_limits_of_another_kind_are_refused_before_anything_is_sent(name: str, limits: Any) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            with pytest.raises(ConfigurationError, match="limits must be FleetLimits"):
                await ENTRIES[name](eks, world, plan_of(1, 1), limits)
        assert not world.emulator.ledger.requests

    in_world(body, "asyncio")


def test_the_blocking_face_refuses_them_too(tmp_path: Path) -> None:
    world = World.make()
    with (
        EksClient(world.emulator.credentials, endpoint="http://127.0.0.1:9") as eks,
        fleet.sync.open_journal(eks, tmp_path / "fleet.db") as journal,
    ):
        for begin in (fleet.sync.provision, fleet.sync.destroy):
            with pytest.raises(ConfigurationError, match="settle must be a number of seconds"):
                begin(eks, plan_of(1, 1), journal=journal, settle=float("nan"))


def test_no_settling_window_is_taken_if_it_is_asked_for() -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            assert (await world.provision(eks, plan_of(2, 1), settle=0, limits=LIMITS).report()).ok

    in_world(body, "asyncio")
