"""Time that a test drives: waits, look-ups and pauses of retries go by it, what bounds a call does not."""

from __future__ import annotations

import anyio
import pytest

from cds_eks._runtime import clocks, passing_time
from cds_eks.lookup import LookUp
from cds_eks.waiting.polling import PollClock


class Driver:
    def __init__(self) -> None:
        self.slept: list[float] = []

    def ahead(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.mark.anyio
async def test_it_passes_by_itself_but_while_it_is_driven(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "monotonic", lambda: 100.0)
    slept: list[float] = []

    async def real(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(anyio, "sleep", real)
    one, other = Driver(), Driver()
    await passing_time.sleep(1)
    assert (slept, passing_time.now()) == ([1], 100.0)
    with passing_time.driven_by(one):
        await passing_time.sleep(20)
        with passing_time.driven_by(other):
            await passing_time.sleep(5)
        assert passing_time.now() == 120.0
    await passing_time.sleep(2)
    assert (slept, one.slept, other.slept) == ([1, 2], [20], [5])
    assert passing_time.now() == 100.0


@pytest.mark.anyio
async def test_a_block_ends_when_its_time_has_passed(anyio_backend: str) -> None:
    driver = Driver()
    with passing_time.driven_by(driver):
        async with passing_time.move_on_after(60) as scope:
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        async with passing_time.move_on_after(float("inf")) as scope:
            pass
        assert not scope.cancelled_caught
        with pytest.raises(ValueError, match="within"):
            async with passing_time.move_on_after(60):
                raise ValueError("within")
    assert driver.slept in ([60], [60, 60])  # the last block may have ended first
    async with passing_time.move_on_after(0) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught


def test_it_is_left_when_a_block_fails() -> None:
    with pytest.raises(ValueError, match="within"), passing_time.driven_by(Driver()):
        raise ValueError("within")
    assert passing_time._drivers == []


def test_waits_and_look_ups_go_by_it() -> None:
    for waits in (PollClock(), LookUp()):
        assert (waits.clock, waits.sleep) == (passing_time.now, passing_time.sleep)
