"""A slice of the chaos soak: a minute of `python -m benchmarks.soak`, judged the same way."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import pytest

from benchmarks.chaos.faults import chaos
from benchmarks.chaos.memory import growth, kept_objects
from benchmarks.chaos.run import MOST_GROWTH, Settings, soak
from cds_eks import RetryPolicy
from cds_eks.emulator import Fault
from cds_eks.emulator.faults.kinds import KINDS
from cds_eks.emulator.faults.schedule import Faults
from cds_eks.middleware.retry import Decision, decide
from cds_eks.wire import CallRecord, Kind

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

# The other tests have the processors as well: memory comes to its plateau late then.
OPTIONS = "--creates 10000 --seed 3 --seconds 45 --most-growth 1"
"""The whole soak on a machine with nothing else to do; as much of it as fits into a minute on any other."""


@pytest.mark.timeout(180)
def test_a_slice(tmp_path: Path) -> None:
    """As its users run it. Beginning no call after 45 s, it takes a minute at the most, hanging calls included."""
    file = tmp_path / "soak.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", *OPTIONS.split(), "--json", str(file)],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 violations" in done.stdout
    assert done.stderr == ""
    result = json.loads(file.read_text(encoding="utf-8"))
    assert result["violations"] == []
    assert result["most_under_way"] == 500
    outcomes = Counter[str]()
    for counts in result["creates"].values():
        outcomes.update(counts)
    assert set(outcomes) == {"accepted", "refused", "not_sent", "unknown"}
    assert sum(outcomes.values()) == sum(result["tally"]["creates"].values()) >= 500
    assert len(result["struck"]) >= 15
    assert sum(sum(counts.values()) for counts in result["cancelled"].values()) >= 10


def test_a_client_that_repeats_creates_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(policy: RetryPolicy, *, kind: Kind, **facts: Any) -> Decision:
        return decide(policy, kind=Kind.IDEMPOTENT, **facts)

    monkeypatch.setattr("cds_eks.middleware.retry.decide", careless)
    result = anyio.run(soak, Settings(creates=200, seed=5, in_flight=30, fault_rate=0.4, cancel_rate=0.0))
    rules = {each.rule for each in result.judgement.violations}
    assert {"carried out 2 times for one call", "sent again, though it may have been carried out"} <= rules


def test_faults_of_every_kind_strike_at_the_rate() -> None:
    faults = chaos(0.2, 1000)
    assert {each.kind for each in faults} == set(KINDS)
    apart = [each for each in faults if each.kind != "skew" or each.count is None]
    armed = Faults(apart, seed=1)
    struck = sum(armed.strike("CreateCluster", "POST") is not None for _ in range(5000))
    assert struck / 5000 == pytest.approx(0.2, abs=0.02)
    assert all(isinstance(each, Fault) and not each.bypass_nonce for each in faults)
    assert not any(Faults(chaos(0, 10), 1).strike("CreateCluster", "POST") for _ in range(1000))


def test_growth_is_seen_through_noise() -> None:
    rng = random.Random(1)
    flat = [(calls, 80 + rng.random()) for calls in range(0, 10_000, 50)]
    assert abs(growth(flat)) < 0.05
    leaking = [(calls, memory + calls / 1000) for calls, memory in flat]
    assert growth(leaking) == pytest.approx(1.0, abs=0.05)
    assert growth(leaking) > MOST_GROWTH
    assert growth([]) == growth([(5, 1.0)]) == 0


def test_objects_left_behind_are_seen() -> None:
    before = kept_objects()
    left = [[CallRecord()] for _ in range(100)]
    assert (kept_objects() - before)["CallRecord"] == len(left)
