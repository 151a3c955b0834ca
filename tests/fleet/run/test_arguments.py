"""What is passed by mistake is refused in words that say what to write, before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cds_eks import AsyncEksClient, EksClient, errors, fleet
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import World, in_world, plan_of

KEYS = World.make().emulator.credentials
CALLS: dict[str, Callable[..., Any]] = {
    "provision": fleet.provision,
    "destroy": fleet.destroy,
    "status": fleet.status,
    "diff": fleet.diff,
    "orphans": fleet.orphans,
    "import_": fleet.import_,
    "save": lambda eks, plan, *, journal: fleet.save(eks, plan, "never-written.json", journal=journal),
}
OPEN_IT = r"journal must be an open journal, not .*: open it with `async with fleet\.open_journal\(…\) as journal:`"
NOT_OPEN = fleet.open_journal("never-opened.db")


async def called(call: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    outcome = call(*arguments, **named)
    if isinstance(outcome, Awaitable):
        await outcome


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"journal": NOT_OPEN}, OPEN_IT),
        ({"journal": "n.db"}, OPEN_IT),
        ({"journal": Path("n.db")}, OPEN_IT),
        ({"journal": MemoryJournal}, "not the class MemoryJournal"),
        ({"journal": None}, "not NoneType"),
        ({"plan": "plan.toml"}, r"plan must be a Plan, not a text: read it with fleet\.Plan\.load\(path\)"),
        ({"plan": Path("plan.toml")}, r"not a path: read it with fleet\.Plan\.load\(path\)"),
        ({"plan": {"version": 1}}, r"not dict: make one with fleet\.Plan\.from_dict\(data\)"),
        ({"plan": None}, "plan must be a Plan, not NoneType"),
        ({"eks": EksClient(KEYS)}, r"takes an AsyncEksClient, not EksClient: cds_eks\.fleet\.sync has the same"),
        ({"eks": AsyncEksClient}, "not the class AsyncEksClient"),
        ({"eks": None}, "takes an AsyncEksClient, not NoneType"),
    ],
)
def test_another_thing_is_refused_before_anything_is_sent(name: str, change: dict[str, Any], said: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            passed = {"eks": eks, "plan": plan_of(1, 1), "journal": world.journal, **change}
            with pytest.raises(errors.ConfigurationError, match=said):
                await called(CALLS[name], passed["eks"], passed["plan"], journal=passed["journal"])
        assert world.emulator.ledger.requests == []

    in_world(body, "asyncio")


@pytest.mark.parametrize("name", ["provision", "destroy", "diff", "import_"])
def test_other_limits_are_refused(name: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            with pytest.raises(errors.ConfigurationError, match=r"limits must be FleetLimits\(…\), not dict"):
                await called(CALLS[name], eks, plan_of(1, 1), journal=world.journal, limits={"creates": 1})
        assert world.emulator.ledger.requests == []

    in_world(body, "asyncio")


def test_apply_refuses_them_too(tmp_path: Path) -> None:
    async def body(world: World) -> None:
        wrong: Any = "n.db"
        async with world.client() as eks:
            with pytest.raises(errors.ConfigurationError, match=OPEN_IT):
                await fleet.apply(eks, tmp_path / "no.json", journal=wrong)

    in_world(body, "asyncio")


def test_what_an_address_holds_is_not_repeated() -> None:
    wrong: Any = "postgresql://user:pa55word@host/db"
    with pytest.raises(errors.ConfigurationError) as caught:
        fleet.provision(AsyncEksClient(KEYS), plan_of(1, 1), journal=wrong)
    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"journal": MemoryJournal(lambda: 0.0)}, "journal must be a path or an address here, not MemoryJournal"),
        ({"journal": NOT_OPEN}, "not one that is not open: each runner opens it: give its path, or postgresql://…"),
        ({"plan": "plan.toml"}, "read it with"),
        ({"limits": 3}, "limits must be"),
        ({"client": AsyncEksClient(KEYS)}, r"client must be ClientSettings, not AsyncEksClient: each runner makes one"),
    ],
)
@pytest.mark.parametrize("client_kind", ["async", "blocking"])
def test_launch_takes_no_open_journal_and_no_client(
    client_kind: str, change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    passed = {"plan": plan_of(1, 1), "journal": tmp_path / "n.db", **change}
    plan = passed.pop("plan")
    if client_kind == "blocking":
        with pytest.raises(errors.ConfigurationError, match=said):
            fleet.sync.launch(plan, **passed)
    else:

        async def body(_: World) -> None:
            with pytest.raises(errors.ConfigurationError, match=said):
                await fleet.launch(plan, **passed)

        in_world(body, "asyncio")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", [None, 3, AsyncEksClient(KEYS)])
def test_a_journal_is_opened_by_a_path(where: Any) -> None:
    async def body(_: World) -> None:
        with pytest.raises(errors.ConfigurationError, match="a journal is opened by a path"):
            async with fleet.open_journal(where):
                pass

    in_world(body, "asyncio")
