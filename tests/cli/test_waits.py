"""`--wait` and `cds-eks wait`, against the emulator with a clock that steps: nothing waits for real."""

from __future__ import annotations

import json
import shlex
from typing import Any

import attrs
import pytest

from cds_eks._runtime import clocks
from cds_eks.cli.output import printing
from cds_eks.cli.waits import progress
from cds_eks.cli.waits.plan import Wait
from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine
from cli.stepping import SteppingClock
from cli.test_operations import CALLS, OPERATIONS, POOL, world

__all__ = ["world"]

FAST = ["--poll-interval", "0.001"]
WAIT = ["--wait", *FAST]
JSON = ["-o", "json"]

WRITES = [operation for operation in OPERATIONS if operation.writes and operation.name in CALLS]

CAME_TO: dict[str, dict[str, Any]] = {
    "DeleteCluster": {"deleted": True},
    "AddClusterSubnet": {"cluster": "running"},
    "DeleteNode": {"task": "finish"},
    "CreateNodePool": {"task": "finish", "node_pool": "running"},
    "UpdateNodePoolConfig": {"task": "finish"},
    "ScalingNodePoolNum": {"task": "finish", "node_pool": "running"},
    "DeleteNodePool": {"task": "finish", "deleted": True},
    "CreateNetworkInterface": {"event": "success"},
    "DeleteNetworkInterface": {"event": "success"},
    "AttachNetworkInterface": {"event": "success"},
    "DetachNetworkInterface": {"event": "success"},
    "AddScalingNode": {"task": "finish"},
}
"""What each write is waited for, and the state in which that ends."""


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(clock=SteppingClock())


def status_of(state: Any) -> Any:
    if not isinstance(state, dict):
        return state
    return next(state[name] for name in ("task_status", "event_status", "cluster_status", "status") if name in state)


# --- 0: done ----------------------------------------------------------------------------------------------------------


def test_each_write_is_tried() -> None:
    assert {operation.name for operation in WRITES} == set(CAME_TO)


@pytest.mark.parametrize("name", CAME_TO)
def test_each_write_waits_for_what_it_begins(
    cli: CommandLine, emulator: Emulator, world: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "Passw0rd!x")
    operation = next(each for each in OPERATIONS if each.name == name)
    stdin = POOL.replace("CLUSTER", "c-1")
    if name == "UpdateNodePoolConfig":
        stdin = stdin.replace("name: more", "name: pool-1\n  id: p-1").replace("vpc_id: vpc-1\n", "")
    words = [world.get(word, word) for word in CALLS[name]]
    run = cli.done(operation.group.replace("_", "-"), operation.command, *words, *WAIT, *JSON, stdin=stdin)
    assert run.err == ""
    assert run.json["request_id"]
    known = {"request_id", *operation.answer}
    assert {key: status_of(state) for key, state in run.json.items() if key not in known} == CAME_TO[name]
    assert emulator.ledger.count(operation.name) == 1


def test_a_new_cluster_is_waited_for_until_it_runs(cli: CommandLine, emulator: Emulator, request_file: str) -> None:
    run = cli.done("clusters", "create", "-f", request_file, *WAIT, *JSON)
    assert run.err == ""
    made = run.json
    assert list(made) == ["cluster_id", "task_id", "request_id", "task", "cluster"]
    assert (made["task"]["task_status"], made["cluster"]["cluster_status"]) == ("finish", "running")
    assert made["cluster"]["cluster_id"] == made["cluster_id"]


def test_a_table_says_what_it_came_to_in_a_few_lines(cli: CommandLine, request_file: str) -> None:
    run = cli.done("clusters", "create", "-f", request_file, *WAIT)
    names = [line.split()[0] for line in run.out.splitlines()]
    assert names == ["cluster_id", "task_id", "task.task_status", "cluster.cluster_status", "request_id"]
    first, last = run.err.splitlines()
    cluster, task = (line.split()[1] for line in run.out.splitlines()[:2])
    assert first == f"waiting for task {task}, cluster {cluster}, up to 1h"
    assert last.startswith("done after ")
    assert last.endswith(f"s: task {task}, cluster {cluster}")


def test_csv_has_the_same(cli: CommandLine, world: dict[str, str]) -> None:
    head, row = cli.done("node-pools", "scale", "c-1", "p-1", "4", *WAIT, "-o", "csv").out.splitlines()
    assert head == "task_id,task.task_status,node_pool.status,node_pool.available_node_count,request_id"
    assert row.split(",")[1:4] == ["finish", "running", "4"]


@pytest.mark.parametrize("options", [["--quiet"], ["-o", "json"], ["-o", "yaml"], ["-o", "jsonl"]])
def test_nothing_is_told_to_programs(cli: CommandLine, world: dict[str, str], options: list[str]) -> None:
    run = cli.done("network-interfaces", "attach", "e-1", "i-1", *WAIT, *options)
    assert run.err == ""
    assert run.out.count("\n") == 1 or options != ["--quiet"]


def test_the_beginning_and_the_end_are_told_in_chinese(cli: CommandLine, world: dict[str, str]) -> None:
    run = cli.done("wait", "task", "t-1", *FAST, "--timeout", "90", env={"LANG": "zh_CN.UTF-8"})
    assert run.err.splitlines()[0] == "正在等待任务 t-1，最长 1m30s"
    assert run.err.splitlines()[1].startswith("已完成，用时 ")


