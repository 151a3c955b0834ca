"""`--wait` and `cds-eks wait`, against the emulator with a clock that steps: nothing waits for real."""

from __future__ import annotations

import io
import re
from typing import Any

import attrs
import pytest
from rich.console import Console

from cds_eks.cli.waits import progress
from cds_eks.cli.waits.plan import Wait
from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine
from cli.operation_calls import CALLS, OPERATIONS, POOL, world
from cli.quick_waits import FAST, JSON, WAIT, emulator

__all__ = ["emulator", "world"]

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


@pytest.mark.parametrize("columns", [40, 80])
def test_the_time_is_whole_however_long_the_text_is(columns: int) -> None:
    text = io.StringIO()
    bars = progress.drawn(Console(file=text, width=columns, force_terminal=True, color_system=None))
    live = progress.Live(bars, [wait := Wait("cluster", "cc32706e-a09a-11ef-8de7-06aabd6a5066")])
    live.changed(wait, "creating (Creating the machines): CreateInstances running")
    with bars:
        bars.refresh()
    (line,) = {each for each in re.split(r"\x1b\[[^A-Za-z]*[A-Za-z]|[\r\n]", text.getvalue()) if "cluster" in each}
    assert re.match(r". 0:00:00 cluster cc32", line)
    assert len(line.rstrip()) <= columns
    assert line.rstrip().endswith("…")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (1.4, "1s"), (90, "1m30s"), (1800, "30m"), (3600, "1h"), (5400, "1h30m")]
)
def test_times_are_told_as_they_are_given(seconds: float, text: str) -> None:
    assert progress.length_of(seconds) == text
