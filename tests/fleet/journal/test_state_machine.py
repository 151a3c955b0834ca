"""Journals against a model in memory: any order of additions, claims, writes, renewals, releases and expiries."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import attrs
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cds_eks.fleet.items import FOLLOWS, OPEN, STATES, Change, State
from cds_eks.fleet.journal.base import LeaseLost
from cds_eks.fleet.journal.operations import Renew, Stop

from .conftest import Journals
from .items import cluster

pytestmark = pytest.mark.long

RUNNERS = st.sampled_from(["a", "b", "c"])
LAUNCHES = st.none() | st.sampled_from(["x", "y"])
NUMBERS = st.integers(0, 5)
SOME = st.sets(NUMBERS, max_size=4)


@attrs.define
class Known:
    """What the model knows of an item."""

    position: int
    protect: bool
    state: State = "planned"
    epoch: int = 0
    owner: str | None = None
    until: float = 0.0
    task: str | None = None
    steps: int = 1


class JournalMachine(RuleBasedStateMachine):
    """The journal is asked, and the model says what it has to answer."""

    make: Callable[[], Journals]

    def __init__(self) -> None:
        super().__init__()
        self.journals = self.make()
        self.now = 0.0
        self.model: dict[int, Known] = {}
        self.held: dict[str, set[int]] = {}
        self.seen: dict[str, tuple[float, float]] = {}
        self.reason: str | None = None
        self.reasons: dict[str | None, str | None] = {}
        self.stack = ExitStack()
        self.portal = self.stack.enter_context(start_blocking_portal())
        self.journal = self.stack.enter_context(self.portal.wrap_async_context_manager(self.journals.open()))

    def teardown(self) -> None:
        self.stack.close()

    def ask(self, method: str, *args: Any, **given: Any) -> Any:
        async def asked() -> Any:
            return await getattr(self.journal, method)(*args, **given)

        return self.portal.call(asked)

    @initialize(numbers=SOME)
    def begin(self, numbers: set[int]) -> None:
        self.add(numbers, False)

    @rule(numbers=SOME, protect=st.booleans())
    def add(self, numbers: set[int], protect: bool) -> None:
        self.ask("add", [cluster(n, protect=protect) for n in numbers])
        for n in numbers:
            known = self.model.setdefault(n, Known(position=n, protect=protect))
            known.protect = known.protect or protect

    @rule(runner=RUNNERS, limit=st.integers(0, 4), states=st.sets(st.sampled_from(STATES)), numbers=st.none() | SOME)
    def claim(self, runner: str, limit: int, states: set[State], numbers: set[int] | None) -> None:
        self._claim(runner, limit, states, numbers)

    @rule(runner=RUNNERS)
    def claim_all(self, runner: str) -> None:
        self._claim(runner, 100, set(STATES), None)

    def _claim(self, runner: str, limit: int, states: set[State], numbers: set[int] | None) -> None:
        ids = None if numbers is None else {cluster(n).id for n in numbers}
        items = self.ask("claim", runner, limit=limit, lease=100, states=states, ids=ids)
        expected = [
            n
            for n, known in sorted(self.model.items())
            if known.state in states
            and (numbers is None or n in numbers)
            and (known.owner is None or known.until <= self.now)
        ][:limit]
        assert [item.position for item in items] == expected
        for n in expected:
            self.model[n].owner, self.model[n].until = runner, self.now + 100
        self.held.setdefault(runner, set()).update(expected)

    @rule(n=NUMBERS, state=st.sampled_from(STATES), runner=RUNNERS, older=st.sampled_from([0, 0, 0, 1]))
    def write_anything(self, n: int, state: State, runner: str, older: int) -> None:
        self._write(n, state, runner, older)

    @rule(n=NUMBERS, data=st.data())
    def write_what_may_be(self, n: int, data: st.DataObject) -> None:
        known = self.model.get(n)
        if known is not None and known.owner is not None:
            self._write(n, data.draw(st.sampled_from(sorted(FOLLOWS[known.state]))), known.owner, 0)

    def _write(self, n: int, state: State, runner: str, older: int) -> None:
        known = self.model.get(n)
        epoch = (known.epoch if known else 0) - older
        task = f"t-{self.now}-{n}"
        change = Change(item_id=cluster(n).id, runner=runner, epoch=epoch, state=state, ids={"task_id": task})
        if known is None:
            with pytest.raises(ValueError, match="no item"):
                self.ask("write", change)
        elif known.owner != runner or known.until <= self.now or older:
            with pytest.raises(LeaseLost):
                self.ask("write", change)
        elif state != known.state and state not in FOLLOWS[known.state]:
            with pytest.raises(ValueError, match="can't follow"):
                self.ask("write", change)
        else:
            (item,) = self.ask("write", change)
            known.state, known.task, known.steps = state, task, known.steps + 1
            known.epoch += state == "sending"
            assert item.epoch == known.epoch

    @rule(runner=RUNNERS, lease=st.sampled_from([40, 100]), launch=LAUNCHES)
    def renew(self, runner: str, lease: int, launch: str | None) -> None:
        beat = (
            self.ask("renew", runner, lease=lease)
            if launch is None
            else self.ask("change", Renew(runner, lease, launch))
        )
        self.seen[runner] = self.now, lease
        owned = {n for n, known in self.model.items() if known.owner == runner}
        for n in owned:
            self.model[n].until = self.now + lease
        assert beat.lost == {cluster(n).id for n in self.held.get(runner, set()) - owned}
        assert beat.runners == sum(at + 3 * each > self.now for at, each in self.seen.values())
        assert beat.stop == (self.reason or self.reasons.get(launch))

    @rule(runner=RUNNERS, numbers=st.none() | SOME)
    def release(self, runner: str, numbers: set[int] | None) -> None:
        self.ask("release", runner, None if numbers is None else {cluster(n).id for n in numbers})
        for n, known in self.model.items():
            if known.owner == runner and (numbers is None or n in numbers):
                known.owner = None
        if numbers is None:
            self.held.pop(runner, None)
            self.seen.pop(runner, None)
        else:
            self.held.get(runner, set()).difference_update(numbers)

    @rule(reason=st.none() | st.sampled_from(["no balance", "asked to"]))
    def stop(self, reason: str | None) -> None:
        self.ask("stop", reason)
        self.reason = reason

    @rule(launch=st.sampled_from(["x", "y"]), reason=st.none() | st.just("interrupted"))
    def stop_launch(self, launch: str, reason: str | None) -> None:
        self.ask("change", Stop(reason, launch))
        self.reasons[launch] = reason

    @rule(seconds=st.sampled_from([30, 110, 350]))  # never near the end of a lease: one of the clocks is real
    def wait(self, seconds: int) -> None:
        self.journals.advance(seconds)
        self.now += seconds

    @invariant()
    def agrees(self) -> None:
        items = {item.position: item for item in self.ask("items")}
        assert items.keys() == self.model.keys()
        for n, known in self.model.items():
            item = items[n]
            assert (item.state, item.epoch, item.owner, item.protect) == (
                known.state,
                known.epoch,
                known.owner,
                known.protect,
            )
            assert item.ids.get("task_id") == known.task
            assert (item.lease_until is None) == (known.owner is None)
            assert item.state not in OPEN or item.intent_at is not None

    @invariant()
    def tells_each_step(self) -> None:
        steps = [entry.item_id for entry in self.ask("audit") if entry.item_id]
        assert {n: steps.count(cluster(n).id) for n in self.model} == {n: k.steps for n, k in self.model.items()}


@pytest.mark.timeout(300)
def test_a_journal_does_what_the_model_does(
    make_journals: Callable[[], Journals], request: pytest.FixtureRequest
) -> None:
    is_slow = "postgres" in request.node.name  # each example has a database of its own

    class Machine(JournalMachine):
        make = staticmethod(make_journals)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=12 if is_slow else 40,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