def test_a_dry_run_waits_for_nothing(cli: CommandLine, emulator: Emulator) -> None:
    assert cli.done("clusters", "delete", "c-1", "--dry-run", *WAIT, *JSON).json["dry_run"] is True
    assert emulator.ledger.count() == 0


def test_what_is_not_there_yet_is_waited_for(cli: CommandLine, emulator: Emulator, request_file: str) -> None:
    emulator.faults.add(Fault("stale", "CreateCluster", seconds=60))
    run = cli.done("clusters", "create", "-f", request_file, *WAIT, *JSON)
    assert run.json["cluster"]["cluster_status"] == "running"
    assert emulator.ledger.count("GetCluster", "ResourceNotFound") > 0


def test_while_its_task_goes_on_a_cluster_may_be_missing_for_long(
    cli: CommandLine, emulator: Emulator, request_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_eks.waiting.watch.UNSEEN", 0.0)
    emulator.faults.add(Fault("stale", "CreateCluster", seconds=200))
    run = cli.done("clusters", "create", "-f", request_file, *WAIT, *JSON)
    assert run.json["cluster"]["cluster_status"] == "running"
    assert emulator.ledger.count("GetCluster", "ResourceNotFound") > 1


def test_all_that_are_named_are_waited_for(cli: CommandLine, emulator: Emulator) -> None:
    for number in range(20):
        emulator.add_task(f"t-{number}")
    run = cli.done("wait", "task", *(f"t-{number}" for number in range(20)), "t-3", *FAST, *JSON)
    assert [task["task_id"] for task in run.json] == [f"t-{number}" for number in range(20)]


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["task", "t-1"], {"task_id": "t-1", "task_status": "finish"}),
        (["event", "v-1"], {"event_id": "v-1", "event_status": "success"}),
        (["cluster", "c-1"], {"cluster_id": "c-1", "cluster_status": "running"}),
        (["idle", "c-1"], {"cluster_id": "c-1", "cluster_status": "running"}),
        (["pool", "c-1/p-1"], {"id": "p-1", "available_node_count": 2}),
        (["pool", "p-1", "--cluster-id", "c-1", "--replicas", "2"], {"id": "p-1", "available_node_count": 2}),
        (["cluster", "c-9", "--for", "deleted"], {"cluster_id": "c-9", "deleted": True}),
        (["pool", "c-1/p-9", "--for", "deleted"], {"cluster_id": "c-1", "node_pool_id": "p-9", "deleted": True}),
        (["pool", "c-9/p-1", "--for", "deleted"], {"cluster_id": "c-9", "node_pool_id": "p-1", "deleted": True}),
    ],
)
def test_each_kind_can_be_waited_for(
    cli: CommandLine, emulator: Emulator, world: dict[str, str], words: list[str], seen: dict[str, Any]
) -> None:
    emulator.add_event("v-1")
    run = cli.done("wait", *words, *FAST, *JSON)
    (found,) = run.json
    assert found.items() >= seen.items()
    shown = cli.done("wait", *words, *FAST)
    assert next(iter(seen)).upper().replace("_", " ") in shown.out.splitlines()[0]
    assert cli.done("wait", *words, *FAST, "-q").out == f"{words[1].rpartition('/')[2]}\n"


def test_a_deletion_that_somebody_else_began_is_waited_for(
    cli: CommandLine, emulator: Emulator, world: dict[str, str]
) -> None:
    for group, ids in (("node-pools", ["c-1", "p-1"]), ("clusters", ["c-1"])):
        cli.done(group, "delete", *ids, "--yes", "-q")
        cli.done("wait", group[:-1].removeprefix("node-"), "/".join(ids), "--for", "deleted", *FAST)
    assert cli("clusters", "get", "c-1").code == 3


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
    assert last == (
        "go on waiting: cds-eks wait task slow-1 good slow-2 --api-revision 2025-10-11 --timeout 1s "
        "--poll-interval 0.001s"
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


# --- live progress ----------------------------------------------------------------------------------------------------


@attrs.define
class Drawn:
    """What would be drawn."""

    lines: list[str] = attrs.field(factory=list)

    def add_task(self, text: str, **_: Any) -> int:
        self.lines.append(text)
        return len(self.lines) - 1

    def update(self, line: int, description: str | None = None, **_: Any) -> None:
        self.lines[line] = description or f"{self.lines[line]} done"


def test_a_terminal_gets_a_line_for_each_or_one_for_many() -> None:
    waits = [Wait("task", f"t-{number}") for number in range(progress.MOST_LINES)]
    few, many = Drawn(), Drawn()
    lines = progress.Live(few, waits)
    lines.changed(waits[1], "doing (\x1b[31m)")
    lines.ended(waits[0])
    assert few.lines[:3] == ["task t-0 done", "task t-1  doing (\\x1b[31m)", "task t-2"]
    counted = progress.Live(many, [*waits, Wait("pool", "p-1", "c-1")])
    counted.changed(waits[0], "doing")
    counted.ended(waits[0])
    assert many.lines == ["1 of 13 done"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (1.4, "1s"), (90, "1m30s"), (1800, "30m"), (3600, "1h"), (5400, "1h30m")]
)
def test_times_are_told_as_they_are_given(seconds: float, text: str) -> None:
    assert progress.length_of(seconds) == text
