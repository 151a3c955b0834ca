"""Signs of life in pipes, while a command takes its time."""

from __future__ import annotations

import re
import time

import pytest

from cds_eks.cli import heartbeat
from cds_eks.cli.heartbeat import beating, beats
from cds_eks.cli.waits.plan import Wait
from cds_eks.cli.waits.progress import MOST_LINES, Sparse
from cds_eks.emulator import Emulator
from cli.command_line import CommandLine
from cli.stepping import SteppingClock


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(clock=SteppingClock())


def test_there_is_one_after_each_pause_until_the_end() -> None:
    pauses: list[float] = []
    told: list[str] = []

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == 3

    beats(wait, lambda: told.append("here"))
    assert pauses == [30.0] * 3
    assert told == ["here"] * 2


def test_it_ends_if_nobody_reads_it() -> None:
    def closed() -> None:
        raise BrokenPipeError

    beats(lambda _: False, closed)


def test_the_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    with beating(lambda: told.append(1)):
        began = time.monotonic()
    assert time.monotonic() - began < heartbeat.PAUSE
    assert told == []


def test_how_far_waits_are_names_what_is_left_with_its_state() -> None:
    waits = [Wait(kind="cluster", id=f"c-{number}") for number in range(MOST_LINES + 3)]
    sparse = Sparse(waits)
    sparse.changed(waits[0], "creating")
    sparse.ended(waits[1])
    assert sparse.how_far().startswith("cluster c-0 creating, cluster c-2, ")
    assert sparse.how_far().endswith(" and 2 more")
    for wait in waits[3:]:
        sparse.ended(wait)
    assert sparse.how_far() == "cluster c-0 creating, cluster c-2"


@pytest.mark.parametrize(("words", "is_told"), [([], True), (["-q"], False), (["-o", "json"], False)])
def test_a_create_that_is_waited_for_shows_one_in_a_pipe(
    cli: CommandLine, request_file: str, monkeypatch: pytest.MonkeyPatch, words: list[str], *, is_told: bool
) -> None:
    monkeypatch.setattr(heartbeat, "PAUSE", 0.001)
    run = cli.done("clusters", "create", "-f", request_file, "--wait", "--poll-interval", "0.02s", *words)
    told = re.search(r"^after [0-9.]+s: still waiting for (task|cluster) \S+", run.err, re.MULTILINE)
    assert (told is not None) is is_told
    assert is_told or run.err == ""
