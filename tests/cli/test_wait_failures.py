"""How waits of the command line end badly: each exit code, and what is told of it."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from cds_eks._runtime import clocks
from cds_eks.cli.output import printing
from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine
from cli.operation_calls import world
from cli.quick_waits import FAST, JSON, WAIT, emulator
from cli.stepping import SteppingClock

__all__ = ["emulator", "world"]

GONE = Fault("throttle", "GetTaskStatus", status=404, code="ResourceNotFound", skip=1)
"""A task is gone, once it was seen."""


def test_the_task_of_a_deletion_may_be_gone_with_what_it_has_deleted(
    cli: CommandLine, emulator: Emulator, world: dict[str, str]
) -> None:
    emulator.faults.add(GONE)
    assert cli.done("nodes", "delete", "c-1", "n-1", "--yes", *WAIT, *JSON).json["task"] is None


def test_the_task_of_anything_else_may_not(cli: CommandLine, emulator: Emulator, world: dict[str, str]) -> None:
    emulator.faults.add(GONE)
    run = cli("node-pools", "scale", "c-1", "p-1", "3", *WAIT, *JSON)
    assert (run.code, run.failure["class"], run.failure["outcome"]) == (3, "NotFound", "accepted")
    assert "continue_with" not in run.failure


# --- 1: failed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [JSON, []])
def test_a_final_bad_state_ends_it_at_once(
    cli: CommandLine, emulator: Emulator, request_file: str, options: list[str]
) -> None:
    emulator.faults.add(Fault("task_fails", "CreateCluster", steps=1, message="no such image"))
    run = cli("clusters", "create", "-f", request_file, *WAIT, *options)
    assert (run.code, run.out) == (1, "")
    cluster = emulator.ledger.created("cluster")[0].id
    if not options:
        assert f"cluster_id={cluster}" in run.err
        assert "task_id=" in run.err
        assert "outcome=accepted" in run.err
        assert "go on waiting" not in run.err
        return
    told = run.failure
    assert (told["class"], told["exit_code"], told["outcome"]) == ("TaskFailed", 1, "accepted")
    assert told["ids"] == {"cluster_id": cluster, "task_id": told["result"]["task_id"]}
    assert told["result"]["request_id"]
    assert "continue_with" not in told


def test_one_bad_state_does_not_wait_for_the_others(cli: CommandLine, emulator: Emulator) -> None:
    for task, status in (("good", "finish"), ("bad", "error"), ("slow", "doing")):
        emulator.add_task(task, status=status, message="out of stock")
    run = cli("wait", "task", "good", "slow", "bad", *FAST, *JSON)
    assert (run.code, run.out) == (1, "")
    assert run.failure["ids"]["task_id"] == "bad"
    assert run.failure["ids"]["pending_ids"] == ["slow"]
    assert run.failure["message"] == "out of stock"


def test_a_deletion_that_failed_is_no_success(cli: CommandLine, emulator: Emulator, world: dict[str, str]) -> None:
    emulator.faults.add(Fault("task_fails", "DeleteCluster", message="still in use"))
    run = cli("clusters", "delete", "c-1", "--yes", *WAIT, *JSON)
    assert (run.code, run.failure["class"]) == (1, "TaskFailed")


# --- 2, 3, 4 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["wait"],
        ["wait", "task"],
        ["wait", "task", ""],
        ["wait", "pool", "p-1"],
        ["wait", "pool", "c-1/p-1", "--for", "deleted", "--replicas", "1"],
        ["wait", "cluster", "c-1", "--for", "ever"],
        ["wait", "task", "t-1", "--timeout", "0"],
        ["wait", "task", "t-1", "--poll-interval", "soon"],
        ["clusters", "delete", "c-1", "--yes", "--poll-interval", "1s"],
        ["clusters", "list", "--wait"],
    ],
)
def test_wrong_usage_is_2(cli: CommandLine, emulator: Emulator, words: list[str]) -> None:
    run = cli(*words, *JSON)
    assert (run.code, run.out) == (2, "")
    assert run.failure["outcome"] == "not_sent"
    assert emulator.ledger.count() == 0


def test_what_is_never_seen_is_3(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_eks.waiting.watch.UNSEEN", 0.0)
    run = cli("wait", "cluster", "c-9", *FAST, *JSON)
    assert (run.code, run.failure["ids"]) == (3, {"cluster_id": "c-9"})
    assert "continue_with" not in run.failure


@pytest.mark.parametrize(
    "words", [["cluster", "c-9"], ["idle", "c-9"], ["pool", "c-9/p-9"], ["task", "t-9"], ["event", "e-9"]], ids=" ".join
)
def test_what_is_never_seen_until_the_time_is_up_is_3_too(cli: CommandLine, words: list[str]) -> None:
    run = cli("wait", *words, *FAST, "--timeout", "0.5s", *JSON)
    told = run.failure
    assert (run.code, told["class"], told["outcome"]) == (3, "NotFound", None)
    assert told["message"].endswith("(it was never seen)")
    assert "continue_with" not in told
    shown = cli("wait", *words, *FAST, "--timeout", "0.5s").err
    assert "outcome=" not in shown


def test_of_many_the_one_that_is_never_seen_is_named(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_task("slow", status="doing")
    told = cli("wait", "task", "slow", "typo", *FAST, "--timeout", "0.5s", *JSON).failure
    assert (told["class"], told["ids"]["task_id"]) == ("NotFound", "typo")


def test_what_a_write_has_begun_may_still_come_when_the_time_is_up(
    cli: CommandLine, emulator: Emulator, request_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_eks.cli.waits.waiting.DEFAULT_SECONDS", 0.3)
    for action in ("GetCluster", "GetTaskStatus"):
        emulator.faults.add(Fault("throttle", action, status=404, code="ResourceNotFound", count=10**6))
    told = cli("clusters", "create", "-f", request_file, *WAIT, *JSON).failure
    assert (told["exit_code"], told["outcome"]) == (124, "accepted")
    assert "continue_with" in told


def test_the_time_that_is_told_is_the_one_that_was_given(cli: CommandLine, emulator: Emulator) -> None:
    for task in ("slow-1", "slow-2"):
        emulator.add_task(task, status="doing")
    for words in (["slow-1"], ["slow-1", "slow-2"]):
        told = cli("wait", "task", *words, *FAST, "--timeout", "0.5s", *JSON).failure
        assert "did not end within 0.5 s" in told["message"]
        assert "--timeout" not in told["continue_with"]


def test_a_key_that_may_not_look_is_4_and_what_was_made_is_named(
    cli: CommandLine, emulator: Emulator, world: dict[str, str]
) -> None:
    emulator.faults.add(Fault("throttle", "GetTaskStatus", status=403, code="Forbidden"))
    run = cli("node-pools", "scale", "c-1", "p-1", "3", *WAIT, *JSON)
    assert (run.code, run.failure["class"], run.failure["outcome"]) == (4, "PermissionDenied", "accepted")
    assert run.failure["result"]["task_id"] == run.failure["ids"]["task_id"]
    assert run.failure["continue_with"] == "cds-eks wait pool c-1/p-1 --replicas 3 --poll-interval 0.001s"


# --- 124: timed out ---------------------------------------------------------------------------------------------------


def test_a_wait_that_times_out_names_the_command_that_goes_on(
    cli: CommandLine, emulator: Emulator, request_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SteppingClock, "step", 0.0)
    monkeypatch.setattr("cds_eks.cli.waits.waiting.DEFAULT_SECONDS", 0.3)  # the create itself has time
    run = cli("clusters", "create", "-f", request_file, *WAIT, *JSON)
    assert (run.code, run.out) == (124, "")
    told = run.failure
    assert (told["class"], told["outcome"]) == ("WaitTimeout", "accepted")
    cluster = emulator.ledger.created("cluster")[0].id
    assert told["ids"] == {"cluster_id": cluster, "task_id": told["result"]["task_id"]}
    assert told["continue_with"] == f"cds-eks wait cluster {cluster} --poll-interval 0.001s"
    monkeypatch.setattr(SteppingClock, "step", 5.0)
    words = shlex.split(told["continue_with"])[1:]
    assert cli.done(*words, "--timeout", "30s", *JSON).json[0]["cluster_status"] == "running"


def test_a_wait_for_many_that_times_out_names_those_that_go_on(cli: CommandLine, emulator: Emulator) -> None:
    for task in ("slow-1", "slow-2"):
        emulator.add_task(task, status="doing")
    emulator.add_task("good")
    words = ["wait", "task", "slow-1", "good", "slow-2", *FAST, "--timeout", "1s"]
    run = cli(*words, *JSON)
    assert (run.code, run.out) == (124, "")
    assert run.failure["ids"]["pending_ids"] == ["slow-1", "slow-2"]
    assert run.failure["message"].startswith("2 of 3 did not end within ")
    shown = cli(*words, "--api-revision", "2025-10-11")
    assert shown.code == 124
    last = shown.err.splitlines()[-1]
    # the time that was too short is not repeated
    assert last == (
        "go on waiting: cds-eks wait task slow-1 good slow-2 --api-revision 2025-10-11 --poll-interval 0.001s"
    )


def test_the_time_is_that_of_the_whole_command(
    cli: CommandLine, emulator: Emulator, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the write itself took is left less for the wait."""
    given: list[float] = []

    async def carry_out(waits: Any, eks: Any, *, ends: float, **_: Any) -> dict[Any, Any]:
        given.append(ends - clocks.monotonic())
        return dict.fromkeys(waits, True)

    monkeypatch.setattr("cds_eks.cli.waits.running.carry_out", carry_out)
    emulator.faults.add(Fault("hang_after_commit", "DeleteCluster", seconds=0.3))
    cli.done("clusters", "delete", "c-1", "--yes", *WAIT, "--timeout", "1m")
    assert 0 < given[0] < 60 - 0.3


# --- a result that can't be printed -----------------------------------------------------------------------------------


def test_what_was_made_is_named_though_its_result_cannot_be_printed(
    cli: CommandLine, emulator: Emulator, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(printing, "emit", full)
    run = cli("node-pools", "scale", "c-1", "p-1", "3", *WAIT, *JSON)
    assert run.code == 1
    assert "task_id" in json.dumps(run.failure)
