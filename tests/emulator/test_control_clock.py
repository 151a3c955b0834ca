"""The clock by the endpoints below `/_emulator/`: put ahead, made faster, refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cds_eks._runtime import clocks
from cds_eks.emulator import Emulator, Fault, WallClock
from support.emulator_world import world_of

from .caller import Caller
from .control_calls import got, post

pytestmark = pytest.mark.anyio


async def test_the_clock_is_wound(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    start = await got(call, "clock")
    assert start == {"now": 1.76e9, "speed": None, "next_change": None, "seconds_to_next_change": None}
    await call("CreateCluster", **create_cluster_body)
    assert (await got(call, "clock"))["seconds_to_next_change"] == 60
    seen = []
    for _ in range(3):
        response = await post(call, "clock", {"advance": "next_change"})
        assert response.status_code == 200
        seen.append(response.json()["now"] - start["now"])
    assert seen == [60, 70, 80]
    after = (await post(call, "clock", {"advance": 300})).json()
    assert after["now"] == pytest.approx(start["now"] + seen[-1] + 300)
    assert after["next_change"] is None
    assert [each["status"] for each in (await got(call, "world"))["clusters"]] == ["running"]
    response = await post(call, "clock", {"advance": "next_change"})
    assert (response.status_code, response.json()["Field"]) == (409, "advance")
    assert (await post(call, "clock", {"speed": 2})).status_code == 409


async def test_the_clock_is_not_put_where_times_can_not_be_written(call: Caller) -> None:
    call.emulator.clock.advance(253_370_764_800 - 86_400 - call.emulator.clock.now())
    call.emulator.add_cluster("c-1")
    assert (await post(call, "clock", {"advance": 86_400})).status_code == 200
    before = await got(call, "clock")
    response = await post(call, "clock", {"advance": 1})
    assert (response.status_code, response.json()["Rule"]) == (409, "needs a time before the year 9999")
    world_of(call.emulator).at(1e15, lambda: None)
    assert (await post(call, "clock", {"advance": "next_change"})).status_code == 409
    assert (await got(call, "clock"))["now"] == before["now"]
    assert [each["CreateTime"] for each in await call("ListClusters")] == ["9998-12-31 08:00:00"]


async def test_a_clock_that_can_not_be_put_ahead_keeps_its_speed() -> None:
    emulator = Emulator(speed=3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        assert (await post(call, "clock", {"advance": "next_change", "speed": 9})).status_code == 409
        assert (await got(call, "clock"))["speed"] == 3
        assert (await post(call, "clock", {"advance": 5, "speed": 9})).json()["speed"] == 9


async def test_a_change_that_a_fault_has_cut_off_is_not_the_next(
    call: Caller, create_cluster_body: dict[str, Any]
) -> None:
    call.emulator.faults.add(Fault("task_never_ends", "CreateCluster", seconds=100))
    await call("CreateCluster", **create_cluster_body)
    call.advance(100)
    assert (await got(call, "clock"))["next_change"] is None


async def test_the_speed_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = [100.0]
    monkeypatch.setattr(clocks, "monotonic", lambda: ticks[0])
    emulator = Emulator(speed=60)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        before = await got(call, "clock")
        ticks[0] += 1
        changed = (await post(call, "clock", {"speed": 0.5, "advance": 10})).json()
        assert changed["now"] - before["now"] == pytest.approx(70)
        assert (before["speed"], changed["speed"]) == (60, 0.5)
        ticks[0] += 10
        assert (await got(call, "clock"))["now"] - before["now"] == pytest.approx(75)
        await post(call, "reset")
        assert (await got(call, "clock"))["speed"] == 60
    assert isinstance(emulator.clock, WallClock)


async def test_a_clock_that_tests_have_made_shows_its_own_time_again() -> None:
    class Fixed:
        def now(self) -> float:
            return 5.0

    emulator = Emulator(clock=Fixed())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        assert (await post(call, "clock", {"advance": 10})).json()["now"] == 15
        await post(call, "reset")
        assert (await got(call, "clock"))["now"] == 5


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
async def test_a_speed_that_makes_no_sense_changes_nothing(speed: float) -> None:
    clock = WallClock(3)
    with pytest.raises(ValueError, match="speed must be a finite number above 0"):
        clock.set_speed(speed)
    assert clock.speed == 3
