"""What an interruption says of a run, whenever it comes."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cds_eks import EksClient, fleet
from cds_eks.emulator import Emulator
from cds_eks.fleet import sync
from cds_eks.sync.call import Call
from cds_eks.sync.portal import Portal
from fleet.run.world import plan_of

LIMITS = fleet.FleetLimits(poll_interval=0.02, lease=5.0, grace=5.0)
AGAIN = "run it again with the same journal"


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()  # no run with it ends before it is interrupted


@pytest.fixture
def eks(emulator: Emulator) -> Iterator[EksClient]:
    with EksClient(emulator.credentials, backend=httpx.ASGITransport(emulator)) as eks:
        yield eks


def interrupt_next_call_before_it_begins(run: sync.FleetRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next call interrupted while the event loop is busy, so that the loop finds it cancelled."""
    portal: Portal = run._portal
    is_cancelled = threading.Event()
    wait = Call.wait

    def waited(call: Call[Any], timeout: float = -1) -> bool:
        is_cancelled.set()  # what waits after an interruption has cancelled the call
        return wait(call, timeout)

    def interrupt() -> None:
        raise KeyboardInterrupt

    class Interrupted:
        def call(self, start: Callable[[], Awaitable[Any]]) -> Any:
            monkeypatch.setattr(run, "_portal", portal)
            portal.loop_thread().loop.call_soon_threadsafe(is_cancelled.wait, 10.0)
            monkeypatch.setattr(Call, "wait", waited)
            return portal.call(start, interrupt)

    monkeypatch.setattr(run, "_portal", Interrupted())


def test_a_call_for_the_next_event_that_had_not_begun_is_not_told_of_the_run(
    eks: EksClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sync.open_journal(eks, tmp_path / "fleet.db") as journal:
        run = sync.provision(eks, plan_of(5, 1), journal=journal, limits=LIMITS)
        next(run)
        run._unread.clear()
        interrupt_next_call_before_it_begins(run, monkeypatch)
        with pytest.raises(KeyboardInterrupt) as caught:
            next(run)
        assert run.is_over
        assert run.report().stopped == "it was interrupted"
    assert caught.value.__notes__ == [f"the fleet's run was stopped: nothing is open; {AGAIN} to go on"]


def test_a_run_that_had_not_begun(eks: EksClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sync.open_journal(eks, tmp_path / "fleet.db") as journal:
        run = sync.provision(eks, plan_of(5, 1), journal=journal, limits=LIMITS)
        interrupt_next_call_before_it_begins(run, monkeypatch)
        with pytest.raises(KeyboardInterrupt) as caught:
            run.report()
        assert journal.items() == []
    assert caught.value.__notes__ == ["the fleet's run had not begun: it has sent nothing"]


@pytest.mark.parametrize("emulator", [Emulator(speed=2000.0)])
def test_a_run_that_had_ended(eks: EksClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sync.open_journal(eks, tmp_path / "fleet.db") as journal:
        run = sync.provision(eks, plan_of(1, 1), journal=journal, limits=LIMITS)
        assert run.report().ok
        interrupt_next_call_before_it_begins(run, monkeypatch)
        with pytest.raises(KeyboardInterrupt) as caught:
            run.report()
    assert caught.value.__notes__ == [f"the fleet's run had ended: nothing is open; {AGAIN} to go on"]


def test_a_journal_that_can_not_tell_at_the_end(
    eks: EksClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(**_: object) -> Any:
        raise fleet.JournalError("the journal is away")

    with sync.open_journal(eks, tmp_path / "fleet.db") as journal:
        run = sync.provision(eks, plan_of(5, 1), journal=journal, limits=LIMITS)
        next(run)
        run._unread.clear()
        monkeypatch.setattr(run._run._journal, "items", away)
        interrupt_next_call_before_it_begins(run, monkeypatch)
        with pytest.raises(KeyboardInterrupt) as caught:
            next(run)
    (note,) = caught.value.__notes__
    assert note.startswith("the fleet's run was stopped, and the journal could not say which creates are open")
